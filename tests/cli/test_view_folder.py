"""`fabricate view FOLDER` shows studies, series and images in the order a viewer would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.running import fabricate, write_scenario

SERIES = [
    {"modality": "CT", "number": 4, "images": 12, "size": [32, 32], "description": "Late"},
    {"modality": "MR", "number": 2, "images": 3, "size": [32, 32], "description": "Early"},
    {"modality": "SR", "number": 9},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("view")
    patient = {"id": "P1", "name": {"locale": "ja_JP"}, "studies": [{"series": SERIES}]}
    scenario = write_scenario(work / "s.yaml", [{"generate": {"to": "dicom"}}], patients=[patient])
    fabricate("run", scenario, "--registry", ":memory:", "--out", work / "run").check()
    made = work / "run" / "dicom"
    # Names, and the numbers of a stack, say nothing about its order in space.
    for number, path in enumerate(sorted(made.rglob("p1.s1.e1/*.dcm"))):
        dataset = dcmread(path)
        dataset.InstanceNumber = 100 - number
        dataset.save_as(made / f"x{(number * 7) % 12:02}.dcm")
        path.unlink()
    (made / "notes.txt").write_text("no DICOM")
    return made


def test_series_come_by_number_and_a_stack_by_position(folder: Path) -> None:
    shown = json.loads(fabricate("view", folder, "--json").check().out)
    [study] = shown["studies"]
    assert [one["number"] for one in study["series"]] == [2, 4, 9]
    assert [one["sorted_by"] for one in study["series"]] == ["position", "position", "number"]
    stack = study["series"][1]["images"]
    assert [one["position"] for one in stack] == sorted(one["position"] for one in stack)
    assert [one["number"] for one in stack] == list(range(100, 88, -1))
    assert shown["files"] == 16
    assert shown["others"] == 1


def test_a_tree_for_people_cuts_a_long_series_and_verbose_does_not(folder: Path) -> None:
    done = fabricate("view", folder).check()
    lines = done.out.splitlines()
    assert "山田" in lines[0] or "^" in lines[0]
    assert lines[0].endswith("P1")
    assert [line for line in lines if "more image" in line] == [
        "      … 2 more images; --verbose has all"
    ]
    assert "4  CT  Late  12 images by position" in done.out
    assert "1 study, 16 DICOM files, 1 other file passed over" in done.err
    loud = fabricate("view", folder, "-v").check()
    assert loud.out.count(" mm  ") == 15
    assert fabricate("-q", "view", folder).check().err == ""


def test_a_damaged_file_is_named_and_the_rest_is_shown(folder: Path, tmp_path: Path) -> None:
    whole = next(folder.glob("x*.dcm")).read_bytes()
    (tmp_path / "whole.dcm").write_bytes(whole)
    (tmp_path / "half.dcm").write_bytes(whole[: len(whole) // 2])
    done = fabricate("view", tmp_path).check(3)
    assert "whole.dcm" in done.out
    assert "damaged:" in done.out
    assert "half.dcm" in done.out.split("damaged:")[1]


def test_a_folder_without_dicom_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no DICOM")
    assert "no DICOM file" in fabricate("view", tmp_path).check(5).err


def test_on_a_wish_the_middle_of_each_series_is_drawn(folder: Path) -> None:
    drawn = fabricate("view", folder, "--image").check().out
    assert len(drawn.splitlines()) > len(fabricate("view", folder).check().out.splitlines()) + 4

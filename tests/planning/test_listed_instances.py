"""Images that a scenario lists one by one have the UIDs and numbers that it gives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread

from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path

HERE = {"FABRICATE_REGISTRY": ":memory:"}


def scenario(folder: Path, *series: dict[str, Any]) -> Path:
    data = {
        "schema": "scenario/v1",
        "name": "listed",
        "patients": [{"studies": [{"modality": "CT", "series": list(series)}]}],
        "steps": [{"generate": {"to": "made"}}, {"send": {"to": "pacs"}}, {"assert": [{"stored": {"on": "pacs"}}]}],
    }  # fmt: skip
    path = folder / "listed.yaml"
    path.write_text(json.dumps(data), "utf-8")
    return path


def test_listed_instances_have_their_uids_and_numbers(tmp_path: Path) -> None:
    listed = [{"uid": "1.2.3.9", "number": 40}, {}, {"uid": "1.2.3.7", "number": 0}, {"number": 40}]
    path = scenario(tmp_path, {"size": [32, 32], "instances": listed})
    fabricate("run", path, "--out", tmp_path / "out", env=HERE).check()
    files = [dcmread(file) for file in sorted((tmp_path / "out").rglob("*.dcm"))]
    assert [file.InstanceNumber for file in files] == [40, 2, 0, 40]
    assert [file.SOPInstanceUID for file in files][::2] == ["1.2.3.9", "1.2.3.7"]
    heights = [file.ImagePositionPatient[2] for file in files]
    assert len(set(heights)) == 4  # each lies at its place, whatever its number


@pytest.mark.parametrize(
    ("series", "words"),
    [
        ({"instances": [{"uid": "1.2"}, {"uid": "1.2"}]}, "would name more than one image"),
        ({"count": 2, "instances": [{"uid": "1.2"}]}, "would name more than one image"),
        ({"instances": [{"uid": "1.02"}]}, "leading zero"),
        ({"instances": [{"uid": "1.2." + "3" * 70}]}, "74 characters"),
        ({"instances": [{}], "images": 1}, "give 'images' or 'instances'"),
        ({"instances": [{}], "tags": {"SOPInstanceUID": "1.2"}}, "both give SOPInstanceUID"),
    ],
)
def test_a_list_that_cannot_be_made_is_told(
    tmp_path: Path, series: dict[str, Any], words: str
) -> None:
    done = fabricate("validate", scenario(tmp_path, series), env=HERE).check(3)
    assert words in done.out + done.err

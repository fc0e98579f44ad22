"""Real files through a whole run: taken in, sent, asked for, fetched back and compared."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.imaging.importing.case import sample
from tests.imaging.importing.test_identities import small, write
from tests.peers.processes import orthanc
from tests.running import ROOT, Finished, fabricate, record, steps, write_scenario, write_site

NAMES = ("CT_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "test-SR.dcm", "rtplan.dcm")
PATIENTS = [{"count": 6, "studies": [{"description": "Imported", "series": []}]}]


def collect(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        shutil.copy(sample(name), folder / name)
    return folder


def run(
    folder: Path, listed: list[Any], *more: str | Path, patients: Any = None
) -> tuple[Finished, dict[str, Any]]:
    scenario = write_scenario(
        folder / "scenario.yaml", listed, patients=patients or PATIENTS, seed=5
    )
    out = folder / "run"
    done = fabricate("run", scenario, "--registry", ":memory:", "--out", out, *more)
    return done, record(out)


THERE_AND_BACK: list[Any] = [
    {"import": {"files": "dicom", "burned_in": "accept"}, "save_as": "real"},
    {"send": {"to": "pacs", "what": "real"}},
    {"wait": {"on": "pacs", "until": {"stored": "all"}, "timeout": "20s"}},
    {
        "query": {
            "on": "pacs",
            "level": "study",
            "match": {"AccessionNumber": "{{ studies[0].accession }}"},
            "return": ["PatientName", "StudyDate"],
        },
        "save_as": "found",
    },
    {"retrieve": {"from": "pacs"}, "save_as": "back"},
    {"commit": {"to": "pacs", "what": "imported"}},
    {
        "assert": [
            {"equal": {"actual": "{{ found | length }}", "expected": 1}},
            {
                "equal": {
                    "actual": "{{ found[0].PatientName }}",
                    "expected": "{{ patients[0].name }}",
                }
            },
            {
                "equal": {
                    "actual": "{{ found[0].StudyInstanceUID }}",
                    "expected": "{{ studies[0].uid }}",
                }
            },
            {"stored": {"on": "pacs"}},
            {"tags": {"of": "back", "equal": "sent"}},
            {"pixels": {"of": "back", "equal": "sent"}},
        ]
    },
]


def test_imported_files_go_to_the_embedded_pacs_and_come_back_equal(tmp_path: Path) -> None:
    collect(tmp_path / "dicom", *NAMES)
    done, result = run(tmp_path, THERE_AND_BACK)
    done.check()
    facts = steps(result)["import"]["facts"]
    assert (facts["files"], facts["studies"], facts["uids_mapped"] > 20) == (5, 5, True)
    (told,) = (tmp_path / "run" / "evidence").rglob("*import.json")
    details = json.loads(told.read_text("utf-8"))
    assert details["attributes_removed"]["PatientWeight"] >= 1
    assert details["as"][0]["study"] == "p1.s1"


@pytest.mark.peer
def test_imported_files_go_to_orthanc_and_come_back_equal(tmp_path: Path) -> None:
    collect(tmp_path / "dicom", *NAMES)
    with orthanc(tmp_path) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
        done, _ = run(tmp_path, THERE_AND_BACK, "--site", site)
        done.check()


def test_nothing_of_the_source_is_in_the_run_folder(tmp_path: Path) -> None:
    data = small(PatientName="QXSECRET^PERSON", PatientID="QX99881", StudyID="QX4711")
    (tmp_path / "dicom").mkdir()
    write(data, tmp_path / "dicom" / "a.dcm")
    steps_ = [{"import": {"files": "dicom", "to": "new"}}, {"send": {"to": "pacs"}}]
    run(tmp_path, steps_)[0].check()
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert any(path.suffix == ".dcm" for path in files)
    for path in files:
        text = path.read_bytes()
        for secret in ("QXSECRET", "QX99881", "QX4711", str(data.SOPInstanceUID)):
            assert secret.encode() not in text, path


def test_a_mapping_is_kept_only_when_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "dicom").mkdir()
    data = small()
    write(data, tmp_path / "dicom" / "a.dcm")
    _, result = run(tmp_path, [{"import": {"files": "dicom", "mapping": True}, "save_as": "real"}])
    (table,) = (tmp_path / "run" / "evidence").rglob("*import-mapping.csv")
    header, study, series, instance = table.read_text("utf-8").splitlines()
    assert header == "level,old_uid,new_uid"
    planned = result["cases"][0]["patients"][0]["studies"][0]["uid"]
    assert study == f"study,{data.StudyInstanceUID},{planned}"
    assert series.startswith(f"series,{data.SeriesInstanceUID},2.25.")
    assert instance.startswith(f"instance,{data.SOPInstanceUID},2.25.")


def test_one_bad_file_and_nothing_is_imported(tmp_path: Path) -> None:
    folder = collect(tmp_path / "dicom", "CT_small.dcm", "MR_truncated.dcm")
    (folder / "notes.txt").write_text("not DICOM", encoding="utf-8")
    done, result = run(
        tmp_path, [{"import": {"files": "dicom", "to": "new"}}, {"send": {"to": "pacs"}}]
    )
    assert done.code == 1
    found = steps(result)["import"]
    assert found["outcome"] == "failed"
    assert found["message"].startswith("2 of 3 files cannot be imported, so none was")
    assert [one["file"] for one in found["facts"]["problems"]] == ["MR_truncated.dcm", "notes.txt"]
    assert not (tmp_path / "run" / "new").exists()
    assert steps(result)["send"]["outcome"] == "skipped"


def test_a_picture_that_may_show_somebody_is_refused_and_says_how_to_take_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "dicom").mkdir()
    write(small(BurnedInAnnotation="YES"), tmp_path / "dicom" / "a.dcm")
    done, result = run(tmp_path, [{"import": {"files": "dicom"}}])
    assert done.code == 1
    assert "BurnedInAnnotation is YES ('burned_in: accept'" in steps(result)["import"]["message"]


def test_no_picture_is_kept_of_pixels_that_may_show_somebody(tmp_path: Path) -> None:
    (tmp_path / "dicom").mkdir()
    write(small(BurnedInAnnotation="YES"), tmp_path / "dicom" / "a.dcm")
    write(small(), tmp_path / "dicom" / "b.dcm")
    listed = [{"import": {"files": "dicom", "burned_in": "accept"}}, {"send": {"to": "pacs"}}]
    patients = [{"studies": [{"count": 2, "series": []}]}]
    run(tmp_path, listed, patients=patients)[0].check()
    pictures = [path.name for path in (tmp_path / "run" / "evidence").rglob("*.png")]
    assert pictures == ["001-p1.s2.import1.i1.png"]


def test_imported_and_generated_images_stand_in_one_study(tmp_path: Path) -> None:
    collect(tmp_path / "dicom", "CT_small.dcm")
    patients = [{"studies": [{"series": [{"modality": "CT", "images": 2, "size": [64, 64]}]}]}]
    listed = [
        {"generate": {}, "save_as": "made"},
        {"import": {"files": ["dicom/*.dcm"], "as": "{{ studies[0] }}"}},
        {"send": {"to": "pacs"}},
        {"query": {"on": "pacs", "level": "series", "match": {"StudyInstanceUID": "{{ studies[0].uid }}"}}, "save_as": "found"},
        {"retrieve": {"from": "pacs"}, "save_as": "back"},
        {
            "assert": [
                {"equal": {"actual": "{{ found | length }}", "expected": 2}},
                {"stored": {"on": "pacs"}},
                {"tags": {"of": "back", "equal": "sent"}},
            ]
        },
    ]  # fmt: skip
    run(tmp_path, listed, patients=patients)[0].check()


def test_the_same_file_for_several_patients_is_several_studies(tmp_path: Path) -> None:
    collect(tmp_path / "dicom", "CT_small.dcm")
    listed = [
        {"import": {"files": "dicom", "as": "{{ item }}"}, "for_each": "{{ patients }}"},
        {"send": {"to": "pacs"}},
        {"assert": [{"stored": {"on": "pacs"}}]},
    ]
    done, result = run(tmp_path, listed)
    done.check()
    assert steps(result)["send"]["facts"]["stored"] == 6
    again = [{"import": {"files": "dicom"}}, {"import": {"files": "dicom"}}]
    (tmp_path / "again").mkdir()
    collect(tmp_path / "again" / "dicom", "CT_small.dcm")
    done, result = run(tmp_path / "again", again)
    assert done.code == 1
    assert "in this run already" in steps(result)["import-2"]["message"]


SHIPPED = ROOT / "scenarios" / "real_files.yaml"


def test_the_shipped_scenario_passes_and_leaves_nothing_of_the_other_hospital(
    tmp_path: Path,
) -> None:
    out = tmp_path / "run"
    fabricate("run", SHIPPED, "--registry", ":memory:", "--out", out).check()
    for path in [path for path in out.rglob("*") if path.is_file()]:
        text = path.read_bytes().lower()
        for codec in ("utf-8", "latin-1"):
            for secret in ("müstermann", "krankenhaus", "kh0000123", "röntgen^wilma"):
                assert secret.encode(codec) not in text, path
        # Longer numbers, such as a UID, may have these digits in them by chance.
        assert re.search(rb"(?<![0-9])4711(?![0-9])", text) is None, path


@pytest.mark.peer
def test_the_shipped_scenario_passes_on_orthanc(tmp_path: Path) -> None:
    with orthanc(tmp_path) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        targets = {"pacs": {"dicom": service, "orthanc": {"url": server.http}}}
        site = write_site(tmp_path / "site.yaml", targets)
        out = tmp_path / "run"
        fabricate("run", SHIPPED, "--site", site, "--registry", ":memory:", "--out", out).check()

"""``validate`` says who judged, keeps every finding, and is not fooled by faults that were planned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.running import ROOT, Finished, fabricate, record, steps, write_scenario

CT: dict[str, Any] = {"modality": "CT", "images": 3, "size": [64, 64]}


def run(
    tmp_path: Path, entries: list[Any], *series: dict[str, Any], code: int = 0
) -> dict[str, dict[str, Any]]:
    patients = [{"studies": [{"series": list(series) or [CT]}]}]
    scenario = write_scenario(tmp_path / "s.yaml", entries, patients=patients, seed=5)
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check(code)
    return steps(record(out))


def test_what_was_made_is_judged_and_the_judge_is_named(tmp_path: Path) -> None:
    ran = run(tmp_path, [{"validate": {}}, {"validate": {"what": "generated"}}])
    facts = ran["validate"]["facts"]
    assert facts["validators"] == {"standard": "0.1.0"}
    assert (facts["instances"], facts["errors"]) == (3, 0)
    assert ran["validate-2"]["outcome"] == "passed"


def test_an_error_fails_the_step_and_all_findings_are_kept(tmp_path: Path) -> None:
    faulty = {**CT, "faults": [{"fault": "bad-date", "images": [2]}]}
    ran = run(tmp_path, [{"validate": {}}], faulty, code=1)["validate"]
    assert ran["outcome"] == "failed"
    assert "p1.s1.e1.i2 ContentDate" in ran["message"]
    (finding,) = ran["facts"]["findings"]
    assert (finding["instance"], finding["rule"]) == ("p1.s1.e1.i2", "vr-form")
    (kept,) = ran["attachments"]
    assert json.loads((tmp_path / "run" / kept["path"]).read_text("utf-8")) == [finding]


def test_planned_faults_can_be_what_is_to_be_found(tmp_path: Path) -> None:
    series = [{**CT, "faults": ["bad-date"]}, {**CT, "faults": ["duplicate-sop-uid"]}, CT]
    entries = [
        {"validate": {"finds": "faults"}},
        {"validate": {"finds": ["vr-form", "unique-instance"]}},
        {"assert": [{"conformant": {"finds": "faults"}}]},
    ]
    run(tmp_path, entries, *series)


def test_an_error_that_was_not_planned_is_not_hidden_by_those_that_were(tmp_path: Path) -> None:
    series = [{**CT, "faults": ["bad-date"]}, {**CT, "tags": {"WindowWidth": {"raw": "0"}}}]
    ran = run(tmp_path, [{"validate": {"finds": "faults"}}], *series, code=1)["validate"]
    wrong = ran["facts"]["not_as_planned"]
    assert {(one["instance"][:8], one["attribute"]) for one in wrong} == {
        ("p1.s1.e2", "WindowWidth")
    }


def test_a_fault_that_no_rule_finds_fails_the_step(tmp_path: Path) -> None:
    ran = run(tmp_path, [{"validate": {"finds": ["vr-form"]}}], code=1)["validate"]
    assert ran["facts"]["not_as_planned"][0]["actual"] == "not found"


def test_a_fault_that_was_mended_on_the_way_is_missed(tmp_path: Path) -> None:
    entries = [
        {"generate": {"modify": {"ContentDate": None}}},
        {"send": {"to": "pacs"}},
        {"retrieve": {"from": "pacs"}, "save_as": "back"},
        {"validate": {"what": "back", "finds": "faults"}},
    ]
    run(tmp_path, entries, {**CT, "faults": ["bad-date"]})
    sound = {**CT, "faults": ["wrong-sop-instance-meta"]}  # not sent, so not in what comes back
    folder = tmp_path / "two"
    folder.mkdir()
    ran = run(folder, entries[1:], sound, code=1)["validate"]
    assert {one["attribute"] for one in ran["facts"]["not_as_planned"]} == {
        "wrong-sop-instance-meta"
    }


def test_a_name_that_nothing_saved_is_found_before_anything_runs(tmp_path: Path) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", [{"validate": {"what": "bakc"}}])
    done: Finished = fabricate("validate", scenario).check(3)
    assert "FAB119: no earlier step saves the instances 'bakc'" in done.out + done.err


def test_what_was_imported_is_judged(tmp_path: Path) -> None:
    entries = [{"generate": {"to": "dicom"}}]
    run(tmp_path, entries)
    again = tmp_path / "again"
    again.mkdir()
    files = str(tmp_path / "run" / "dicom" / "**" / "*.dcm")
    imports = [
        {"import": {"files": files, "burned_in": "accept"}},
        {"validate": {"what": "imported"}},
    ]
    assert run(again, imports)["validate"]["facts"]["instances"] == 3


@pytest.mark.parametrize("name", ["negative_objects"])
def test_the_shipped_scenario_passes_on_the_embedded_pacs(name: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    scenario = ROOT / "scenarios" / f"{name}.yaml"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check()
    report = (out / "report.html").read_text("utf-8")
    assert 'class="fault"' in report
    assert "negative test: " in report
    series = record(out)["cases"][0]["patients"][0]["studies"][1]["series"][0]
    assert series["faults"] == [
        {"fault": "truncated-pixels", "images": [2], "rules": ["pixel-length", "fragments"]}
    ]
    assert series["phantom"] == "ct/abdomen"


def test_instances_that_do_not_agree_are_named_and_not_the_files_they_were_judged_in(
    tmp_path: Path,
) -> None:
    nobody = {**CT, "images": 1, "tags": {"PatientName": None}}
    ran = run(tmp_path, [{"validate": {}}], {**CT, "images": 1}, nobody, code=1)["validate"]
    (finding,) = ran["facts"]["findings"]
    assert finding["instance"] == "p1.s1.e2.i1"
    assert "; in p1.s1.e1.i1 it is" in finding["message"]
    assert ".dcm" not in ran["message"] + finding["message"]

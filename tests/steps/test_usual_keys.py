"""What a query gives that names nothing, and what is said of an attribute nobody asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.running import fabricate, record, steps, write_scenario

SERIES = {"modality": "CR", "images": 2, "size": [32, 32]}
PATIENTS = [{"name": "CITIZEN^JANE", "studies": [{"accession": "A1", "series": [SERIES]}]}]


def test_name_accession_and_counts_come_without_being_asked_for(tmp_path: Path) -> None:
    def equal(actual: str, expected: Any) -> dict[str, Any]:
        return {"equal": {"actual": f"{{{{ {actual} }}}}", "expected": expected}}

    entries = [
        {"send": {"to": "pacs"}},
        {"query": {"on": "pacs", "level": "study"}, "save_as": "found"},
        {"query": {"on": "pacs", "via": "qido", "level": "study"}, "save_as": "web"},
        {
            "assert": [
                equal("found[0].PatientName", "CITIZEN^JANE"),
                equal("found[0].AccessionNumber", "A1"),
                equal("found[0].NumberOfStudyRelatedInstances", 2),
                equal("web[0].PatientName", "CITIZEN^JANE"),
                equal("web[0].StudyDescription", "{{ studies[0].description }}"),
                equal("found[0].InstitutionName", "X"),
            ]
        },
    ]
    out = tmp_path / "run"
    file = write_scenario(tmp_path / "s.yaml", entries, patients=PATIENTS)
    fabricate("run", file, "--registry", ":memory:", "--out", out).check(1)
    checks = steps(record(out))["assert"]["checks"]
    assert [one["outcome"] for one in checks] == ["passed"] * 5 + ["failed"]
    said = checks[-1]["message"]
    assert "'pacs' was not asked for InstitutionName; add it to 'return'" in said


def test_an_attribute_of_the_scheduled_step_is_told_to_stand_in_its_sequence(
    tmp_path: Path,
) -> None:
    entries = [
        {"worklist": {"from": "pacs"}, "save_as": "scheduled"},
        {"assert": [{"equal": {"actual": "{{ scheduled[0].Modality }}", "expected": "CR"}}]},
    ]
    out = tmp_path / "run"
    file = write_scenario(tmp_path / "s.yaml", entries, patients=PATIENTS)
    fabricate("run", file, "--registry", ":memory:", "--out", out).check(1)
    said = steps(record(out))["assert"]["checks"][0]["message"]
    assert "'pacs' answered Modality within ScheduledProcedureStepSequence" in said
    assert "write ScheduledProcedureStepSequence[0].Modality" in said

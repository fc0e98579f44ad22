"""What is sent, modified and looked for is what the scenario selected, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from tests.running import fabricate, record, steps, write_scenario

CT: dict[str, Any] = {"modality": "CT", "images": 2, "size": [64, 64]}
PATIENTS = [{"id": name, "studies": [{"series": [CT]}]} for name in ("A", "B")]


def run(tmp_path: Path, entries: list[Any], code: int = 0) -> tuple[Path, dict[str, Any]]:
    scenario = write_scenario(tmp_path / "s.yaml", entries, patients=PATIENTS)
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check(code)
    return out, record(out)


def test_a_modification_holds_for_its_own_selection_only(tmp_path: Path) -> None:
    out, _ = run(
        tmp_path,
        [
            {"generate": {"only": {"patient": "B"}, "modify": {"StationName": "CT2"}}},
            {"generate": {"only": {"patient": "A"}, "to": "a"}},
            {"generate": {"only": {"patient": "B"}, "to": "b", "modify": {"StationName": "CT3"}}},
        ],
    )
    (first, *_) = sorted((out / "a").rglob("*.dcm"))
    assert "StationName" not in dcmread(first) or dcmread(first).StationName != "CT2"
    (second, *_) = sorted((out / "b").rglob("*.dcm"))
    assert dcmread(second).StationName == "CT3"


def test_what_a_send_saved_can_be_looked_for(tmp_path: Path) -> None:
    _, result = run(
        tmp_path,
        [
            {"generate": {"only": {"patient": "A"}}, "save_as": "a"},
            {"send": {"to": "pacs", "what": "a"}, "save_as": "sent"},
            {"assert": [
                {"stored": {"on": "pacs", "what": "sent"}},
                {"stored": {"on": "pacs"}},
                {"count": {"actual": "{{ sent }}", "expected": 2}},
            ]},
        ],
    )  # fmt: skip
    assert result["outcome"] == "passed"


def test_what_was_not_sent_is_not_stored(tmp_path: Path) -> None:
    _, result = run(
        tmp_path,
        [
            {"generate": {"only": {"patient": "A"}}, "save_as": "a"},
            {"send": {"to": "pacs", "what": "a"}},
            {"assert": [{"stored": {"on": "pacs", "what": "all"}}]},
        ],
        code=1,
    )
    (check,) = steps(result)["assert"]["checks"]
    assert check["message"].startswith("2 of 4 instances found")
    assert check["differences"][0]["attribute"] == "StudyInstanceUID"


def test_stored_says_so_when_nothing_went_to_that_pacs(tmp_path: Path) -> None:
    _, result = run(tmp_path, [{"assert": [{"stored": {"on": "pacs"}}]}], code=1)
    assert "this case sent nothing to 'pacs'" in steps(result)["assert"]["checks"][0]["message"]


@pytest.mark.parametrize(
    ("modify", "words"),
    [
        ({"StationName": "ŁÓDŹ"}, "'ŁÓDŹ' cannot be written in ISO_IR 100"),
        ({"ReferencedStudySequence": [{"StudyDescription": "山"}]}, "'山' cannot be written"),
        ({"SpecificCharacterSet": "ISO_IR 144", "StationName": "CŒUR"}, "in ISO_IR 144"),
        ({"SpecificCharacterSet": "ISO_IR 192", "StationName": "ŁÓDŹ"}, ""),
        ({"StationName": {"raw": "ŁÓDŹ"}}, ""),
        ({"StationName": "ZÜRICH"}, ""),
        ({"StationName": "{{ vars.word }}"}, ""),
    ],
)
def test_text_that_a_step_sets_beyond_the_declared_set_is_told_before_anything_is_made(
    tmp_path: Path, modify: dict[str, Any], words: str
) -> None:
    patient = {"name": "DOE^JANE", "character_set": "ISO_IR 100", "studies": [{"series": [CT]}]}
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [{"generate": {"modify": modify}}],
        patients=[patient],
        vars={"word": "Ł"},
    )
    told = fabricate("validate", scenario)
    if not words:
        told.check()
    else:
        told.check(3)
        assert "FAB314" in told.out + told.err
        assert words in told.out + told.err


def test_a_list_takes_each_patients_study_of_one_kind(tmp_path: Path) -> None:
    patients = [
        {
            "count": 2,
            "studies": [
                {"description": "prior", "series": [CT]},
                {"description": "current", "series": [CT]},
            ],
        }
    ]
    priors = (
        "{{ studies | selectattr('description', 'equalto', 'prior')"
        " | map(attribute='accession') | list }}"
    )
    entries = [
        {"generate": {"only": {"study": priors}}, "save_as": "priors"},
        {"send": {"to": "pacs", "what": "priors"}, "save_as": "sent"},
        {"query": {"on": "pacs", "level": "study"}, "save_as": "found"},
        {"assert": [
            {"count": {"actual": "{{ sent }}", "expected": 4}},
            {"equal": {
                "actual": "{{ found | map(attribute='StudyDescription') | list }}",
                "expected": ["prior", "prior"],
            }},
        ]},
    ]  # fmt: skip
    file = write_scenario(tmp_path / "s.yaml", entries, patients=patients)
    fabricate("run", file, "--registry", ":memory:", "--out", tmp_path / "run").check(0)

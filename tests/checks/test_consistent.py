"""Order, worklist, performed step, images and report are held against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.running import fabricate, record, steps, write_scenario, write_site

PATIENTS = [
    {
        "id": "P1",
        "name": "CITIZEN^JANE",
        "studies": [
            {"accession": "A1", "series": [{"modality": "CT", "images": 1, "size": [16, 16]}]}
        ],
    }
]
ALL = ["order", "scheduled", "begun", "back", "found", "report"]


def _chain(order: dict[str, Any], performed: dict[str, Any], report: dict[str, Any]) -> list[Any]:
    return [
        {"hl7_send": {"to": "pacs", "message": "ORM", **order}, "save_as": "order"},
        {"worklist": {"from": "pacs", "match": {"PatientID": "P1"}}, "save_as": "scheduled"},
        {"mpps": {"to": "pacs", "status": "in-progress", **performed}, "save_as": "begun"},
        {"send": {"to": "pacs"}},
        {
            "query": {"on": "pacs", "level": "study", "match": {"PatientID": "P1"}},
            "save_as": "found",
        },
        {"retrieve": {"from": "pacs"}, "save_as": "back"},
        {"hl7_send": {"to": "pacs", "message": "ORU", **report}, "save_as": "report"},
        {"assert": [{"consistent": {"of": "study", "with": ALL}}]},
    ]


def _run(tmp_path: Path, given: list[Any], code: int) -> str:
    scenario = write_scenario(tmp_path / "s.yaml", given, patients=PATIENTS)
    fabricate("run", scenario, "--out", tmp_path / "run").check(code)
    *_, last = steps(record(tmp_path / "run")).values()
    message: str = last["message"]
    return message


def test_all_agree_from_the_order_to_the_report(tmp_path: Path) -> None:
    assert "1 check passed" in _run(tmp_path, _chain({}, {}, {}), 0)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (({"set": {"PID-5.1": "CITIZAN"}}, {}, {}),
         "PatientName: plan 'CITIZEN^JANE', order 'CITIZAN^JANE', scheduled 'CITIZAN^JANE'"),
        (({}, {"modify": {"ScheduledStepAttributesSequence": [
            {"StudyInstanceUID": "1.2.3", "AccessionNumber": "A1"}]}}, {}), "begun '1.2.3'"),
        (({}, {}, {"set": {"OBR-18": "A9"}}), "AccessionNumber: plan 'A1'"),
        (({"set": {"OBR-19": "RP7"}}, {}, {}), "RequestedProcedureID: order 'RP7'"),
    ],
)  # fmt: skip
def test_each_difference_is_named_with_who_says_what(
    tmp_path: Path, changed: tuple[dict[str, Any], ...], words: str
) -> None:
    assert words in _run(tmp_path, _chain(*changed), 1)


def test_who_tells_nothing_of_the_study_is_named(tmp_path: Path) -> None:
    given = [
        {"worklist": {"from": "pacs", "match": {"PatientID": "NOBODY"}}, "save_as": "scheduled"},
        {"assert": [{"consistent": {"with": "scheduled"}}]},
    ]
    assert "scheduled tells nothing of the study" in _run(tmp_path, given, 1)


def test_an_order_tells_by_the_sites_rule_and_in_its_own_letters(tmp_path: Path) -> None:
    people = [{**PATIENTS[0], "name": "MÜLLER^EVA"}]
    text = r"""MSH|^~\&|RIS|HOSP|FAB|HOSP|20260101120000||ORM^O01|{{ run.id }}|P|2.5.1||||||8859/1
PID|1||P1||MÜLLER^EVA
ORC|NW|PL1|A1
OBR|1|PL1|A1|CT1^Chest||||||||||||||OTHER||||||CT
ZDS|{{ patients[0].studies[0].uid }}"""
    given = [
        {"hl7_send": {"to": "pacs", "text": text}, "save_as": "order"},
        {"worklist": {"from": "pacs", "match": {"AccessionNumber": "A1"}}, "save_as": "scheduled"},
        {
            "assert": [
                {"hl7": {"of": "order", "path": "PID-5.1", "expected": "MÜLLER"}},
                {"consistent": {"with": ["order", "scheduled"]}},
            ]
        },
    ]
    site = write_site(
        tmp_path / "site.yaml",
        {"pacs": {"environment": "local", "embedded": {}}},
        identifiers={"hl7": {"accession": ["OBR-3"]}},
    )
    scenario = write_scenario(tmp_path / "s.yaml", given, patients=people)
    told = fabricate("run", scenario, "--site", site, "--out", tmp_path / "run")
    told.check(0)


@pytest.mark.parametrize(
    ("changed", "words"),
    [({}, "passed"), ({"AccessionNumber": "A9"}, "AccessionNumber: plan 'A1', described 'A9'")],
)
def test_metadata_tell_of_a_study_too(tmp_path: Path, changed: dict[str, str], words: str) -> None:
    given = [
        {"generate": {"modify": changed}},
        {"send": {"to": "pacs"}},
        {"retrieve": {"from": "pacs", "via": "wado", "as": "metadata"}, "save_as": "described"},
        {"assert": [{"consistent": {"with": "described"}}]},
    ]
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {"dicomweb": {}}}})
    scenario = write_scenario(tmp_path / "s.yaml", given, patients=PATIENTS)
    out = tmp_path / "run"
    fabricate("run", scenario, "--site", site, "--out", out).check(bool(changed))
    *_, last = steps(record(out)).values()
    assert words in last["message"]


def test_what_says_nothing_of_a_study_agrees_with_nobody(tmp_path: Path) -> None:
    given = [
        {"send": {"to": "pacs"}, "save_as": "sent"},
        {"assert": [{"consistent": {"with": "sent"}}]},
    ]
    assert "sent tells nothing of the study" in _run(tmp_path, given, 1)


def test_an_answer_whose_first_character_set_is_empty_is_read(tmp_path: Path) -> None:
    people = [
        {**PATIENTS[0], "name": "YAMADA^TARO=山田^太郎", "character_set": ["", "ISO 2022 IR 87"]}
    ]
    given = [
        {"send": {"to": "pacs"}},
        {
            "query": {"on": "pacs", "level": "study", "match": {"PatientID": "P1"}},
            "save_as": "found",
        },
        {"assert": [{"consistent": {"with": "found"}}]},
    ]
    scenario = write_scenario(tmp_path / "s.yaml", given, patients=people)
    fabricate("run", scenario, "--out", tmp_path / "run").check()
    [found] = steps(record(tmp_path / "run"))["query"]["facts"]["matches"]
    assert found["SpecificCharacterSet"] == [None, "ISO 2022 IR 87"]

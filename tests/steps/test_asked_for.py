"""A comparison is with what was asked for: no less may come, and nothing else is demanded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.running import fabricate, record, steps, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

SERIES = [{"modality": "MR", "images": 1, "size": [32, 32], "description": name} for name in "ABCD"]
PATIENTS = [
    {"id": "P1", "studies": [{"series": SERIES}, {"series": SERIES[:1]}]},
]
STUDY = {"StudyInstanceUID": "{{ studies[0].uid }}"}
FIRST = {**STUDY, "SeriesInstanceUID": "{{ series[0].uid }}"}
LOSE = {"misbehave": {"on": "pacs", "faults": [{"lose": {"share": 0.5}}]}}


def compared(
    tmp_path: Path,
    retrieve: dict[str, Any],
    code: int,
    *before: Any,
    what: str | None = None,
    **step: Any,
) -> dict[str, dict[str, Any]]:
    """Send two studies, retrieve, and compare; the steps by id."""
    chosen = {} if what is None else {"what": what}
    checks = [{name: {"of": "back", "equal": "sent", **chosen}} for name in ("tags", "pixels")]
    entries = [
        *(before or [{"send": {"to": "pacs"}}]),
        {"retrieve": {"from": "pacs", **retrieve}, "save_as": "back", **step},
        {"assert": checks},
    ]
    out = tmp_path / "run"
    file = write_scenario(tmp_path / "s.yaml", entries, patients=PATIENTS)
    fabricate("run", file, "--registry", ":memory:", "--out", out).check(code)
    return steps(record(out))


@pytest.mark.parametrize(
    ("retrieve", "count"),
    [
        ({}, 5),
        ({"match": STUDY}, 4),
        ({"level": "series", "match": FIRST}, 1),
        ({"level": "series", "match": STUDY}, 4),
        ({"level": "series", "match": {**STUDY, "SeriesDescription": "B"}}, 1),
        ({"level": "patient", "match": {"PatientID": "P1"}}, 5),
        ({"match": {"PatientID": "P*"}}, 5),
        ({"level": "image", "match": {**FIRST, "SOPInstanceUID": "{{ images[0].uid }}"}}, 1),
        ({"via": "wado", "level": "series", "match": FIRST}, 1),
        ({"via": "c-move", "level": "series", "match": FIRST}, 1),
    ],
)
def test_what_was_asked_for_is_enough(tmp_path: Path, retrieve: dict[str, Any], count: int) -> None:
    result = compared(tmp_path, retrieve, 0)
    assert result["retrieve"]["facts"]["instances"] == count
    assert {check["actual"].get("instances", count) for check in result["assert"]["checks"]} == {
        count
    }


@pytest.mark.parametrize(
    "retrieve",
    [
        {},
        {"match": STUDY},
        {"level": "series", "match": STUDY},
        {"level": "patient", "match": {"PatientID": "P1"}},
        # Looked up first, by a PACS that does not find what it lost, either.
        {"level": "series", "match": {**STUDY, "Modality": "MR"}},
        {"level": "series", "match": {**STUDY, "SeriesDescription": "?"}},
    ],
)
def test_less_than_was_asked_for_fails(tmp_path: Path, retrieve: dict[str, Any]) -> None:
    result = compared(tmp_path, retrieve, 1, LOSE, {"send": {"to": "pacs"}})
    assert result["retrieve"]["outcome"] == "passed"
    for check in result["assert"]["checks"]:
        assert {(one["expected"], one["actual"]) for one in check["differences"]} == {
            ("sent", "not retrieved")
        }


def test_a_study_that_was_lost_whole_is_missed_beside_another_that_came(tmp_path: Path) -> None:
    lost = {"misbehave": {"on": "pacs", "faults": [{"lose": {"share": 1}}]}}
    before = [
        {"generate": {"only": {"study": "p1.s1"}}, "save_as": "one"},
        {"generate": {"only": {"study": "p1.s2"}}, "save_as": "two"},
        {"send": {"to": "pacs", "what": "one"}},
        lost,
        {"send": {"to": "pacs", "what": "two"}, "id": "vanishing"},
    ]
    result = compared(tmp_path, {}, 1, *before)
    assert result["retrieve"]["message"] == "4 instances retrieved, of 5 that this case sent"
    assert all(
        [one["subject"] for one in check["differences"]] == ["p1.s2.e1.i1"]
        for check in result["assert"]["checks"]
    )


SELECTED = [
    {"generate": {"only": {"study": "p1.s1"}}, "save_as": "one"},
    {"generate": {"only": {"study": "p1.s2"}}, "save_as": "two"},
    {"send": {"to": "pacs", "what": "one"}},
]


def test_what_chooses_and_what_it_chooses_has_to_be_there(tmp_path: Path) -> None:
    both = [*SELECTED, {"send": {"to": "pacs", "what": "two"}, "id": "other"}]
    chosen = compared(tmp_path, {}, 0, *both, what="two")
    assert chosen["assert"]["checks"][0]["message"] == "1 instance agrees"


def test_what_was_chosen_and_not_asked_for_fails(tmp_path: Path) -> None:
    both = [*SELECTED, {"send": {"to": "pacs", "what": "two"}, "id": "other"}]
    result = compared(tmp_path, {"match": STUDY}, 1, *both, what="two")
    assert "not retrieved" in result["assert"]["checks"][0]["message"]


def test_what_was_chosen_and_never_sent_fails(tmp_path: Path) -> None:
    result = compared(tmp_path, {}, 1, *SELECTED, what="two")
    assert "not stored by anybody" in result["assert"]["checks"][0]["message"]


def test_two_retrievals_are_compared_each_with_its_own_request(tmp_path: Path) -> None:
    entries = [
        {"send": {"to": "pacs"}},
        {
            "retrieve": {"from": "pacs", "level": "series", "match": FIRST},
            "save_as": "one",
        },
        {"retrieve": {"from": "pacs", "match": STUDY}, "save_as": "all"},
        {"delete": {"from": "pacs"}},
        {"assert": [{"tags": {"of": name, "equal": "sent"}} for name in ("one", "all")]},
    ]
    out = tmp_path / "run"
    file = write_scenario(tmp_path / "s.yaml", entries, patients=PATIENTS)
    fabricate("run", file, "--registry", ":memory:", "--out", out).check(0)
    checks = steps(record(out))["assert"]["checks"]
    assert [check["actual"]["instances"] for check in checks] == [1, 4]


def test_frames_that_were_asked_for_and_lost_fail(tmp_path: Path) -> None:
    entries = [
        LOSE,
        {"send": {"to": "pacs"}},
        {"retrieve": {"from": "pacs", "as": "frames", "match": STUDY}, "save_as": "back"},
        {"assert": [{"pixels": {"of": "back", "equal": "sent"}}]},
    ]
    out = tmp_path / "run"
    file = write_scenario(tmp_path / "s.yaml", entries, patients=PATIENTS)
    fabricate("run", file, "--registry", ":memory:", "--out", out).check(1)
    (check,) = steps(record(out))["assert"]["checks"]
    assert [one["actual"] for one in check["differences"]] == ["not retrieved"] * 2


def test_a_run_in_which_less_came_than_was_sent_is_not_green(tmp_path: Path) -> None:
    """Unless a check looks into what came: one of how the step ended does not. All of it is in one run."""
    ways: dict[str, dict[str, Any]] = {
        "all": {},
        "moved": {"via": "c-move"},
        "looked_up": {"level": "series", "match": {**STUDY, "Modality": "M?"}},
        "metadata": {"as": "metadata", "match": STUDY},
        "frames": {"as": "frames", "match": STUDY},
        "whatever": {"expect": "any"},
        "counted": {},
        "ended": {},
    }
    entries = [{"id": name, "retrieve": {"from": "pacs", **way}} for name, way in ways.items()]
    looking = [
        {
            "id": "at_count",
            "assert": [{"count": {"actual": "{{ counted }}", "expected": {"min": 1}}}],
        },
        {"id": "at_status", "assert": [{"status": {"of": "ended", "expected": "success"}}]},
    ]
    entries[-2]["save_as"] = "counted"
    out = tmp_path / "run"
    file = write_scenario(
        tmp_path / "s.yaml",
        [LOSE, {"send": {"to": "pacs"}}],
        patients=PATIENTS,
        **{"finally": [*entries, *looking]},
    )
    fabricate("run", file, "--registry", ":memory:", "--out", out).check(1)
    found = steps(record(out))
    assert {name for name in ways if found[name]["outcome"] == "passed"} == {"whatever", "counted"}
    assert found["all"]["message"].endswith(", of 5 that this case sent")
    assert found["metadata"]["message"].endswith("that this case sent")
    assert found["at_status"]["outcome"] == found["at_count"]["outcome"] == "passed"

"""Every fault of the embedded PACS is caught by a scenario that ships, and by checks that name it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from scenario_runner.fields.pacs_faults import Fault, Reason
from scenario_runner.language.loader import load_document
from tests.running import ROOT, events, fabricate, record, steps, write_scenario, write_site

FAULTS = ROOT / "scenarios" / "faults"


def scenarios() -> dict[str, dict[str, Any]]:
    """What ships, by file name."""
    return {path.stem: load_document(path).data for path in sorted(FAULTS.glob("*.yaml"))}


def switched_on(scenario: dict[str, Any]) -> list[dict[str, Any]]:
    """The faults that a scenario has the PACS do."""
    return [
        fault
        for step in scenario["steps"]
        for fault in (step.get("misbehave") or {}).get("faults", [])
    ]


def test_every_fault_has_a_scenario_and_every_reason_of_a_refusal_is_tried() -> None:
    every = scenarios()
    shown = {
        name for scenario in every.values() for fault in switched_on(scenario) for name in fault
    }
    assert shown == set(Fault.model_fields)
    assert set(every["refuse"]["matrix"]["reason"]) == set(get_args(Reason))


def test_each_scenario_says_what_has_to_fail_and_why() -> None:
    for name, scenario in scenarios().items():
        entries = [*scenario["steps"]]
        entries += [check for step in scenario["steps"] for check in step.get("assert", [])]
        assert any(entry.get("fails") for entry in entries), name


def test_the_shipped_scenarios_catch_every_fault_side_by_side(tmp_path: Path) -> None:
    fabricate("run", FAULTS, "--out", tmp_path / "run", "--workers", "4").check(0)
    run = record(tmp_path / "run")
    assert {case["outcome"] for case in run["cases"]} == {"passed"}


def test_none_of_them_passes_on_a_pacs_that_behaves(tmp_path: Path) -> None:
    for name, scenario in scenarios().items():
        for step in scenario["steps"]:
            if "misbehave" in step:
                step["misbehave"].pop("faults", None)
            # What fails of itself on a machine that is busy is no fault that was caught.
            if "timeout" in step:
                step["timeout"] = "60s"
        (tmp_path / f"{name}.yaml").write_text(json.dumps(scenario), encoding="utf-8")
    fabricate("run", tmp_path, "--out", tmp_path / "run", "--workers", "4").check(1)
    run = record(tmp_path / "run")
    assert {
        case["name"]: case["outcome"] for case in run["cases"] if case["outcome"] != "failed"
    } == {}


PLAIN = [
    {"id": "sent", "send": {"to": "{{ matrix.pacs }}"}},
    {"id": "back", "retrieve": {"from": "{{ matrix.pacs }}"}},
    {
        "assert": [
            {"stored": {"on": "{{ matrix.pacs }}"}},
            {"tags": {"of": "back", "equal": "sent"}},
            {"pixels": {"of": "back", "equal": "sent"}},
            {"status": {"of": "sent", "expected": "success"}},
        ]
    },
]
WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "lost": ({"lose": {"share": 0.5}}, "stored", r"1 of 2 instances found"),
    "counted": ({"counts": {"by": 1, "on": "find"}}, "stored", r"Related\w+: 3, not 2"),
    "repeated": ({"repeat": {"on": "find"}}, "stored", r"2 times"),
    "extra": ({"extra": {"on": "find"}}, "stored", r"not no other series"),
    "altered": (
        {"alter": {"attribute": "PatientID", "value": "X1"}}, "tags", r"PatientID .* is 'X1'"
    ),
    "foreign": ({"extra": {"on": "retrieve"}}, "tags", r"not sent by this case"),
    "grey": ({"pixels": {}}, "pixels", r"pixel values differ"),
    "warned": ({"answer": {"status": "B000"}}, "status", r"first: B000 .warning."),
    "refused": (
        {"refuse": {"reason": "called-ae-title"}}, "sent", r"called AE title not recognized"
    ),
    "aborted": ({"abort": {"on": "store", "after": 1}}, "sent", r"1 of 2 stored.*abort"),
    "failed": ({"answer": {"status": "A700", "share": 0.5}}, "sent", r"1 of 2 stored.*A700"),
    "partial": ({"fail": {"share": 0.5}}, "back", r"1 failed; status B000"),
    "hollow": ({"lose": {"on": "retrieve"}}, "back", r"0 instances retrieved, though '\w+' says"),
    "twice": ({"repeat": {"on": "retrieve"}}, "back", r"2 of them a second time"),
}  # fmt: skip
"""Of each PACS: its fault, the step or check that a plain scenario fails in first, and what that says."""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, str]]]:
    """What went wrong with each PACS, in one run: step or check, and message."""
    folder = tmp_path_factory.mktemp("plain")
    targets = {name: {"embedded": {"faults": [fault]}} for name, (fault, _, _) in WRONG.items()}
    site = write_site(folder / "site.yaml", targets)
    scenario = write_scenario(folder / "plain.yaml", PLAIN, matrix={"pacs": list(WRONG)})
    fabricate("run", scenario, "--site", site, "--out", folder / "run").check(4)
    found: dict[str, list[tuple[str, str]]] = {}
    for case in record(folder / "run")["cases"]:
        told = [(step["id"], step) for step in case["steps"] if step["id"] != "assert"]
        told += [(check["check"], check) for step in case["steps"] for check in step["checks"]]
        wrong = [
            (name, one["message"]) for name, one in told if one["outcome"] in ("failed", "error")
        ]
        found[case["matrix"]["pacs"]] = wrong
    return found


@pytest.mark.parametrize("name", WRONG)
def test_a_plain_scenario_fails_first_in_what_is_there_to_notice(
    plain: dict[str, list[tuple[str, str]]], name: str
) -> None:
    _, where, message = WRONG[name]
    first, said = plain[name][0]
    assert first == where
    assert re.search(message, said)


def test_faults_end_with_their_case_and_touch_no_other(tmp_path: Path) -> None:
    wrong = [{"misbehave": {"on": "pacs", "faults": [{"lose": {}}]}}, {"send": {"to": "pacs"}}]
    right = [{"send": {"to": "pacs"}}, {"assert": [{"stored": {"on": "pacs"}}]}]
    matrix = {"n": [1, 2, 3]}
    folder = tmp_path / "both"
    folder.mkdir()
    write_scenario(folder / "a.yaml", wrong, matrix=matrix)
    write_scenario(folder / "b.yaml", right, matrix=matrix)
    fabricate("run", folder, "--workers", "3", "--out", tmp_path / "run").check(0)


def test_another_kind_of_target_says_that_it_cannot_misbehave(tmp_path: Path) -> None:
    away = {"dicom": {"host": "127.0.0.1", "port": 1, "ae_title": "PACS"}}
    site = write_site(tmp_path / "site.yaml", {"pacs": away})
    scenario = write_scenario(tmp_path / "s.yaml", [{"misbehave": {"on": "pacs", "faults": []}}])
    fabricate("run", scenario, "--site", site, "--out", tmp_path / "run").check(4)
    message = steps(record(tmp_path / "run"))["misbehave"]["message"]
    assert "cannot be made to misbehave" in message
    assert "embedded: {}" in message


def test_what_a_negative_check_found_stays_in_the_record(tmp_path: Path) -> None:
    fabricate("run", FAULTS / "lost_instance.yaml", "--out", tmp_path / "run").check(0)
    [told] = [e for e in events(tmp_path / "run") if e.get("check") == "stored"]
    assert told["outcome"] == "passed"
    assert told["message"].startswith("failed as it should: 3 of 4 instances found; 2 differences")
    assert told["actual"] == {"instances": 3, "differences": 2}
    assert len(told["differences"]) == 2

"""What did not pass says what its templates came to, and where what they name is from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.engine.conftest import Play, outcomes
from tests.running import fabricate, record, steps, write_scenario, write_site


def equal(actual: Any, expected: Any) -> dict[str, Any]:
    return {"equal": {"actual": actual, "expected": expected}}


def test_a_failure_tells_values_and_where_they_are_from(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,n\nA1,5\n", "utf-8")
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [
            {"query": {"on": "pacs", "level": "study", "match": {"PatientID": "{{ row.id }}"}},
             "save_as": "found"},
            {"assert": [
                equal("{{ vars.same }}", 1),
                equal("{{ vars.n }} of {{ matrix.m }} and {{ row.n }}", 6),
                equal("{{ vars.many }}", "{{ patients[0].id | lower }}"),
                {"count": {"actual": "{{ found }}", "expected": 1}},
            ]},
            {"log": {"message": "{{ vars.same }}"}},
        ],
        rows="people.csv",
        matrix={"m": ["x"]},
        vars={"same": 1, "n": 2, "many": [1, 2, 3, 4, 5, 6]},
        patients=[{"id": "A", "studies": [{"modality": "CR"}]}],
    )  # fmt: skip
    done = fabricate(
        "run", scenario, "--registry", ":memory:", "--set", "n=7", "--out", tmp_path / "run"
    ).check(1)
    told = steps(record(tmp_path / "run"))
    assert [(one["written"], one["value"]) for one in told["assert"]["facts"]["templates"]] == [
        ("{{ vars.n }} of {{ matrix.m }} and {{ row.n }}", '"7 of x and 5"'),
        ("{{ vars.many }}", "[1, 2, 3, 4, 5, … 6 in all]"),
        ("{{ patients[0].id | lower }}", '"a"'),
        ("{{ found }}", "[]"),
    ]
    mixed, many, planned, found = (one["from"] for one in told["assert"]["facts"]["templates"])
    assert mixed.startswith("vars.n: --set n; matrix.m: ")
    assert mixed.endswith("row.n: " + str(tmp_path / "people.csv"))
    assert many.startswith(f"vars.many: {scenario}:")
    assert (planned, found) == ("patients: the plan", "found: saved by step 'query'")
    assert "templates" not in told["query"]["facts"]
    assert 'is "7 of x and 5", from vars.n: --set n' in done.out


def test_a_secret_is_not_told_that_way_and_no_part_of_it(tmp_path: Path) -> None:
    secret = "SECRET TITLE 9"
    site = write_site(
        tmp_path / "site.yaml", {"pacs": {"embedded": {}}}, ae_title="{{ env.TITLE_OF_MINE }}"
    )
    check = equal("{{ vars.pad }}{{ site.ae_title }}", 1)
    scenario = write_scenario(tmp_path / "s.yaml", [{"assert": [check]}], vars={"pad": "x" * 191})
    fabricate(
        "run", scenario, "--site", site, "--registry", ":memory:", "--out", tmp_path / "run",
        env={"TITLE_OF_MINE": secret},
    ).check(1)  # fmt: skip
    (told,) = steps(record(tmp_path / "run"))["assert"]["facts"]["templates"]
    assert told["value"].startswith('"xxx')
    assert "SECR" not in json.dumps(told)


def test_what_a_plugin_saves_and_reports_ends_neither_the_step_nor_the_console(play: Play) -> None:
    """A value that throws where it is told left a step without an end, and facts called ``templates`` ended the console."""
    done, run = play(
        [{"mute": {}, "save_as": "odd"}, {"assert": [equal("{{ odd }}", 1), equal("{{ 1 }}", 2)]}],
        **{"finally": [{"mute": {"ends": "failed"}}]},
    )
    done.check(4)
    assert "consumer" not in done.err
    assert outcomes(run) == {"mute": "passed", "assert": "error", "mute-2": "failed"}
    told = steps(run)["assert"]["facts"]["templates"]
    assert [one["value"] for one in told] == ["(SystemExit: 1)", "1"]

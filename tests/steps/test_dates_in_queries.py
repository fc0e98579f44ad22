"""A study is found by the date the plan shows."""

from __future__ import annotations

from pathlib import Path

from tests.running import fabricate, write_scenario


def test_the_plans_dates_and_times_can_be_matched_and_compared(tmp_path: Path) -> None:
    match = {
        "StudyDate": "{{ studies[0].date }}",
        "StudyTime": "{{ studies[0].time }}",
        "PatientBirthDate": "{{ patients[0].birth_date }}",
    }
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [
            {"send": {"to": "pacs"}},
            {"query": {"on": "pacs", "level": "study", "match": match}, "save_as": "found"},
            {"retrieve": {"from": "pacs"}, "save_as": "back"},
            {"assert": [
                {"count": {"actual": "{{ found }}", "expected": 1}},
                {"equal": {"actual": "{{ found[0].StudyDate }}",
                           "expected": "{{ studies[0].date | da }}"}},
                {"tags": {"of": "back", "values": {"StudyDate": "{{ studies[0].date }}"}}},
            ]},
        ],
    )  # fmt: skip
    fabricate("run", scenario, "--registry", ":memory:", "--out", tmp_path / "run").check()


def test_a_day_that_no_calendar_has_is_found_before_anything_runs(tmp_path: Path) -> None:
    match = {"StudyDate": "20260101-20260230", "PatientBirthDate": "1970-13-01"}
    scenario = write_scenario(
        tmp_path / "s.yaml", [{"query": {"on": "pacs", "level": "study", "match": match}}]
    )
    done = fabricate("validate", scenario).check(3)
    assert "StudyDate: there is no day '20260230'" in done.out + done.err


def test_ranges_wildcards_and_a_wrong_day_on_purpose_are_sent(tmp_path: Path) -> None:
    entries = [
        {"send": {"to": "pacs"}},
        *(
            {"query": {"on": "pacs", "level": "study", "match": {"StudyDate": value}},
             "save_as": f"found{number}"}
            for number, value in enumerate(
                ["19000101-", "-2099-12-31", "19000101-20991231", {"raw": "20260230"}]
            )
        ),
        {"assert": [
            {"count": {"actual": "{{ found0 + found1 + found2 }}", "expected": 3}},
            {"empty": {"actual": "{{ found3 }}"}},
        ]},
    ]  # fmt: skip
    scenario = write_scenario(tmp_path / "s.yaml", entries)
    fabricate("run", scenario, "--registry", ":memory:", "--out", tmp_path / "run").check()

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

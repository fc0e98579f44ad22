"""A study is found by the date the plan shows."""

from __future__ import annotations

from pathlib import Path

from tests.running import fabricate, record, steps, write_scenario


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


def test_what_the_pacs_answers_is_the_day_and_the_time_that_was_planned(tmp_path: Path) -> None:
    def planned(name: str, path: str) -> dict[str, str]:
        return {"actual": f"{{{{ found[0].{name} }}}}", "expected": f"{{{{ {path} }}}}"}

    day = planned("StudyDate", "studies[0].date")
    checks: list[dict[str, object]] = [
        {"equal": day},
        {"equal": {"actual": day["expected"], "expected": "20250805"}},
        {"equal": {"actual": day["expected"], "expected": "2025-08-05"}},
        {"equal": planned("StudyTime", "studies[0].time")},
        {"equal": {"actual": "{{ found[0].StudyTime }}", "expected": "093015.250"}},
        {"equal": planned("PatientBirthDate", "patients[0].birth_date")},
        {"in": {**day, "expected": [day["expected"]]}},
        {"contains": day},
        {"contains": {"actual": "{{ found }}", "expected": {"StudyDate": day["expected"]}}},
        {"between": {"actual": day["actual"], "min": day["expected"], "max": "{{ run.date }}"}},
        {"equal": {"actual": "{{ found[0].StudyDate == studies[0].date }}", "expected": True}},
    ]
    wrong: list[dict[str, object]] = [
        {"not_equal": day},
        {"equal": {**day, "expected": "2025-08-05"}},
        {"equal": planned("StudyDate", "patients[0].birth_date")},
    ]
    study = {"date": "2025-08-05", "time": "093015.250", "modality": "OT"}
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [
            {"send": {"to": "pacs"}},
            {"query": {"on": "pacs", "level": "study", "match": {"StudyTime": "{{ studies[0].time }}"},
                       "return": ["StudyDate", "StudyTime", "PatientBirthDate"]}, "save_as": "found"},
            {"assert": [*checks, *wrong]},
        ],
        patients=[{"birth_date": "1970-01-31", "studies": [study]}],
    )  # fmt: skip
    fabricate("run", scenario, "--registry", ":memory:", "--out", tmp_path / "run").check(1)
    run = record(tmp_path / "run")
    made = [check["outcome"] for check in steps(run)["assert"]["checks"]]
    assert made == [*["passed"] * len(checks), *["failed"] * len(wrong)]
    (planned_study,) = run["cases"][0]["patients"][0]["studies"]
    assert (planned_study["date"], planned_study["time"]) == ("2025-08-05", "09:30:15.250")


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


def test_a_range_of_days_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    """Nothing is found by it, so that a query for nothing passed."""
    query = {"on": "pacs", "level": "study", "match": {"StudyDate": "20250101-2024-01-01"}}
    said = fabricate("validate", write_scenario(tmp_path / "s.yaml", [{"query": query}])).check(3)
    assert "no day is in '20250101-2024-01-01', which ends before it begins" in said.out

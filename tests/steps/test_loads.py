"""`load`: what is offered is what was planned, what is sent is what was offered, and thresholds see it."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.test_interruption import start, until
from tests.running import events, fabricate, record, steps, write_scenario

if TYPE_CHECKING:
    from pathlib import Path


def _studies(count: int, modality: str, images: int = 1) -> dict[str, Any]:
    series = {
        "modality": modality, "images": images, "size": [16, 16], "burn_in": False,
        "phantom": "qa/gradient",
    }  # fmt: skip
    return {"count": count, "series": [series]}


def test_a_load_is_planned_offered_and_told_alike(tmp_path: Path) -> None:
    load = {
        "stages": [
            {"for": "500ms", "rate": "20/s"},
            {"for": "500ms", "rate": "20/s", "to": "60/s"},
        ],
        "arrival": "poisson",
        "modalities": {"CT": 60, "DX": "40%"},
        "associations": 4,
    }
    entries = [
        {"send": {"to": "pacs", "load": load}},
        {"assert": [{"stored": {"on": "pacs"}}, {"errors": {"of": "send", "max": 0}}]},
        {"id": "closed", "send": {"to": "pacs", "load": {"associations": 3, "think": "5ms"}}},
        {"id": "all", "assert": [{"stored": {"on": "pacs"}}]},
        {"misbehave": {"on": "pacs", "faults": [{"answer": {"status": "A700"}}]}},
        {
            "id": "bad",
            "send": {
                "to": "pacs",
                "load": {
                    "stages": [{"for": "9s", "rate": "100/s"}],
                    "stop_when": {"error_rate": "5%"},
                },
            },
            "fails": "stopped when 100.0% of the last 20 failed",
        },
    ]
    patients = [{"studies": [_studies(12, "CT", 3), _studies(30, "DX")]}]
    file = write_scenario(tmp_path / "s.yaml", entries, patients=patients, seed=7)
    shown = fabricate("plan", file, "--registry", ":memory:", "--format", "json").check().out
    planned = json.loads(shown)["cases"][0]["steps"]
    words = fabricate("plan", file, "--registry", ":memory:").check().out
    assert f"send: offers {planned[0]['load']['instances']} instances, 4 at once" in words
    fabricate("run", file, "--registry", ":memory:", "--out", tmp_path / "run").check()
    run = record(tmp_path / "run")
    found = steps(run)
    load_facts = found["send"]["facts"]["load"]
    told = {key: value for key, value in planned[0]["load"].items() if key != "words"}
    assert {key: load_facts[key] for key in told} == told
    assert load_facts["begun"] == told["instances"] == found["send"]["facts"]["stored"]
    assert abs(told["modalities"]["CT"] - 0.6 * told["offered"]) <= 1
    [latency] = found["send"]["latencies"]
    assert latency["count"] == told["instances"]
    assert latency["service"]["p50_s"] <= latency["p50_s"]
    by_stage = {one["name"]: one["count"] for one in latency["groups"] if one["by"] == "stage"}
    assert by_stage == {one["name"]: one["offered"] for one in told["stages"]}
    assert found["closed"]["facts"]["load"]["each"] == "study"
    assert found["closed"]["facts"]["associations"] == 42  # each study has one of its own
    assert found["closed"]["latencies"][0]["service"] is None
    assert found["bad"]["facts"]["load"]["begun"] < 66


def test_ctrl_c_ends_a_load_and_only_what_was_answered_counts_as_sent(tmp_path: Path) -> None:
    load = {"stages": [{"for": "10m", "rate": "5/s"}], "associations": 4}
    entries = [{"send": {"to": "pacs", "load": load}}]
    patients = [{"studies": [_studies(1, "CT", 300)]}]
    final = [{"delete": {"from": "pacs"}}]
    file = write_scenario(tmp_path / "s.yaml", entries, patients=patients, **{"finally": final})
    out = tmp_path / "run"
    process = start("run", file, "--registry", ":memory:", "--out", out)
    try:
        until(out, '"instance_sent"', '"stored":true')
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    found = steps(record(out))
    facts = found["send"]["facts"]
    answered = [one for one in events(out) if one["event"] == "instance_sent" and one["stored"]]
    assert facts["stored"] == len(answered) > 0
    assert facts["stored"] + facts["maybe_stored"] + facts["not_sent"] == facts["instances"]
    assert found["send"]["outcome"] == "interrupted"
    assert found["delete"]["outcome"] == "passed"


def test_queries_retrievals_and_echos_come_as_often_as_was_planned(tmp_path: Path) -> None:
    uids = "{{ studies | map(attribute='uid') | list }}"
    query = {"on": "pacs", "level": "study", "match": {"StudyInstanceUID": uids}}
    load = {"stages": [{"for": "500ms", "rate": "40/s"}], "arrival": "poisson", "associations": 3}
    refuse = {"answer": {"status": "A700", "on": "find"}}
    entries: list[Any] = [
        {"send": {"to": "pacs"}},
        {"query": {**query, "load": load}, "save_as": "asked"},
        {"retrieve": {"from": "pacs", "load": {"associations": 2}}, "save_as": "got"},
        {"echo": {"to": "pacs", "load": {"associations": 2, "for": "200ms"}}},
        {"misbehave": {"on": "pacs", "faults": [refuse]}},
        {"id": "refused", "query": {**query, "load": load}, "fails": "failed; first problem: .*A700"},
        {"id": "judged", "query": {**query, "load": load}},
        {
            "assert": [
                {"equal": {"actual": "{{ asked.matches }}", "expected": "{{ asked.answered }}"}},
                {"equal": {"actual": "{{ got }}", "expected": {"answered": 5, "failed": 0, "unanswered": 0, "instances": 10}}},
                {"errors": {"of": "query", "max": "0%"}},
                {"errors": {"of": "judged", "max": "99%"}, "fails": "failed, 100.000%"},
            ]
        },
    ]  # fmt: skip
    patients = [{"studies": [_studies(5, "CT", 2)]}]
    file = write_scenario(tmp_path / "s.yaml", entries, patients=patients, seed=7)
    shown = fabricate("plan", file, "--registry", ":memory:", "--format", "json").check().out
    planned = {one["id"]: one for one in json.loads(shown)["cases"][0]["steps"]}
    fabricate("run", file, "--registry", ":memory:", "--out", tmp_path / "run").check()
    found = steps(record(tmp_path / "run"))
    assert found["query"]["latencies"][0]["count"] == planned["query"]["load"]["arrivals"] > 0
    assert found["retrieve"]["latencies"][0]["operation"] == "C-GET"
    assert found["echo"]["facts"]["answered"] == found["echo"]["latencies"][0]["count"] > 0
    assert found["judged"]["outcome"] == "passed"


def _of_cases(load: dict[str, Any], tmp_path: Path, name: str, **more: Any) -> dict[str, Any]:
    """The record of cases that arrive so."""
    usual = [{"send": {"to": "pacs"}}, {"assert": [{"stored": {"on": "pacs"}}]}]
    steps_ = more.pop("steps", usual)
    patients = [{"studies": [_studies(1, "{{ matrix.modality }}")]}]
    given = {"matrix": {"modality": ["CT", "DX"]}, "patients": patients, "load": load, **more}
    file = write_scenario(tmp_path / f"{name}.yaml", steps_, name=name, seed=7, **given)
    done = fabricate("run", file, "--registry", ":memory:", "--out", tmp_path / name)
    run = record(tmp_path / name)
    assert done.code == run["exit_code"]
    return run


def test_whole_cases_arrive_each_with_a_patient_and_their_load_is_judged(tmp_path: Path) -> None:
    checks = [
        {"latency": {"of": "case", "p95": "10m"}},
        {"throughput": {"min": "1/h"}},
        {"errors": {"max": 0}},
        {"latency": {"of": "case", "max": "1ms"}, "fails": "more than 0.001 s"},
    ]
    stages = [{"for": "200ms", "rate": "{{ vars.rate }}"}, {"for": "200ms", "rate": 15}]
    load = {"stages": stages, "associations": 2, "checks": checks}
    told = {
        "rate": "20/s",
        "kind": "{{ matrix.modality }}",
        "shown": "{{ vars.kind }} {{ vars.rate }}",
    }
    title = "A {{ matrix.modality }} arrives"
    run = _of_cases(load, tmp_path, "open", vars=told, title=title)
    judged, *cases = run["cases"]
    assert run["outcome"] == "passed"
    assert [one["matrix"] for one in cases] == [
        {"arrival": number, "modality": modality}
        for number, modality in enumerate(("CT", "DX", "CT", "DX", "CT", "DX", "CT"), start=1)
    ]
    patients = [one["patients"][0]["id"] for one in cases]
    assert len(set(patients)) == len(cases)
    [step] = judged["steps"]
    assert judged["id"] == "open[load]"
    titles = [one["scenario"]["title"] for one in run["cases"][:3]]
    assert titles == ["", "A CT arrives", "A DX arrives"]
    assert step["facts"]["load"]["arrivals"] == step["facts"]["load"]["begun"] == 7
    assert [one["outcome"] for one in step["checks"]] == ["passed"] * 4
    [latency] = step["latencies"]
    assert (latency["operation"], latency["count"]) == ("case", 7)
    assert latency["service"]["max_s"] <= latency["max_s"]
    groups = {(one["by"], one["name"]): one["count"] for one in latency["groups"]}
    assert groups["combination", "modality=CT"] == 4
    assert sorted(n for (by, _), n in groups.items() if by == "stage") == [3, 4]
    failed = fabricate("rerun", tmp_path / "open", "--failed").check(5)
    assert "every case" in failed.err


def test_a_closed_load_of_cases_stops_when_too_many_fail(tmp_path: Path) -> None:
    load = {"associations": 3, "cases": 40, "stop_when": {"error_rate": "5%"}}
    check = {"equal": {"actual": "{{ matrix.modality }}", "expected": "none"}}
    run = _of_cases(load, tmp_path, "closed", steps=[{"assert": [check]}], patients=[])
    outcomes = [one["outcome"] for one in run["cases"]]
    assert outcomes.count("failed") >= 20 + 1  # and the load itself
    assert "skipped" in outcomes
    told = run["cases"][0]["steps"][0]["message"]
    assert "stopped when 100.0% of the last 20 failed" in told
    left = next(one for one in run["cases"] if one["outcome"] == "skipped")
    assert "stopped when" in left["message"]


def test_after_a_failed_scenario_a_load_of_cases_does_not_begin_where_that_was_asked(
    tmp_path: Path,
) -> None:
    wrong = {"assert": [{"equal": {"actual": 1, "expected": 2}}]}
    first = write_scenario(tmp_path / "first.yaml", [wrong], name="first", patients=[])
    load = {"associations": 2, "cases": 3}
    then = write_scenario(tmp_path / "then.yaml", [wrong], name="then", patients=[], load=load)
    out = tmp_path / "run"
    fabricate("run", first, then, "--fail-fast", "--registry", ":memory:", "--out", out).check(1)
    outcomes = [(one["name"], one["outcome"]) for one in record(out)["cases"]]
    assert outcomes == [("first", "failed"), *[("then", "skipped")] * 4]


def test_the_time_of_a_load_does_not_hold_that_in_which_its_images_were_made(
    tmp_path: Path,
) -> None:
    """Each of these studies has a series, a film and lines of text of its own."""
    load = {"stages": [{"for": "200ms", "rate": "100/s"}], "each": "study"}
    patients = [
        {"studies": [{"count": 20, "series": [{"modality": "DX", "images": 1, "size": [8, 8]}]}]}
    ]
    file = write_scenario(
        tmp_path / "s.yaml", [{"send": {"to": "pacs", "load": load}}], patients=patients
    )
    fabricate("run", file, "--registry", ":memory:", "--out", tmp_path / "run").check()
    [step] = record(tmp_path / "run")["cases"][0]["steps"]
    ahead = step["facts"]["load"]["made_ahead_s"]
    took = 20 / step["facts"]["instances_per_second"]
    assert ahead > 0.05
    assert 0.19 < took < step["duration_s"] - ahead + 0.01


def test_a_load_of_a_modality_that_the_plan_lacks_does_not_pass_with_its_first_instance(
    tmp_path: Path,
) -> None:
    """It was over with the first arrival of that modality, and nothing had failed."""
    load = {"stages": [{"for": "1s", "rate": "5/s"}], "modalities": {"CT": "50%", "DX": "50%"}}
    file = write_scenario(
        tmp_path / "s.yaml",
        [{"send": {"to": "pacs", "load": load}}, {"assert": [{"errors": {"max": 0}}]}],
        patients=[{"studies": [{"series": [{"modality": "CT", "images": 4, "size": [16, 16]}]}]}],
    )
    told = fabricate("plan", file).check().out
    assert "nothing is planned of DX, which 'modalities' names" in told
    out = tmp_path / "run"
    fabricate("run", file, "--registry", ":memory:", "--out", out).check(3)
    assert "there is nothing of DX to send" in steps(record(out))["send"]["message"]


def test_a_load_of_studies_takes_each_for_one_of_its_first_series(tmp_path: Path) -> None:
    """A study of CT with a report has nothing to give where it is the turn of reports."""
    stages = [{"for": "1s", "rate": "5/s"}]
    load = {"stages": stages, "each": "study", "modalities": {"CT": "50%", "SR": "50%"}}
    series = [{"modality": "CT", "images": 1, "size": [8, 8]}, {"modality": "SR"}]
    file = write_scenario(
        tmp_path / "s.yaml",
        [{"send": {"to": "pacs", "load": load}}],
        patients=[{"studies": [{"series": series}]}],
    )
    told = fabricate("plan", file).check().out
    assert "nothing is planned of SR, which 'modalities' names" in told
    out = tmp_path / "run"
    fabricate("run", file, "--registry", ":memory:", "--out", out).check(3)
    message = steps(record(out))["send"]["message"]
    assert "plan a study whose first series is of it" in message


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"lose": {"on": "retrieve", "share": 0.5}}, "of 4 instances did not come"),
        ({"repeat": {"on": "retrieve"}}, "came more than once"),
    ],
)
def test_a_retrieval_of_a_load_that_brings_a_part_has_failed(
    fault: dict[str, Any], words: str, tmp_path: Path
) -> None:
    """Nothing of it is kept, so that no check could find what was missing."""
    load = {"stages": [{"for": "500ms", "rate": "20/s"}]}
    file = write_scenario(
        tmp_path / "s.yaml",
        [
            {"send": {"to": "pacs"}},
            {"retrieve": {"from": "pacs", "load": load}},
            {"misbehave": {"on": "pacs", "faults": [fault]}},
            {"retrieve": {"from": "pacs", "load": load}, "fails": f"first problem: .*{words}"},
        ],
        patients=[{"studies": [_studies(2, "CT", 4)]}],
    )
    fabricate("run", file, "--registry", ":memory:", "--out", tmp_path / "run").check()

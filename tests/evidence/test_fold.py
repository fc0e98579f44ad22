"""From events to the record: complete, cut anywhere, or damaged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenario_runner.events import CaseFinished, CheckFinished, Event
from scenario_runner.evidence.fold import record_from_events
from scenario_runner.evidence.log import read_events
from scenario_runner.evidence.plan_file import PlanFile
from scenario_runner.evidence.record import RunRecord
from tests.evidence import samples
from tests.evidence.samples import STEPS, Story, check

if TYPE_CHECKING:
    from pathlib import Path


def _record(story: Story, events: int | None = None) -> RunRecord:
    objects = [json.loads(json.dumps(stamped.as_json())) for stamped in story.events[:events]]
    return record_from_events(objects, PlanFile.model_validate(story.plan))


def test_a_complete_run_is_told_whole() -> None:
    run = _record(samples.passing())
    assert (run.id, run.outcome, run.exit_code) == ("20260131-093000-k3v9", "passed", 0)
    assert run.problems == []
    [case] = run.cases
    assert [step.id for step in case.steps] == [id_ for id_, _, _ in STEPS]
    wait = case.steps[3]
    assert [attempt.outcome for attempt in wait.attempt_list] == ["failed", "failed", "passed"]
    assert wait.attempts == 3
    assert case.steps[4].logs[0].level == "warning"
    assert case.steps[1].attachments[0].path == "evidence/previews/p1.s1.e1.i1.png"
    assert [item.expected for item in case.steps[6].checks][:2] == [
        1,
        "1 study, 2 series, 2 instances",
    ]
    assert case.patients[0]["studies"][0]["series"][1]["images"][0]["number"] == 1
    assert case.steps[7].section == "finally"


@pytest.mark.parametrize("name", ["passing", "failing", "interrupted"])
def test_a_run_cut_at_any_event_is_interrupted_and_keeps_what_was_finished(name: str) -> None:
    story = samples.ALL[name]()
    whole = {(case.id, step.id): step for case in _record(story).cases for step in case.steps}
    for cut in range(1, len(story.events)):
        run = _record(story, cut)
        assert run.outcome == "interrupted"
        assert run.finished is None
        assert run.problems == []
        ended = {
            (event.case, event.id)  # type: ignore[attr-defined]
            for event in (stamped.event for stamped in story.events[:cut])
            if event.kind == "step_finished"
        }
        begun = (
            ended
            | {
                (event.case, event.id)  # type: ignore[attr-defined]
                for event in (stamped.event for stamped in story.events[:cut])
                if event.kind == "step_started"
            }
        )
        for case in run.cases:
            for step in case.steps:
                if (case.id, step.id) in ended:
                    assert step == whole[case.id, step.id]
                else:
                    assert step.outcome == (
                        "interrupted" if (case.id, step.id) in begun else "skipped"
                    )
        unfinished = {case.id for case in run.cases if case.outcome == "interrupted"}
        for requirement in run.requirements:
            if any(
                proof.case in unfinished and proof.step is None for proof in requirement.proved_by
            ):
                assert requirement.outcome != "passed"


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_log_cut_at_any_byte_makes_a_record(tmp_path: Path, data: st.DataObject) -> None:
    folder = tmp_path / "run"
    if not folder.exists():
        samples.failing().write(folder)
    log = (folder / "events.ndjson").read_bytes()
    cut = tmp_path / "cut.ndjson"
    cut.write_bytes(log[: data.draw(st.integers(0, len(log)))])
    run = record_from_events(read_events(cut), run_id="x")
    assert RunRecord.model_validate_json(run.model_dump_json(by_alias=True)) == run


def test_what_was_never_reached_is_listed_as_skipped() -> None:
    run = _record(samples.interrupted())
    smoke, ct = run.cases
    assert [step.outcome for step in smoke.steps] == ["passed", "passed", "interrupted"] + [
        "skipped"
    ] * 5
    assert smoke.steps[2].progress == "472 of 1,000 instances"
    assert smoke.steps[2].duration_s == pytest.approx(3.1)
    assert (ct.id, ct.outcome, ct.started) == ("ct_series", "skipped", None)
    assert ct.patients[0]["name"] == "MÜLLER^JÖRG"
    assert ct.counts["images"] == 2
    assert [(step.id, step.outcome) for step in ct.steps] == [
        ("echo_1", "skipped"),
        ("generate_1", "skipped"),
        ("send_1", "skipped"),
    ]


def test_a_requirement_of_a_case_never_reached_is_not_proved() -> None:
    story = samples.interrupted()
    story.plan["cases"][1]["scenario"] = {"name": "ct_series", "requirements": ["CT-1"]}
    story.plan["cases"][1]["steps"][0]["requirements"] = ["CT-2"]
    outcomes = _outcomes(_record(story))
    assert (outcomes["CT-1"], outcomes["CT-2"]) == ("skipped", "skipped")


def test_steps_of_a_loop_do_not_leave_their_plan_behind_as_skipped() -> None:
    story = Story()
    story.begin()
    story.case([("send_1", "send", "Send"), ("log_1", "log", "Say")])
    for number in (1, 2):
        story.step(f"send_1[{number}]", "send", "Send")
    story.step("log_1", "log", "Say")
    story.end_case("passed")
    assert [step.id for step in _record(story).cases[0].steps] == [
        "send_1[1]",
        "send_1[2]",
        "log_1",
    ]


def test_cases_that_ran_side_by_side_keep_their_own_steps() -> None:
    story = Story()
    story.begin()
    for case in ("a", "b"):
        story.case([("echo_1", "echo", "Echo")], case=case)
    story.step("echo_1", "echo", "Echo", case="b", end=False)
    story.step("echo_1", "echo", "Echo", "failed", case="a")
    run = _record(story)
    assert [case.steps[0].outcome for case in run.cases] == ["failed", "interrupted"]


def _checked(
    *events: Event, outcome: Any = "passed", requirements: tuple[str, ...] = ()
) -> RunRecord:
    story = Story()
    story.begin()
    story.case([("assert_1", "verify", "Check")], requirements=requirements)
    story.step("assert_1", "verify", "Check", outcome, inside=events, requirements=["STEP"])
    story.end_case(outcome)
    story.end(outcome)
    return _record(story)


def _outcomes(run: RunRecord) -> dict[str, str]:
    return {requirement.id: requirement.outcome for requirement in run.requirements}


def test_a_requirement_passes_only_when_everything_that_names_it_passed() -> None:
    good = check("equal", "one", 1, 1, requirements=["A", "B"])
    bad = check("equal", "two", 1, 2, "failed", requirements=["B"])
    run = _checked(good, bad, outcome="failed", requirements=("CASE",))
    assert _outcomes(run) == {"CASE": "failed", "STEP": "failed", "A": "passed", "B": "failed"}
    [_, _, _, b] = run.requirements
    assert [(proof.step, proof.check, proof.outcome) for proof in b.proved_by] == [
        ("assert_1", "one", "passed"),
        ("assert_1", "two", "failed"),
    ]


def test_only_the_last_attempt_proves_a_requirement() -> None:
    run = _checked(
        check("equal", "one", 1, 2, "failed", requirements=["A"], attempt=1),
        check("equal", "one", 1, 1, requirements=["A"], attempt=2),
    )
    assert _outcomes(run)["A"] == "passed"
    assert len(run.cases[0].steps[0].checks) == 2


def test_a_skipped_step_proves_nothing() -> None:
    assert _outcomes(_checked(outcome="skipped"))["STEP"] == "skipped"


@pytest.mark.parametrize("outcome", ["skipped", "error"])
def test_a_requirement_of_a_check_that_was_never_evaluated_is_not_proved(outcome: Any) -> None:
    story = Story()
    story.begin()
    story.case([("a", "verify", "A"), ("b", "verify", "B")], requirements=())
    for step in story.events[-1].event.steps:  # type: ignore[attr-defined]
        step["check_requirements"] = ["X", "Y"]
    good = check("equal", "one", 1, 1, id="a", requirements=["X", "Y"])
    story.step("a", "verify", "A", inside=[good])
    story.step(
        "b", "verify", "B", outcome, inside=[check("equal", "x", 1, 1, id="b", requirements=["X"])]
    )
    story.end_case("passed")
    found = _outcomes(_record(story))
    assert found["Y"] == outcome


def test_missing_and_senseless_events_are_reported_and_the_rest_is_kept() -> None:
    story = samples.passing()
    objects: list[dict[str, Any]] = [stamped.as_json() for stamped in story.events]
    del objects[3]
    finished = next(o for o in objects if o["event"] == CaseFinished.kind)
    finished["outcome"] = "splendid"
    checked = next(o for o in objects if o["event"] == CheckFinished.kind)
    del checked["case"]
    objects.insert(5, {"event": "from_a_later_version", "seq": 6})
    run = record_from_events(objects)
    assert "events 4 to 4 are missing" in run.problems
    assert any("case_finished" in problem for problem in run.problems)
    assert any("check_finished" in problem and "'case'" in problem for problem in run.problems)
    assert run.outcome == "passed"
    assert run.cases[0].outcome == "interrupted"


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "event": st.sampled_from(
                    [
                        "run_started",
                        "case_started",
                        "step_started",
                        "progress",
                        "logged",
                        "attached",
                        "check_finished",
                        "attempt_finished",
                        "step_finished",
                        "case_finished",
                        "run_finished",
                    ]
                )
            },
            optional=dict.fromkeys(
                ("seq", "time", "run", "case", "id", "outcome", "steps", "facts", "targets"),
                _anything,
            ),
        ),
        max_size=8,
    )
)
def test_no_sequence_of_events_breaks_the_fold(events: list[dict[str, Any]]) -> None:
    run = record_from_events(events, run_id="x")
    assert json.loads(run.model_dump_json(by_alias=True))["schema"] == "run/v1"

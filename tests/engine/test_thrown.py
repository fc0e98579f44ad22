"""Whatever is thrown, wherever: the case is an error, the evidence whole, `finally` run, the exit code said."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.app.load import Sources
from scenario_runner.app.run import RunRequest, run
from scenario_runner.cli.output import reported
from scenario_runner.engine.services import Control, Order
from scenario_runner.errors import MachineError
from scenario_runner.events import Stamped, StepFinished, StepStarted
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.registry.location import registry_location
from tests.engine.conftest import PROBE
from tests.engine.probe.thrower import KINDS
from tests.running import events, fabricate, record, steps, write_scenario, write_site

THROWN = [kind for kind in KINDS if kind != "KeyboardInterrupt"]
SOME = ["BaseException", "SystemExit", "MemoryError", "a text that throws"]
PLACES = [
    *((place, kind) for place in ("step", "check") for kind in THROWN),
    *((place, kind) for place in ("validator", "phantom") for kind in SOME),
]
WORDS = "thrown by a test"


def request(tmp_path: Path, entries: list[Any], **more: Any) -> RunRequest:
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}}}, plugins=str(PROBE))
    note = str(tmp_path / "note")
    scenario = write_scenario(
        tmp_path / "thrown.yaml", entries, **{"finally": [{"probe": {"note": note}}], **more}
    )
    return RunRequest(
        sources=Sources(paths=[scenario], site=site),
        registry=registry_location(":memory:", {}),
        out=tmp_path / "run",
    )


def play(job: RunRequest, *handlers: Any, control: Control | None = None) -> int:
    """The exit code, as the command line makes it of whatever comes out."""
    control = control or Control()
    return reported(lambda **_: run(job, handlers, control).exit_code)


def require_whole(tmp_path: Path, outcome: str) -> dict[str, Any]:
    """The evidence is all there and agrees, and `finally` ran."""
    folder = tmp_path / "run"
    result = record(folder)
    assert result["outcome"] == outcome
    assert (tmp_path / "note").exists()
    told = events(folder)
    assert told[-1]["event"] == "run_finished"
    assert [one["seq"] for one in told] == list(range(1, len(told) + 1))
    for name in ("report.html", "junit.xml", "ctrf.json", "manifest.json"):
        assert (folder / name).stat().st_size > 0
    return result


ENTRIES: dict[str, list[Any]] = {
    "step": [{"thrower": {}}],
    "check": [{"assert": [{"throwing": {}}, {"equal": {"actual": 1, "expected": 1}}]}],
    "validator": [{"generate": {}}, {"assert": [{"conformant": {"with": ["throwing"]}}]}],
    "phantom": [{"send": {"to": "pacs"}}],
}


@pytest.mark.parametrize(("place", "kind"), PLACES)
def test_what_a_plugin_throws_is_an_error_of_the_case_with_all_its_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, kind: str
) -> None:
    monkeypatch.setenv("FABRICATE_TEST_THROWS", f"{place}={kind}")
    series = {"modality": "CT", "images": 1, "size": [64, 64]}
    if place == "phantom":
        series["phantom"] = "throwing"
    job = request(
        tmp_path, [*ENTRIES[place], {"probe": {}}], patients=[{"studies": [{"series": [series]}]}]
    )
    assert play(job) == 4
    result = require_whole(tmp_path, "error")
    thrown = next(step for step in result["cases"][0]["steps"] if step["outcome"] == "error")
    assert "has a defect" in thrown["message"]
    assert KINDS[kind].__name__ in thrown["message"]
    assert any("traceback" in one["path"] for one in thrown["attachments"])
    assert steps(result)["probe"]["outcome"] == "skipped"


WITHIN: dict[str, tuple[str, list[Any], dict[str, Any]]] = {
    "parallel": ("step", [{"parallel": [{"thrower": {}}, {"probe": {}}]}], {}),
    "repeat": ("step", [{"thrower": {}, "repeat": 3}], {}),
    "for_each": ("step", [{"thrower": {}, "for_each": [1, 2]}], {}),
    "retry": ("step", [{"thrower": {}, "retry": {"attempts": 2, "delay": "1ms", "on": ["error"]}}], {}),
    "setup": ("step", [{"probe": {}}], {"setup": [{"thrower": {}}]}),
    "a load of cases": ("step", [{"thrower": {}}], {"load": {"associations": 2, "cases": 3}}),
    "parallel associations": ("phantom", [{"send": {"to": "pacs", "associations": 3}}], {}),
    "a load of a send": ("phantom", [{"send": {"to": "pacs", "load": {"associations": 2, "for": "2s"}}}], {}),
    "generate": ("phantom", [{"generate": {"to": "dicom"}}], {}),
}  # fmt: skip
"""Where else something is carried out, in threads or several times: what is thrown there, the steps, more of the scenario."""


@pytest.mark.parametrize("kind", ["SystemExit"])
@pytest.mark.parametrize("within", WITHIN)
def test_what_is_thrown_in_threads_and_in_turns_is_an_error_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, within: str, kind: str
) -> None:
    place, entries, more = WITHIN[within]
    monkeypatch.setenv("FABRICATE_TEST_THROWS", f"{place}={kind}")
    series = {"modality": "CT", "images": 20, "size": [16, 16]}
    if place == "phantom":
        series["phantom"] = "throwing"
    before = set(threading.enumerate())
    job = request(tmp_path, entries, patients=[{"studies": [{"series": [series]}]}], **more)
    assert play(job) == 4
    result = require_whole(tmp_path, "error")
    thrown = [step for case in result["cases"] for step in case["steps"]]
    said = [step["message"] for step in thrown if step["outcome"] == "error"]
    assert any("has a defect" in one and KINDS[kind].__name__ in one for one in said)
    left = [one for one in threading.enumerate() if one not in before and not one.daemon]
    assert not left


@pytest.mark.parametrize(
    "how", [{}, {"associations": 3}, {"via": "stow"}], ids=["one", "three", "stow"]
)
@pytest.mark.parametrize("kind", ["SystemExit"])
def test_what_was_acknowledged_when_a_phantom_threw_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, how: dict[str, Any]
) -> None:
    monkeypatch.setenv("FABRICATE_TEST_THROWS", f"phantom={kind}")
    series = {"modality": "CT", "images": 20, "size": [16, 16]}
    patients = [{"studies": [{"series": [series, {**series, "phantom": "throwing"}]}]}]
    with EmbeddedPacs(tmp_path / "archive", "PACS", "127.0.0.1") as pacs:
        targets = {
            "pacs": {
                "dicom": {"host": "127.0.0.1", "port": pacs.port, "ae_title": "PACS"},
                "dicomweb": {"url": pacs.open_web()},
            }
        }
        job = request(tmp_path, [{"send": {"to": "pacs", **how}}], patients=patients)
        write_site(tmp_path / "site.yaml", targets, plugins=str(PROBE))
        assert play(job) == 4
        there = pacs.archive.index.totals()[0]
    require_whole(tmp_path, "error")
    told = [one for one in events(tmp_path / "run") if one["event"] == "instance_sent"]
    assert sum(one["stored"] for one in told) == there > 0


@pytest.mark.parametrize("kind", SOME)
def test_a_defect_is_not_the_failure_that_a_negative_test_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("FABRICATE_TEST_THROWS", f"check={kind}")
    checks = [{"throwing": {}, "fails": "thrown"}]
    assert play(request(tmp_path, [{"assert": checks, "fails": "thrown"}])) == 4
    require_whole(tmp_path, "error")


@pytest.mark.parametrize("kind", SOME)
def test_a_reporter_that_throws_keeps_no_other_report_back(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    monkeypatch.setenv("FABRICATE_TEST_THROWS", f"reporter={kind}")
    assert play(request(tmp_path, [{"probe": {}}])) == 4
    require_whole(tmp_path, "passed")
    assert f"'throwing': {KINDS[kind].__name__}" in capsys.readouterr().err


def test_an_interrupted_reporter_leaves_evidence_that_can_be_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FABRICATE_TEST_THROWS", "reporter=KeyboardInterrupt")
    assert play(request(tmp_path, [{"probe": {}}])) == 130
    require_whole(tmp_path, "passed")


@pytest.mark.parametrize("kind", SOME)
def test_a_source_that_throws_is_a_diagnostic_at_its_entry(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    monkeypatch.setenv("FABRICATE_TEST_THROWS", f"source={kind}")
    job = request(tmp_path, [{"probe": {}}], patients=[{"from": {"thrower": {}}}])
    assert play(job) == 3
    said = capsys.readouterr().err
    assert "thrown.yaml:1:" in said
    assert f"the source 'thrower' failed: {KINDS[kind].__name__}" in said
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("kind", SOME)
def test_a_hook_that_throws_is_named_with_its_plugin(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    monkeypatch.setenv("FABRICATE_TEST_THROWS", f"hook={kind}")
    assert play(request(tmp_path, [{"probe": {}}])) == 2
    assert "plugin 'thrower.py' failed" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["Exception", "SystemExit", "a text that throws"])
@pytest.mark.parametrize(
    ("place", "entries", "patient", "blamed"),
    [
        ("model", [{"model": {}}], {}, "plugin 'thrower.py' failed"),
        ("pattern", [{"probe": {}}], {"id": "P{throwing}"}, "a field of the pattern 'P{throwing}'"),
    ],
)
def test_what_a_plugin_throws_before_anything_is_sent_is_no_defect_of_ours(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    place: str,
    entries: list[Any],
    patient: dict[str, Any],
    blamed: str,
    kind: str,
) -> None:
    monkeypatch.setenv("FABRICATE_TEST_THROWS", f"{place}={kind}")
    patients = [{**patient, "studies": [{"series": [{"modality": "CT", "images": 1}]}]}]
    assert play(request(tmp_path, entries, patients=patients)) == 2
    said = capsys.readouterr().err
    assert blamed in said
    assert KINDS[kind].__name__ in said
    assert not (tmp_path / "run").exists()


def test_what_a_rule_of_a_plugin_says_is_told_though_it_is_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FABRICATE_TEST_THROWS", "model=half a character")
    assert play(request(tmp_path, [{"model": {}}])) == 3
    assert "FAB118: half \N{REPLACEMENT CHARACTER} of it" in capsys.readouterr().err


def test_a_phantom_that_throws_in_a_preview_is_no_defect_of_ours(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}}}, plugins=str(PROBE))
    series = {"modality": "CT", "images": 1, "size": [16, 16], "phantom": "throwing"}
    scenario = write_scenario(
        tmp_path / "thrown.yaml", [{"probe": {}}], patients=[{"studies": [{"series": [series]}]}]
    )
    done = fabricate(
        "preview", scenario, "--site", site, "--registry", ":memory:", "--sheet", tmp_path / "s.html",
        env={"FABRICATE_TEST_THROWS": "phantom=SystemExit"},
    ).check(2)  # fmt: skip
    assert "plugin 'thrower.py' failed: SystemExit: thrown by a test" in done.err


def test_a_thread_of_a_plugin_that_throws_is_a_line_and_no_traceback(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}}}, plugins=str(PROBE))
    scenario = write_scenario(tmp_path / "thrown.yaml", [{"thrower": {}}])
    done = fabricate(
        "run", scenario, "--site", site, "--registry", ":memory:", "--out", tmp_path / "run",
        env={"FABRICATE_TEST_THROWS": "thread=Exception"},
    ).check()  # fmt: skip
    said = "a thread that no step waits for has ended: RuntimeError: thrown by a test (thrower.py:"
    assert said in done.err


class Consumer:
    """A consumer of events that throws at the end of the first step."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.seen = 0

    def handle(self, stamped: Stamped) -> None:
        self.seen += 1
        if isinstance(stamped.event, StepFinished) and stamped.event.id == "probe":
            raise self.error

    def close(self) -> None:
        pass


@pytest.mark.parametrize("kind", SOME)
def test_a_consumer_of_events_that_throws_ends_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    bad, good = Consumer(KINDS[kind](WORDS)), Consumer(BrokenPipeError())
    assert play(request(tmp_path, [{"probe": {}}, {"probe": {}}]), bad, good) == 4
    result = require_whole(tmp_path, "passed")
    assert steps(result)["probe-2"]["outcome"] == "passed"
    assert (
        f"a consumer of events failed: Consumer: {KINDS[kind].__name__}" in capsys.readouterr().err
    )


@pytest.mark.parametrize("place", ["step", "check", "consumer"])
def test_a_keyboard_interrupt_stays_ctrl_c_wherever_it_comes_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("FABRICATE_TEST_THROWS", f"{place}=KeyboardInterrupt")
    handlers = [Consumer(KeyboardInterrupt())] if place == "consumer" else []
    entries = ENTRIES.get(place, [{"probe": {}}])
    assert play(request(tmp_path, [*entries, {"probe": {"note": None}}]), *handlers) == 130
    require_whole(tmp_path, "interrupted")


TWICE: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "two cases": ([{"together": {}}], {"matrix": {"side": ["left", "right"]}}),
    "two branches": ([{"parallel": [{"together": {}}, {"together": {}}]}], {}),
    "a load": ([{"together": {}}], {"load": {"associations": 2, "cases": 2}}),
}


@pytest.mark.parametrize("where", TWICE)
def test_steps_that_both_throw_what_ctrl_c_throws_do_not_keep_finally_from_running(
    tmp_path: Path, where: str
) -> None:
    entries, more = TWICE[where]
    job = request(tmp_path, entries, **more)
    assert play(replace(job, order=Order(workers=2))) == 130
    result = require_whole(tmp_path, "interrupted")
    tidied = [
        step["outcome"]
        for case in result["cases"]
        for step in case["steps"]
        if step["section"] == "finally"
    ]
    assert tidied == ["passed"] * (1 if where == "two branches" else 2)


def test_a_run_whose_events_cannot_be_written_cleans_up_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from scenario_runner.evidence.log import EventLog

    write = EventLog.handle

    def full(self: EventLog, stamped: Stamped) -> None:
        if stamped.seq > 4:
            raise MachineError("cannot write the event log: the disk is full")
        write(self, stamped)

    monkeypatch.setattr(EventLog, "handle", full)
    job = request(tmp_path, [{"probe": {}}, {"send": {"to": "pacs"}}, {"probe": {}}])
    assert play(job) == 4
    assert "the disk is full" in capsys.readouterr().err
    assert (tmp_path / "note").exists()


def test_a_step_that_looks_at_no_deadline_is_left_behind_when_its_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FABRICATE_TEST_SLEEPS", "60")
    job = request(tmp_path, [{"sleeper": {}, "timeout": "200ms"}])
    assert play(job) == 1
    result = require_whole(tmp_path, "failed")
    assert "longer than its timeout of 0.2 s" in steps(result)["sleeper"]["message"]
    assert steps(result)["sleeper"]["duration_s"] < 30


def test_a_step_that_is_left_behind_gets_nothing_to_work_with_any_more(tmp_path: Path) -> None:
    from scenario_runner.engine.outlet import Outlet
    from scenario_runner.errors import StepTimeout

    class Bus:
        unrecorded = None

        def emit(self, event: Any) -> None:
            raise AssertionError("said after its time")

    outlet = Outlet(Bus(), "steps")  # type: ignore[arg-type]
    outlet.require()
    outlet.leave()
    with pytest.raises(StepTimeout):
        outlet.require()
    with pytest.raises(StepTimeout):
        outlet.emit(StepFinished.__new__(StepFinished))


def test_ctrl_c_ends_a_step_that_does_not_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FABRICATE_TEST_SLEEPS", "60")
    control = Control()

    class CtrlC:
        """Somebody who stops the run as soon as its step is under way."""

        def handle(self, stamped: Stamped) -> None:
            if isinstance(stamped.event, StepStarted) and stamped.event.id == "sleeper":
                threading.Timer(0.2, control.interrupt).start()

        def close(self) -> None:
            pass

    assert play(request(tmp_path, [{"sleeper": {}}]), CtrlC(), control=control) == 130
    result = require_whole(tmp_path, "interrupted")
    assert steps(result)["sleeper"]["duration_s"] < 30
    assert json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))["duration_s"] >= 0

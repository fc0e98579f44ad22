"""`fabricate run --format json`: what programs are told while a run goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from scenario_runner.evidence.event_schema import events_schema
from tests.running import SMOKE, command, environment, fabricate, record, write_scenario, write_site


def test_the_stream_is_the_log_line_by_line_and_holds_to_its_schema(tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = fabricate("run", SMOKE, "--format", "json", "--registry", ":memory:", "--out", out)
    lines = done.check().out.splitlines()
    assert lines == (out / "events.ndjson").read_text("utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    validator = jsonschema.Draft202012Validator(events_schema())
    for one in told:
        validator.validate(one)
    assert told[0]["schema"] == "events/v2"
    assert [one["seq"] for one in told] == list(range(1, len(told) + 1))
    assert done.err == f"report: {out / 'report.html'}\n"


def test_a_secret_is_masked_in_the_stream(tmp_path: Path) -> None:
    web = {"url": "http://127.0.0.1:1/", "auth": {"bearer": "{{ env.HUSH }}"}}
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}}, "web": {"dicomweb": web}})
    steps = [{"log": {"message": "is HUSHHUSH told?"}}, {"query": {"on": "web", "level": "study"}}]
    write_scenario(tmp_path / "s.yaml", steps)
    done = fabricate(
        "run", "s.yaml", "--site", site, "--format", "json", "--registry", ":memory:",
        cwd=tmp_path, env={"HUSH": "HUSHHUSH"},
    ).check(4)  # fmt: skip
    assert "HUSHHUSH" not in done.out + done.err
    assert "is ••• told?" in done.out


def test_an_event_is_told_before_the_run_is_over(tmp_path: Path) -> None:
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [{"log": {"message": "here"}}, {"pause": {"for": "600s"}}],
    )
    process = subprocess.Popen(
        command("run", scenario, "--format", "json", "--registry", ":memory:", "--out", tmp_path / "r"),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if json.loads(line)["event"] == "logged":
                break
        else:
            pytest.fail("the stream ended without the message")
        assert process.poll() is None
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="a shell pipe that breaks is a POSIX thing")
def test_a_program_that_has_read_enough_does_not_end_the_run(tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen(
        command("run", SMOKE, "--format", "json", "--registry", ":memory:", "--out", out),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    assert json.loads(process.stdout.readline())["event"] == "run_started"
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert record(out)["outcome"] == "passed"


def test_nobody_is_asked_while_programs_are_told(tmp_path: Path) -> None:
    done = fabricate("run", SMOKE, "--review", "--format", "json", cwd=tmp_path).check(2)
    assert "--review" in done.err

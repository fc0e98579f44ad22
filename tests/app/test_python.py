"""What Python programs call, and the plugin for pytest."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scenario_runner import load, plan, run
from scenario_runner.errors import InvalidInput
from tests.running import record, steps, write_scenario

SCENARIO = """schema: scenario/v1
name: {name}
matrix: {{expected: [2, {second}]}}
steps:
  - assert: [equal: {{actual: "{{{{ matrix.expected }}}}", expected: 2}}]
"""


def test_a_program_loads_plans_and_runs(tmp_path: Path) -> None:
    assert [one.header.name for one in load("xray_smoke").scenarios] == ["xray_smoke"]
    twice = [
        [job.case.patients[0].patient_id for job in plan("xray_smoke", seed=1).jobs] for _ in "ab"
    ]
    assert twice[0] == twice[1] != []
    (tmp_path / "s.yaml").write_text(SCENARIO.format(name="s", second=3))
    result = run(tmp_path / "s.yaml", out=tmp_path / "run")
    assert (result.outcome, result.exit_code) == ("failed", 1)
    assert [case.outcome for case in result.record.cases] == ["passed", "failed"]
    loaded, plans = load(tmp_path / "s.yaml"), plan(tmp_path / "s.yaml")
    assert repr(loaded) == "<Loaded: s; site embedded>"
    assert repr(plans) == "<Plans: s[expected=2], s[expected=3]>"
    (tmp_path / "s.yaml").write_text("schema: scenario/v1\nname: s\nstps: []\n")
    with pytest.raises(InvalidInput, match="stps"):
        load(tmp_path / "s.yaml")


def in_pytest(*arguments: str) -> list[str]:
    # The installed package may be older than its entry point.
    plugin = ["-p", "no:fabricate", "-p", "scenario_runner.pytest_plugin"]
    return [sys.executable, "-m", "pytest", *plugin, "-p", "no:cacheprovider", *arguments]


def pytest_in(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        in_pytest(*arguments), cwd=folder, capture_output=True, text=True, timeout=240, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_pytest_collects_scenarios_shows_failures_as_the_command_does(
    tmp_path: Path,
) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nfabricate = true\n")
    good = SCENARIO.format(name="good", second=2).replace("[2, 2]", "[2]")
    (tmp_path / "good.yaml").write_text(good)
    (tmp_path / "bad.yaml").write_text(SCENARIO.format(name="bad", second=3))
    (tmp_path / "wrong.yaml").write_text("schema: scenario/v1\nname: wrong\nstps: []\n")
    (tmp_path / "other.yaml").write_text("a: 1\n")
    code, said = pytest_in(tmp_path, "--continue-on-collection-errors", ".")
    assert code == 1, said
    assert "1 failed, 2 passed" in said
    assert "unknown key 'stps'" in said
    assert "FAIL" in said
    assert "1 of 1 check failed: expected 2 but got 3" in said
    assert "Traceback" not in said
    assert len(list((tmp_path / "runs").glob("*/run.json"))) == 3


def test_pytest_collects_a_named_folder_of_scenarios_and_leaves_those_among_tests_alone(
    tmp_path: Path,
) -> None:
    scenarios, tests = tmp_path / "scenarios", tmp_path / "tests"
    for folder in (scenarios, tests / "material"):
        folder.mkdir(parents=True)
        (folder / "good.yaml").write_text(SCENARIO.format(name="good", second=3))
    (tests / "test_it.py").write_text("def test_it(): pass\n")

    def collected(*arguments: str) -> set[str]:
        said = pytest_in(tmp_path, "--collect-only", "-q", *arguments)[1]
        return {line.partition("::")[0] for line in said.splitlines() if "::" in line}

    assert collected("scenarios/") == {"scenarios/good.yaml"}
    assert collected("tests") == collected(".") == {"tests/test_it.py"}
    assert collected("tests/material/good.yaml") == {"tests/material/good.yaml"}
    assert collected("scenarios", "tests") == {"scenarios/good.yaml", "tests/test_it.py"}


def test_pytest_that_nothing_is_named_to_collects_no_scenarios(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(SCENARIO.format(name="good", second=3))
    assert pytest_in(tmp_path)[0] == 5  # no tests
    assert not (tmp_path / "runs").exists()


@contextmanager
def heard(signal_: signal.Signals) -> Iterator[None]:
    """What is started meanwhile hears a signal, though a shell has started the tests in the background, which ignore it."""
    before = signal.signal(signal_, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal_, before)


def test_ctrl_c_ends_the_case_in_its_order_and_pytest_with_it(tmp_path: Path) -> None:
    final = [{"log": {"message": "tidied up"}}]
    for name in ("first", "second"):
        file = tmp_path / f"{name}.yaml"
        entries = [{"pause": {"for": "10m"}}]
        write_scenario(file, entries, name=name, patients=[], **{"finally": final})
    with heard(signal.SIGINT):
        process = subprocess.Popen(
            in_pytest("--fabricate", "."), cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
    with process:
        try:
            end = time.monotonic() + 60
            while not any(
                "step_started" in log.read_text() for log in tmp_path.glob("runs/*/events.ndjson")
            ):
                assert time.monotonic() < end
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=60)[0]
        finally:
            process.kill()
    assert process.returncode == 2, said
    [folder] = tmp_path.glob("runs/*")
    assert record(folder)["outcome"] == "interrupted"
    assert steps(record(folder))["log"]["outcome"] == "passed"


def test_what_a_site_keeps_secret_is_not_in_what_python_prints(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SCENARIO.format(name="s", second=3))
    (tmp_path / "site.yaml").write_text(
        "schema: site/v1\nname: north\ntargets:\n  pacs:\n    dicomweb: {url: 'http://127.0.0.1:1/dicom-web', "
        'auth: {bearer: "{{ env.TOKEN }}"}}\n'
    )
    loaded = load(
        tmp_path / "s.yaml", site=tmp_path / "site.yaml", environ={"TOKEN": "s3cr3t-word"}
    )
    assert "s3cr3t-word" in loaded.site.secrets
    for one in (loaded, loaded.site, loaded.scenarios[0]):
        assert "s3cr3t" not in repr(one)

"""What Python programs call, and the plugin for pytest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scenario_runner import load, plan, run
from scenario_runner.errors import InvalidInput

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
    (tmp_path / "s.yaml").write_text("schema: scenario/v1\nname: s\nstps: []\n")
    with pytest.raises(InvalidInput, match="stps"):
        load(tmp_path / "s.yaml")


def pytest_in(folder: Path, *arguments: str) -> tuple[int, str]:
    # The installed package may be older than its entry point.
    plugin = ["-p", "no:fabricate", "-p", "scenario_runner.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", *plugin, "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *arguments], cwd=folder, capture_output=True, text=True, timeout=240, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_pytest_collects_scenarios_shows_failures_as_the_command_does(
    tmp_path: Path,
) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nfabricate = true\n")
    (tmp_path / "good.yaml").write_text(
        SCENARIO.format(name="good", second=2.0).replace("2.0", "2")
    )
    (tmp_path / "bad.yaml").write_text(SCENARIO.format(name="bad", second=3))
    (tmp_path / "wrong.yaml").write_text("schema: scenario/v1\nname: wrong\nstps: []\n")
    (tmp_path / "other.yaml").write_text("a: 1\n")
    code, said = pytest_in(tmp_path, "--continue-on-collection-errors", ".")
    assert code == 1, said
    assert "1 failed" in said
    assert "unknown key 'stps'" in said
    assert "FAIL" in said
    assert "1 of 1 check failed: expected 2 but got 3" in said
    assert "Traceback" not in said
    assert len(list((tmp_path / "runs").glob("*/run.json"))) >= 2


def test_pytest_without_being_asked_collects_none(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(SCENARIO.format(name="good", second=3))
    assert pytest_in(tmp_path, ".")[0] == 5  # no tests

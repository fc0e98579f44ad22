"""Running `fabricate` as a user does: a process of its own, in a folder of the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenario_runner.evidence.log import read_events
from tests import warm

ROOT = Path(__file__).resolve().parents[1]
SMOKE = ROOT / "scenarios" / "xray_smoke.yaml"


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str

    def check(self, code: int = 0) -> Finished:
        """Fail the test with everything that was printed unless it exited with this code."""
        assert self.code == code, f"exit {self.code}, not {code}\n{self.out}\n{self.err}"
        assert "Traceback" not in self.out + self.err
        return self


def command(*arguments: str | Path) -> list[str]:
    """The command line of `fabricate` in the environment of the tests."""
    return [sys.executable, "-m", "scenario_runner", *map(str, arguments)]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The tests' environment; nothing in it may turn output into colours."""
    return {**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1", **(extra or {})}


def fabricate(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    patience: float = 240,
) -> Finished:
    """Run `fabricate` to its end, which has to come within so many seconds."""
    if warm.works() and not any(name.startswith("PYTHON") for name in env or ()):
        return Finished(*warm.run(list(map(str, arguments)), cwd, environment(env), patience))
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=patience,
        cwd=cwd,
        env=environment(env),
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def start(
    arguments: Sequence[str],
    log: Path,
    env: Mapping[str, str] | None = None,
    *,
    cold: bool = False,
) -> warm.Started | subprocess.Popen[bytes]:
    """Start `fabricate` as a server; what it says goes to the end of a file. cold: as a shell starts it."""
    with log.open("ab") as output:
        if warm.works() and not cold:
            number = output.fileno()
            return warm.Started(arguments, Path.cwd(), environment(env), number, number)
        return subprocess.Popen(
            command(*arguments), stdout=output, stderr=output, env=environment(env)
        )


def record(folder: Path) -> dict[str, Any]:
    """The run.json of a run folder."""
    data = json.loads((folder / "run.json").read_text("utf-8"))
    assert isinstance(data, dict)
    return data


def events(folder: Path) -> list[dict[str, Any]]:
    """Every event of a run folder."""
    return list(read_events(folder / "events.ndjson"))


def steps(run: Mapping[str, Any], case: int = 0) -> dict[str, dict[str, Any]]:
    """The steps of a case by id."""
    return {step["id"]: step for step in run["cases"][case]["steps"]}


def write_site(path: Path, targets: Mapping[str, Any], **more: Any) -> Path:
    """A site file; JSON is YAML enough."""
    site = {"schema": "site/v1", "name": "test", "targets": dict(targets), **more}
    path.write_text(json.dumps(site), encoding="utf-8")
    return path


def write_scenario(path: Path, steps: Sequence[Any], **more: Any) -> Path:
    """A scenario with one small CT study unless `patients` is given."""
    series = {"modality": "CT", "images": 2, "size": [64, 64]}
    patients = [{"studies": [{"series": [series]}]}]
    scenario = {"schema": "scenario/v1", "name": path.stem, "patients": patients, **more}
    path.write_text(json.dumps({**scenario, "steps": list(steps)}), encoding="utf-8")
    return path

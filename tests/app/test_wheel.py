"""The wheel works from any folder: schemas, templates and scenarios are inside it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.running import ROOT, environment, record


def test_the_wheel_holds_what_it_needs_and_runs_from_anywhere(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(installed)
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    out = tmp_path / "run"
    done = subprocess.run(
        [
            sys.executable, "-P", "-m", "scenario_runner", "run", "scenarios/xray_smoke.yaml",
            "--registry", ":memory:", "--out", str(out),
        ],
        cwd=elsewhere,
        env=environment({"PYTHONPATH": str(installed)}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert record(out)["outcome"] == "passed"
    where = subprocess.run(
        [sys.executable, "-P", "-c", "import scenario_runner; print(scenario_runner.__file__)"],
        env=environment({"PYTHONPATH": str(installed)}),
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(installed) in where.stdout
    published = installed / "scenario_runner" / "_shipped" / "schemas"
    assert {file.name for file in published.glob("*.json")} >= {
        "scenario.v1.schema.json", "site.v1.schema.json", "run.v1.schema.json",
        "events.v2.schema.json", "validator.v1.schema.json"
    }  # fmt: skip

"""Start-up is paid by every run: it loads what its scenario uses, and no model of anything else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.processes import storescp
from tests.running import environment, write_scenario, write_site

CODE = """
import json, sys
from scenario_runner.cli import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""

NOT_TO_CHECK = {
    "pydicom", "numpy", "PIL", "faker", "jsonschema", "pynetdicom", "regex", "rich", "starlette", "uvicorn",
    "httpx2", "sqlalchemy", "scenario_runner.network", "scenario_runner.pacs", "scenario_runner.archive",
    "scenario_runner.imaging.series_encoder",
}  # fmt: skip
"""What ``validate`` needs for no scenario that ships."""
NEVER = {
    "starlette", "uvicorn", "httpx2", "httpcore2", "anyio", "segno", "scenario_runner.pacs",
    "scenario_runner.archive", "scenario_runner.conformance.rules", "scenario_runner.steps.load.sending",
    "scenario_runner.network.dicomweb", "scenario_runner.network.find",
    "scenario_runner.network.receiver", "faker", "jsonschema", "pynetdicom",
    "gdcm", "requests", "sqlalchemy", "alembic", "psycopg", "PIL.GifImagePlugin",
}  # fmt: skip
ROOMS = {
    "scenario_runner.steps": {"duplicates", "load", "problems", "send", "sent", "streaming"},
    "scenario_runner.checks": set(),
    "scenario_runner.imaging.modalities": {"ct", "defaults", "registry"},
}


def modules_loaded_by(*arguments: object) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", CODE, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_the_scenarios_that_ship_are_checked_without_pixels_or_a_wire() -> None:
    loaded = modules_loaded_by("validate", Path(__file__).parents[2] / "scenarios")
    assert NOT_TO_CHECK & loaded == set()


@pytest.mark.peer
def test_a_ct_send_loads_nothing_that_only_other_scenarios_need(tmp_path: Path) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", [{"send": {"to": "pacs"}}])
    with storescp(tmp_path, options=["--ignore"]) as server:
        dicom = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        target = {"environment": "test", "dicom": dicom}
        site = write_site(tmp_path / "site.yaml", {"pacs": target})
        arguments = ["run", scenario, "--site", site, "--out", tmp_path / "run"]
        loaded = modules_loaded_by(*arguments, "--registry", ":memory:")
    assert NEVER & loaded == set()
    for room, used in ROOMS.items():
        below = {
            name.removeprefix(f"{room}.").split(".")[0] for name in loaded if f"{room}." in name
        }
        assert below == used, room

"""Fifty associations at once into Orthanc as Debian installs it: nothing is lost."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import httpx2
import pytest

from tests.peers.processes import orthanc
from tests.running import command, environment, record, steps, write_scenario, write_site

pytestmark = pytest.mark.peer

ASSOCIATIONS, EACH = 50, 60


def test_fifty_associations_of_sixty_images_lose_none_and_memory_stays_flat(
    tmp_path: Path,
) -> None:
    series = {"modality": "CT", "images": EACH, "size": [16, 16], "burn_in": False}
    patients = [{"studies": [{"series": [{**series, "count": ASSOCIATIONS}]}]}]
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [{"send": {"to": "pacs", "associations": ASSOCIATIONS}}],
        patients=patients,
    )
    with orthanc(tmp_path) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
        out = tmp_path / "run"
        process = subprocess.Popen(
            command("run", scenario, "--site", site, "--registry", ":memory:", "--out", out),
            stdout=subprocess.DEVNULL,
            env=environment(),
        )
        peak = 0
        while process.poll() is None:
            peak = max(peak, _peak(process.pid))
            time.sleep(0.05)
        facts = steps(record(out))["send"]["facts"]
        assert process.returncode == 0
        assert facts["statuses"] == {"0000": ASSOCIATIONS * EACH}
        assert facts["associations"] == ASSOCIATIONS
        stored = httpx2.get(f"{server.http}/statistics", timeout=30).json()["CountInstances"]
    assert stored == ASSOCIATIONS * EACH
    assert 0 < peak < 300 * 1024


def _peak(pid: int) -> int:
    """Peak memory of a process in kB; its resource usage would count whoever started it, too."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return 0
    _, _, rest = status.partition("VmHWM:")
    return int(rest.split()[0]) if rest else 0

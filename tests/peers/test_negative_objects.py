"""Objects that are wrong on purpose reach a real receiver, which answers for each of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.imaging.faults.registry import faults
from tests.peers.processes import storescp
from tests.running import fabricate, record, steps, write_scenario, write_site

pytestmark = pytest.mark.peer

PLAIN = {"images": 4, "size": [32, 32], "phantom": "qa/flat", "burn_in": False}
ABORTED = {"too-long-uid", "truncated-object", "broken-sequence", "odd-length"}
"""For a UID that is too long in a command, and for what it cannot read, DCMTK aborts the association."""
NAMES = [
    fault.name
    for fault in faults()
    if (fault.facts.modalities is None or "CT" in fault.facts.modalities)
    and fault.name not in ABORTED
]
STUDIES = [{"series": [{"modality": "CT", **PLAIN, "faults": [name]}]} for name in NAMES]


def run(tmp_path: Path, service: dict[str, Any]) -> dict[str, dict[str, Any]]:
    scenario = write_scenario(
        tmp_path / "faults.yaml",
        [{"send": {"to": "pacs", "expect": "any"}}],
        patients=[{"name": "CITIZEN^JANE", "sex": "F", "studies": STUDIES}],
        seed=9,
    )
    site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
    out = tmp_path / "run"
    arguments = ("run", scenario, "--site", site, "--registry", ":memory:", "--out", out)
    fabricate(*arguments).check()
    return steps(record(out))


def test_dcmtk_answers_for_every_fault_that_it_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "peer"
    folder.mkdir()
    with storescp(folder) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        facts = run(tmp_path, service)["send"]["facts"]
    answered = Counter(facts["statuses"])
    assert sum(answered.values()) == facts["instances"] == 4 * len(NAMES)
    # Most of what is wrong is no reason for a PACS to refuse; that all were refused would be ours.
    assert answered["0000"] > 2 * len(NAMES)

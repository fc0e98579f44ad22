"""Objects that are wrong on purpose reach a real receiver, which answers for each of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.imaging.faults.registry import faults
from tests.peers.processes import Server, orthanc, storescp
from tests.running import fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

pytestmark = pytest.mark.peer

PLAIN = {"images": 4, "size": [32, 32], "phantom": "qa/flat", "burn_in": False}
ABORTED = {"too-long-uid", "truncated-object", "broken-sequence", "odd-length"}
"""For a UID that is too long in a command, and for what it cannot read, DCMTK aborts the association."""
NAMES = [
    fault.name
    for fault in faults()
    if fault.facts.modalities is None or "CT" in fault.facts.modalities
]


def run(
    tmp_path: Path, server: Server, names: Sequence[str], *more: dict[str, Any], **options: str
) -> dict[str, dict[str, Any]]:
    """Send four images of each fault, then do what ``more`` says."""
    studies = [{"series": [{"modality": "CT", **PLAIN, "faults": [name]}]} for name in names]
    scenario = write_scenario(
        tmp_path / "faults.yaml",
        [{"send": {"to": "pacs", "expect": "any", **options}, "save_as": "sent"}, *more],
        patients=[{"name": "CITIZEN^JANE", "sex": "F", "studies": studies}],
        seed=9,
    )
    service: dict[str, Any] = {"host": server.host, "port": server.port}
    # Of an object that ends too early Orthanc awaits the rest, which never comes.
    service |= {"ae_title": server.ae_title, "response_timeout": "2s"}
    site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
    out = tmp_path / "run"
    arguments = ("run", scenario, "--site", site, "--registry", ":memory:", "--out", out)
    fabricate(*arguments).check()
    return steps(record(out))


def test_dcmtk_answers_for_every_fault_that_it_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "peer"
    folder.mkdir()
    with storescp(folder) as server:
        names = [name for name in NAMES if name not in ABORTED]
        facts = run(tmp_path, server, names)["send"]["facts"]
    answered = Counter(facts["statuses"])
    assert sum(answered.values()) == facts["instances"] == 4 * len(names)
    # Most of what is wrong is no reason for a PACS to refuse; that all were refused would be ours.
    assert answered["0000"] > 2 * len(names)


@pytest.mark.parametrize("start", [storescp, orthanc])
def test_an_object_at_which_a_peer_hangs_up_does_not_keep_the_others_from_it(
    tmp_path: Path, start: Callable[[Path], AbstractContextManager[Server]]
) -> None:
    folder = tmp_path / "peer"
    folder.mkdir()
    with start(folder) as server:
        facts = run(tmp_path, server, NAMES, on_abort="next")["send"]["facts"]
    answered = Counter(facts["statuses"])
    assert sum(answered.values()) == facts["instances"] == 4 * len(NAMES)
    assert facts["not_sent"] == 0
    assert 4 <= answered["no answer"] <= 4 * len(ABORTED)
    assert facts["maybe_stored"] == answered["no answer"]
    assert facts["associations"] == answered["no answer"] + 1
    assert answered["0000"] > 2 * len(NAMES)

"""A broken send to Orthanc, finished by a rerun; and one that its `finally` took back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.network.cutting import Cut, wire
from tests.peers.processes import orthanc
from tests.running import fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer

PATIENTS = [{"studies": [{"series": [{"modality": "CT", "images": 12, "size": [64, 64]}]}]}]


def test_orthanc_has_every_instance_once_after_an_abort_and_a_rerun(tmp_path: Path) -> None:
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [{"send": {"to": "pacs"}}, {"assert": [{"stored": {"on": "pacs"}}]}],
        patients=PATIENTS,
    )
    # The seventh PDU of Orthanc is its sixth answer: stored, and nobody was told.
    with orthanc(tmp_path) as server, wire(server.port, Cut("theirs", 7, "abort")) as line:
        service = {"host": "127.0.0.1", "port": line.port, "ae_title": server.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
        out = tmp_path / "run"
        fabricate(
            "run", scenario, "--site", site, "--registry", ":memory:", "--out", out
        ).check(4)  # fmt: skip
        facts = steps(record(out))["send"]["facts"]
        assert (facts["stored"], facts["maybe_stored"], facts["not_sent"]) == (5, 1, 6)
        line.cut = None
        fabricate("rerun", out, "--failed", "--out", tmp_path / "again").check()
        again = steps(record(tmp_path / "again"))["send"]["facts"]
        assert again["acknowledged_earlier"]["instances"] == 5
        assert (again["stored"], again["statuses"]) == (12, {"0000": 12})
        assert httpx2.get(f"{server.http}/statistics", timeout=30).json()["CountInstances"] == 12


def test_what_finally_deleted_is_sent_again(tmp_path: Path) -> None:
    wrong = {"equal": {"actual": 1, "expected": 2}}
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [{"send": {"to": "pacs"}}, {"assert": [{"stored": {"on": "pacs"}}, wrong]}],
        patients=PATIENTS,
        **{"finally": [{"delete": {"from": "pacs"}}]},
    )
    with orthanc(tmp_path) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        targets = {"pacs": {"dicom": service, "orthanc": {"url": server.http}}}
        site = write_site(tmp_path / "site.yaml", targets)
        out = tmp_path / "run"
        fabricate(
            "run", scenario, "--site", site, "--registry", ":memory:", "--out", out
        ).check(1)  # fmt: skip
        fabricate("rerun", out, "--out", tmp_path / "again").check(1)
        result = record(tmp_path / "again")
        assert "acknowledged_earlier" not in steps(result)["send"]["facts"]
        assert steps(result)["send"]["facts"]["stored"] == 12
        stored, _ = steps(result)["assert"]["checks"]
        assert stored["outcome"] == "passed"

"""A PACS that breaks off in the middle of a send: nothing half-sent is called sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers.processes import storescp
from tests.running import fabricate, record, steps, write_scenario, write_site

pytestmark = pytest.mark.peer


def test_the_record_tells_what_was_acknowledged_and_what_was_not(tmp_path: Path) -> None:
    series = {"modality": "CT", "images": 20, "size": [64, 64]}
    scenario = write_scenario(
        tmp_path / "broken.yaml",
        [{"send": {"to": "pacs"}, "save_as": "sent"}, {"log": {"message": "never"}}],
        patients=[{"studies": [{"series": [series]}]}],
        **{"finally": [{"log": {"message": "{{ sent | length }} answers"}}]},
    )
    with storescp(tmp_path, options=["--abort-after"]) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
        out = tmp_path / "run"
        arguments = ("run", scenario, "--site", site, "--registry", ":memory:", "--out", out)
        done = fabricate(*arguments).check(4)
    send = steps(record(out))["send"]
    facts = send["facts"]
    assert send["outcome"] == "error"
    assert "abort" in send["message"].lower()
    assert f"{facts['stored']} of 20 stored" in send["message"]
    assert facts["stored"] < 20
    assert facts["stored"] + facts["maybe_stored"] + facts["not_sent"] == 20
    assert steps(record(out))["log"]["outcome"] == "skipped"
    assert "answers" in done.out

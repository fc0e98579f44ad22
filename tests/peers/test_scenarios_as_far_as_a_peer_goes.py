"""The shipped scenarios on a PACS that takes less than they have: what it takes passes, the rest is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers.processes import dcmqrscp
from tests.running import ROOT, fabricate, record, write_site

pytestmark = pytest.mark.peer


def test_dcmqrscp_keeps_what_it_takes_and_is_not_accused_of_the_rest(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with dcmqrscp(tmp_path) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        taken = {"transfer_syntaxes": ["implicit-le", "explicit-le", "explicit-be"]}
        target = {"dicom": service, "expects": taken}
        site = write_site(tmp_path / "site.yaml", {"pacs": target})
        scenario = ROOT / "scenarios" / "compressed.yaml"
        chosen = "matrix.syntax=[implicit-le, explicit-be, jpeg-ls, jpeg-2000]"
        fabricate(
            "run", scenario, "--site", site, "--set", chosen, "--registry", ":memory:", "--out", out
        ).check()
    outcomes = {case["matrix"]["syntax"]: case["outcome"] for case in record(out)["cases"]}
    assert outcomes == {
        "implicit-le": "passed",
        "explicit-be": "passed",
        "jpeg-ls": "skipped",
        "jpeg-2000": "skipped",
    }

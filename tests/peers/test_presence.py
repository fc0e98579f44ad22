"""`stored` on a PACS that holds more, less, or nothing of what was sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.peers.processes import orthanc
from tests.running import fabricate, record, steps, write_scenario, write_site

pytestmark = pytest.mark.peer

SERIES = [{"modality": "CT", "count": 3, "images": 2, "size": [64, 64]}]
PATIENTS = [{"count": 3, "studies": [{"count": 2, "series": SERIES}]}]


def test_what_is_there_and_what_is_gone_is_told_study_by_study(tmp_path: Path) -> None:
    with orthanc(tmp_path) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        targets = {"pacs": {"dicom": service, "orthanc": {"url": server.http}}}
        site = write_site(tmp_path / "site.yaml", targets)
        entries: list[Any] = [
            {"send": {"to": "pacs"}},
            {"assert": [{"stored": {"on": "pacs"}}]},
            {"delete": {"from": "pacs"}},
            {"assert": [{"stored": {"on": "pacs", "what": "all"}}]},
        ]
        scenario = write_scenario(tmp_path / "s.yaml", entries, patients=PATIENTS)
        out = tmp_path / "run"
        arguments = ("run", scenario, "--site", site, "--registry", ":memory:", "--out", out)
        fabricate(*arguments).check(1)
    found = steps(record(out))
    (there,) = found["assert"]["checks"]
    assert (there["outcome"], there["actual"]["instances"]) == ("passed", 36)
    (gone,) = found["assert-2"]["checks"]
    assert (gone["outcome"], gone["actual"]["instances"]) == ("failed", 0)
    assert [one["attribute"] for one in gone["differences"]] == ["StudyInstanceUID"] * 6

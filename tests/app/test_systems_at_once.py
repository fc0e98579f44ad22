"""How all systems of a site are at a glance: one that is silent takes no other's time."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

from scenario_runner.app.peers import PeerRequest
from scenario_runner.app.systems import states
from scenario_runner.deadline import Deadline
from scenario_runner.pacs.server import EmbeddedPacs
from tests.running import write_site

if TYPE_CHECKING:
    from pathlib import Path


def test_a_system_that_answers_is_well_behind_however_many_that_are_silent(tmp_path: Path) -> None:
    with ExitStack() as stack:
        pacs = stack.enter_context(EmbeddedPacs(tmp_path / "pacs"))
        targets = {}
        for number in range(12):
            silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            place = {"host": "127.0.0.1", "port": silent.getsockname()[1], "ae_title": "SILENT"}
            targets[f"silent{number}"] = {"dicom": place}
        place = {"host": "127.0.0.1", "port": pacs.port, "ae_title": pacs.ae_title}
        targets["well"] = {"dicom": place}
        site = write_site(tmp_path / "site.yaml", targets)
        found = states(PeerRequest(peer="", site=site), Deadline(3.0))
    assert [one.system.name for one in found if one.is_well] == ["well"]

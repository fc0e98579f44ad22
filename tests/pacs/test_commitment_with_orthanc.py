"""Orthanc asks for commitment and lets go of the association at once: its reports must come all the same."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.pacs.options import Destination, PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import CT_IMAGE, put, sample
from tests.peers.processes import Modality, Server, free_port, orthanc

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.peer

REQUESTS = 20


def rest(server: Server, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"{server.http}{path}", data, timeout=30) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, int]]:
    """An Orthanc, and the port at which it knows the embedded PACS."""
    port = free_port()
    folder = tmp_path_factory.mktemp("asker")
    with orthanc(folder, modalities=[Modality("EMBEDDED", port)]) as server:
        yield server, port


@pytest.mark.parametrize("delivery", ["same", "new"])
def test_every_request_of_an_orthanc_is_answered(
    tmp_path: Path, asker: tuple[Server, int], delivery: Any
) -> None:
    server, port = asker
    options = PacsOptions(
        commitment=delivery, destinations={"ORTHANC": Destination(server.host, server.port)}
    )
    with EmbeddedPacs(tmp_path, port=port, options=options) as pacs:
        put(pacs.archive, sample())
        asked = [
            rest(
                server,
                "/modalities/embedded/storage-commitment",
                {"DicomInstances": [[CT_IMAGE, "1.2.3.1.1"]]},
            )["Path"]
            for _ in range(REQUESTS)
        ]
        end = time.monotonic() + 60
        told: list[str] = []
        while time.monotonic() < end:
            told = [rest(server, path)["Status"] for path in asked]
            if "Pending" not in told:
                break
            time.sleep(0.2)
    assert told == ["Success"] * REQUESTS


def test_a_report_that_cannot_be_told_breaks_no_later_request(
    tmp_path: Path, asker: tuple[Server, int]
) -> None:
    """It waits for an association that rests; at the beginning of one Orthanc takes it for a fault of its request."""
    server, port = asker
    with EmbeddedPacs(tmp_path, port=port, options=PacsOptions(commitment="later")) as pacs:
        put(pacs.archive, sample())
        for _ in range(3):
            asked = {"DicomInstances": [[CT_IMAGE, "1.2.3.1.1"]]}
            path = rest(server, "/modalities/embedded/storage-commitment", asked)["Path"]
            assert rest(server, path)["Status"] == "Pending"

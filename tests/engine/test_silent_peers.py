"""A peer that takes connections, or associations, too, and says nothing: each operation is over with its step's time, or with Ctrl-C."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, AllStoragePresentationContexts, evt

from scenario_runner.engine.services import Control
from scenario_runner.events import Stamped, StepStarted
from tests.engine.test_thrown import play, request, require_whole
from tests.peers.processes import free_ports
from tests.running import record, steps, write_site

STUDY = {"StudyInstanceUID": "{{ studies[0].uid }}"}
ENTRIES: dict[str, dict[str, Any]] = {
    "hl7_send": {"hl7_send": {"to": "quiet", "message": "ORM^O01"}},
    "hl7_wait": {"hl7_wait": {"match": {"MSH-9": "ORU^R01"}}},
    "fhir_search": {"fhir_search": {"on": "quiet", "resource": "Patient"}},
    "fhir_read": {"fhir_read": {"on": "quiet", "url": "Patient/1"}},
    "fhir_write": {"fhir_write": {"to": "quiet", "resource": "patient"}},
    "migrate": {"migrate": {"from": "quiet", "to": "pacs"}},
    "wado": {"retrieve": {"from": "quiet", "via": "wado", "match": STUDY}},
    "c-get": {"retrieve": {"from": "quiet", "via": "c-get", "match": STUDY}},
    "stow": {"send": {"to": "quiet", "via": "stow"}},
    "store": {"send": {"to": "quiet", "via": "c-store"}},
    "qido": {"query": {"on": "quiet", "via": "qido", "level": "study"}},
    "find": {"query": {"on": "quiet", "via": "c-find", "level": "study"}},
    "worklist": {"worklist": {"from": "quiet"}},
    "mpps": {"mpps": {"to": "quiet", "status": "in-progress"}},
    "pause": {"pause": {"for": "50s"}},
}

OF_DIMSE: dict[str, dict[str, Any]] = {
    **{name: ENTRIES[name] for name in ("c-get", "store", "find", "worklist", "mpps", "migrate")},
    "echo": {"echo": {"to": "quiet"}},
    "side by side": {"send": {"to": "quiet", "associations": 2}},
    "stored": {"assert": [{"stored": {"on": "quiet"}}]},
    "wait": {"wait": {"on": "quiet", "until": {"stored": "all"}}},
    "c-move": {"retrieve": {"from": "quiet", "via": "c-move", "match": STUDY}},
}
SERVICES = (
    "1.2.840.10008.1.1", "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.5.1.4.31",
    *(f"1.2.840.10008.5.1.4.1.2.{root}.{service}" for root in (1, 2) for service in (1, 2, 3)),
)  # fmt: skip


@pytest.fixture
def mute() -> Iterator[int]:
    """The port of a peer that accepts every association and answers no request until the test is over."""
    over = threading.Event()

    def wait(_: evt.Event) -> int:
        over.wait()
        return 0xA700

    def wait_for_matches(_: evt.Event) -> Iterator[tuple[int, None]]:
        over.wait()
        yield 0xA700, None

    entity = AE(ae_title="QUIET")
    entity.maximum_associations = 99
    entity.supported_contexts = AllStoragePresentationContexts
    for uid in SERVICES:
        entity.add_supported_context(uid)
    handlers: list[Any] = [
        *((event, wait) for event in (evt.EVT_C_ECHO, evt.EVT_C_STORE, evt.EVT_N_CREATE)),
        *((event, wait_for_matches) for event in (evt.EVT_C_FIND, evt.EVT_C_MOVE, evt.EVT_C_GET)),
    ]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    assert server is not None
    yield server.server_address[1]
    over.set()
    server.shutdown()


@pytest.fixture
def quiet() -> Iterator[int]:
    """The port of a peer that takes every connection and answers none."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:

        def take() -> None:
            try:
                while True:
                    held.append(listening.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=take)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
    for one in held:
        one.close()


def site(tmp_path: Path, port: int) -> None:
    """In the place of the one that the request wrote."""
    there = {"host": "127.0.0.1", "port": port}
    targets = {
        "pacs": {"embedded": {}},
        "quiet": {
            "dicom": {**there, "ae_title": "QUIET"},
            "dicomweb": {"url": f"http://127.0.0.1:{port}/dicom-web"},
            "fhir": {"url": f"http://127.0.0.1:{port}/fhir"},
            "hl7": there,
        },
    }
    dicom, hl7 = free_ports(2)
    receiver = {"ae_title": "FAB", "host": "127.0.0.1", "port": dicom, "hl7": {"port": hl7}}
    probe = str(Path(__file__).parent / "probe")
    write_site(tmp_path / "site.yaml", targets, plugins=probe, receiver=receiver)


def test_what_a_step_waits_for_ends_with_its_time(tmp_path: Path, quiet: int) -> None:
    beside = [{**entry, "id": name, "timeout": "1s"} for name, entry in ENTRIES.items()]
    job = request(tmp_path, [{"parallel": beside}, {"probe": {}}])
    site(tmp_path, quiet)
    code = play(job)
    told = steps(record(tmp_path / "run"))
    for name in ENTRIES:
        assert told[name]["outcome"] == "failed", told[name]
        assert "longer than its timeout of 1 s" in told[name]["message"], told[name]
    assert told["probe"]["outcome"] == "skipped"
    require_whole(tmp_path, "failed")
    assert code == 1


def test_what_was_asked_of_an_association_and_is_not_answered_ends_with_its_time(
    tmp_path: Path, mute: int
) -> None:
    beside = [
        {**entry, "id": name.replace(" ", "_"), "timeout": "1s"} for name, entry in OF_DIMSE.items()
    ]
    job = request(tmp_path, [{"send": {"to": "pacs"}}, {"parallel": beside}, {"probe": {}}])
    site(tmp_path, mute)
    assert play(job) == 1
    told = steps(require_whole(tmp_path, "failed"))
    ended = [told[one["id"]] for one in beside]
    assert {one["outcome"] for one in ended} == {"failed"}, ended
    assert max(one["duration_s"] for one in ended) < 2
    assert told["probe"]["outcome"] == "skipped"


def test_what_a_step_waits_for_ends_with_ctrl_c(tmp_path: Path, quiet: int) -> None:
    control = Control()
    waiting = set(ENTRIES)

    class CtrlC:
        """Stops the run when all of them are under way."""

        def handle(self, stamped: Stamped) -> None:
            if isinstance(stamped.event, StepStarted):
                waiting.discard(stamped.event.id)
                if not waiting:
                    threading.Timer(0.5, control.interrupt).start()

        def close(self) -> None:
            pass

    beside = [{**entry, "id": name} for name, entry in ENTRIES.items()]
    job = request(tmp_path, [{"parallel": beside}, {"probe": {}}])
    site(tmp_path, quiet)
    assert play(job, CtrlC(), control=control) == 130
    told = steps(require_whole(tmp_path, "interrupted"))
    assert {name: told[name]["outcome"] for name in ENTRIES} == dict.fromkeys(
        ENTRIES, "interrupted"
    )

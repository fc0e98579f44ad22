"""The server itself: starting, stopping, refusing, and standing up to strangers."""

from __future__ import annotations

import contextlib
import errno
import socket
import sqlite3
import struct
import threading
import time
from typing import TYPE_CHECKING

import pytest
from pydicom import Dataset
from pynetdicom import AE

from scenario_runner.deadline import Deadline
from scenario_runner.errors import MachineError
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs, serve
from tests.archive.samples import CT_IMAGE, put, sample
from tests.pacs.asking import only_asking
from tests.pacs.dicomweb.web import get
from tests.pacs.test_commitment import PUSH_MODEL
from tests.pacs.wire import VERIFICATION, associate_rq, read_pdu

STUDY_ROOT_FIND, STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.3"

if TYPE_CHECKING:
    from pathlib import Path

    from pynetdicom.association import Association


def echo(pacs: EmbeddedPacs, called: str = "EMBEDDED", calling: str = "TESTER") -> Association:
    ae = AE(calling)
    ae.add_requested_context(VERIFICATION)
    association = ae.associate(pacs.host, pacs.port, ae_title=called)
    for _ in range(4):  # on a busy machine pynetdicom now and then takes a rejection for an abort
        if association.is_established or association.is_rejected:
            break
        association = ae.associate(pacs.host, pacs.port, ae_title=called)
    if association.is_established:
        with only_asking(association):
            assert association.send_c_echo().Status == 0
        association.release()
    return association


def diagnostic(refused: Association) -> int | None:
    """The reason of an A-ASSOCIATE-RJ."""
    assert refused.acceptor.primitive is not None
    return refused.acceptor.primitive.diagnostic


def test_starting_and_stopping_cost_next_to_nothing_and_leave_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    started = time.perf_counter()
    pacs = EmbeddedPacs(tmp_path)
    pacs.start()
    up = time.perf_counter()
    idle = socket.create_connection((pacs.host, pacs.port))
    time.sleep(0.05)
    stopping = time.perf_counter()
    pacs.stop()
    down = time.perf_counter()
    idle.close()
    assert up - started < 10
    assert down - stopping < 10
    assert set(threading.enumerate()) <= before
    pacs.stop()


def test_a_stopped_pacs_starts_again_on_the_same_port_with_what_it_had(tmp_path: Path) -> None:
    pacs = EmbeddedPacs(tmp_path)
    for _ in range(2):
        pacs.start()
        assert echo(pacs).is_released
        pacs.stop()


def test_nobody_outside_this_machine_can_reach_it_by_default(pacs: EmbeddedPacs) -> None:
    assert pacs.host == "127.0.0.1"
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", pacs.port), timeout=1):
        pass


def test_a_taken_port_is_said_plainly(pacs: EmbeddedPacs, tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=str(pacs.port)):
        EmbeddedPacs(tmp_path / "other", port=pacs.port).start()


def test_a_host_that_is_not_ours_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="cannot listen"):
        EmbeddedPacs(tmp_path, host="192.0.2.1").start()


def test_a_wrong_called_ae_title_is_refused_only_when_asked(tmp_path: Path) -> None:
    with EmbeddedPacs(tmp_path / "a") as pacs:
        assert echo(pacs, called="ANYTHING").is_released
    options = PacsOptions(check_called_ae_title=True)
    with EmbeddedPacs(tmp_path / "b", ae_title="ARCHIVE", options=options) as pacs:
        assert echo(pacs, called="ARCHIVE").is_released
        refused = echo(pacs, called="ANYTHING")
        assert refused.is_rejected
        assert diagnostic(refused) == 7


def test_only_calling_ae_titles_of_the_list_get_in(tmp_path: Path) -> None:
    options = PacsOptions(calling_ae_titles=frozenset(("CT1",)))
    with EmbeddedPacs(tmp_path, options=options) as pacs:
        assert echo(pacs, calling="CT1").is_released
        refused = echo(pacs, calling="CT2")
        assert refused.is_rejected
        assert diagnostic(refused) == 3


def test_silent_connections_keep_no_association_out(tmp_path: Path) -> None:
    with EmbeddedPacs(tmp_path, options=PacsOptions(maximum_associations=4)) as pacs:
        silent = []
        try:
            for _ in range(60):
                silent.append(socket.create_connection((pacs.host, pacs.port)))
                with socket.create_connection((pacs.host, pacs.port), timeout=10) as asking:
                    asking.sendall(associate_rq())
                    assert read_pdu(asking)[0] == 2
                    asking.sendall(b"\x05\0\0\0\0\x04\0\0\0\0")
                    assert read_pdu(asking)[0] == 6
            threads = [one for one in threading.enumerate() if one.name.endswith("-association")]
            assert len(threads) <= 25
        finally:
            for sock in silent:
                sock.close()


def test_one_association_too_many_is_refused_for_now(tmp_path: Path) -> None:
    with (
        EmbeddedPacs(tmp_path, options=PacsOptions(maximum_associations=1)) as pacs,
        socket.create_connection((pacs.host, pacs.port)) as first,
        socket.create_connection((pacs.host, pacs.port)) as second,
    ):
        first.sendall(associate_rq())
        assert read_pdu(first)[0] == 2
        second.sendall(associate_rq())
        kind, body = read_pdu(second)
        assert (kind, body[1:]) == (3, bytes((2, 3, 2)))


def test_associations_that_have_fallen_silent_make_room_for_others(tmp_path: Path) -> None:
    options = PacsOptions(maximum_associations=3, crowded_timeout=1.5)
    with EmbeddedPacs(tmp_path, options=options) as pacs, contextlib.ExitStack() as stack:
        silent = []
        for _ in range(3):
            sock = stack.enter_context(socket.create_connection((pacs.host, pacs.port), timeout=10))
            sock.sendall(associate_rq())
            assert read_pdu(sock)[0] == 2
            silent.append(sock)
        assert echo(pacs).is_rejected, "nobody has been silent for long"
        time.sleep(1.6)
        assert echo(pacs).is_released
        kind, body = read_pdu(silent[0])
        assert (kind, body[2]) == (7, 2), "the first is told by A-ABORT of the service provider"
        silent[1].settimeout(0.2)
        with pytest.raises(TimeoutError):
            silent[1].recv(1)


@pytest.mark.parametrize(
    "rubbish",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x01\x00\xff\xff\xff\xff",
        b"\x01\x00\x00\x00\x00\x04rubb",
        b"\x04\x00\x00\x00\x00\x06\x00\x00\x00\x02\x01\x03",
        struct.pack(">BxL", 1, 200) + bytes(range(200)),
    ],
    ids=["http", "huge", "short", "data first", "noise"],
)
def test_rubbish_ends_that_connection_and_no_other(pacs: EmbeddedPacs, rubbish: bytes) -> None:
    with socket.create_connection((pacs.host, pacs.port), timeout=5) as sock:
        sock.sendall(rubbish)
        assert read_pdu(sock)[0] == 7
    assert echo(pacs).is_released


@pytest.mark.parametrize(
    "pdv",
    [
        b"\x00\x00\x00\x02\x63\x03",
        b"\x00\x00\xff\xff\x01\x03",
        b"\x00\x00",
        b"\x00\x00\x00\x02\x01\x02",
        b"\x00\x00\x00\x0a\x01\x03\x08\x00\x00\x01\x02\x00\x00\x00",
    ],
    ids=["unknown context", "too long", "cut short", "data before command", "no command"],
)
def test_rubbish_within_an_association_is_answered_by_an_abort(
    pacs: EmbeddedPacs, pdv: bytes
) -> None:
    with socket.create_connection((pacs.host, pacs.port), timeout=5) as sock:
        sock.sendall(associate_rq())
        assert read_pdu(sock)[0] == 2
        sock.sendall(struct.pack(">BxL", 4, len(pdv)) + pdv)
        assert read_pdu(sock)[0] == 7


def test_a_peer_that_says_nothing_is_let_go(tmp_path: Path) -> None:
    options = PacsOptions(request_timeout=0.2)
    with (
        EmbeddedPacs(tmp_path, options=options) as pacs,
        socket.create_connection((pacs.host, pacs.port), timeout=5) as sock,
    ):
        sock.sendall(associate_rq()[:20])
        assert read_pdu(sock)[0] == 7


def test_serving_tells_when_it_is_ready_and_ends_when_cancelled(tmp_path: Path) -> None:
    cancelled = threading.Event()
    ports: list[int] = []

    def ready(pacs: EmbeddedPacs) -> None:
        ports.append(pacs.port)
        assert echo(pacs).is_released
        cancelled.set()

    serve(EmbeddedPacs(tmp_path), Deadline(30, cancelled), ready)
    (port,) = ports
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_a_header_that_cannot_be_read_is_told_in_words_and_the_association_goes_on(
    pacs: EmbeddedPacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attribute that is not in the index is in the file, which a store that does not answer keeps."""

    def head(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", "/somewhere")

    url = pacs.open_web()
    put(pacs.archive, sample())
    monkeypatch.setattr(pacs.archive.files, "head", head)
    wanted = Dataset()
    wanted.QueryRetrieveLevel, wanted.StudyInstanceUID, wanted.MedicalAlerts = "STUDY", "", ""
    ae = AE()
    ae.add_requested_context(STUDY_ROOT_FIND)
    association = ae.associate(pacs.host, pacs.port)
    assert association.is_established
    with only_asking(association):
        (found,) = [status for status, _ in association.send_c_find(wanted, STUDY_ROOT_FIND)]
        assert found.Status == 0xA700
        assert found.ErrorComment == "the header of an instance cannot be read: Input/output error"
        del wanted.MedicalAlerts
        assert len(list(association.send_c_find(wanted, STUDY_ROOT_FIND))) == 2
    association.release()
    assert get(url + "/studies?includefield=MedicalAlerts").status_code == 503


def test_an_index_that_cannot_be_read_is_told_in_words_and_the_association_goes_on(
    pacs: EmbeddedPacs,
) -> None:
    url = pacs.open_web()
    put(pacs.archive, sample())
    with contextlib.closing(sqlite3.connect(pacs.folder / "index.sqlite")) as other:
        other.execute("ALTER TABLE studies RENAME TO gone")
    wanted = Dataset()
    wanted.QueryRetrieveLevel, wanted.StudyInstanceUID = "STUDY", ""
    ae = AE()
    for service in (STUDY_ROOT_FIND, STUDY_ROOT_GET, PUSH_MODEL):
        ae.add_requested_context(service)
    association = ae.associate(pacs.host, pacs.port)
    assert association.is_established
    with only_asking(association):
        (found,) = [status for status, _ in association.send_c_find(wanted, STUDY_ROOT_FIND)]
        assert (found.Status, found.ErrorComment[:12]) == (0xA700, "the index of")
        wanted.StudyInstanceUID = "1.2.3"
        (got,) = [status for status, _ in association.send_c_get(wanted, STUDY_ROOT_GET)]
        assert got.Status == 0xA700
        wanted = Dataset()
        wanted.TransactionUID = "1.2.3.4"
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CT_IMAGE, "1.2.3.1.1"
        wanted.ReferencedSOPSequence = [item]
        committed, _ = association.send_n_action(wanted, 1, PUSH_MODEL, PUSH_MODEL + ".1")
        assert committed.Status == 0x0110
    association.release()
    answer = get(url + "/studies")
    assert answer.status_code == 503
    assert "the index of the studies cannot be read" in answer.text

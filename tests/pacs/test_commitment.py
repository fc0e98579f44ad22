"""Storage commitment, asked for by pynetdicom, in each way the result can be delivered."""

from __future__ import annotations

import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt

from scenario_runner.deadline import Deadline
from scenario_runner.network import queries
from scenario_runner.pacs.fault_arguments import parse_faults
from scenario_runner.pacs.options import Destination, PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.ul import pdu
from scenario_runner.ul.association import Association
from scenario_runner.ul.commands import (
    NO_DATA_SET,
    WITH_DATA_SET,
    Command,
    Element,
    Field,
    encode,
)
from scenario_runner.ul.contexts import Proposal
from scenario_runner.ul.fragments import fragments
from scenario_runner.ul.peer import Peer
from tests.archive.samples import CT_IMAGE, EXPLICIT, put, sample
from tests.pacs.wire import associate_rq, read_pdu

if TYPE_CHECKING:
    from pathlib import Path

PUSH_MODEL = "1.2.840.10008.1.20.1"
INSTANCE = "1.2.840.10008.1.20.1.1"
ACTION: Command = {
    Element.REQUESTED_SOP_CLASS_UID: PUSH_MODEL,
    Element.COMMAND_FIELD: Field.N_ACTION_RQ,
    Element.MESSAGE_ID: 1,
    Element.COMMAND_DATA_SET_TYPE: WITH_DATA_SET,
    Element.REQUESTED_SOP_INSTANCE_UID: INSTANCE,
    Element.ACTION_TYPE_ID: 1,
}
REPORT_TAKEN: Command = {
    Element.AFFECTED_SOP_CLASS_UID: PUSH_MODEL,
    Element.COMMAND_FIELD: Field.N_EVENT_REPORT_RSP,
    Element.MESSAGE_ID_BEING_RESPONDED_TO: 1,
    Element.COMMAND_DATA_SET_TYPE: NO_DATA_SET,
    Element.STATUS: 0,
}


class Requestor:
    """A modality that asks for commitment by hand, and listens for the result with pynetdicom.

    pynetdicom could ask as well, but its reactor is at odds with a report that follows at once.
    """

    def __init__(self) -> None:
        self.results: list[tuple[int, Dataset]] = []
        self.told = threading.Event()
        self.ae = AE("MODALITY")
        self.ae.add_supported_context(PUSH_MODEL, scu_role=True, scp_role=True)
        self.server = self.ae.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, self._take)]
        )
        assert self.server is not None
        assert self.server.socket is not None
        self.port: int = self.server.socket.getsockname()[1]

    def _take(self, event: Any) -> tuple[int, None]:
        self.results.append((event.request.EventTypeID, event.event_information))
        self.told.set()
        return 0x0000, None

    def ask(self, pacs: EmbeddedPacs, *instances: tuple[str, str], here: bool = True) -> Dataset:
        """Ask for commitment. here: the result is taken on this association, else elsewhere."""
        wanted = Dataset()
        wanted.TransactionUID = generate_uid()
        wanted.ReferencedSOPSequence = []
        for sop_class, instance in instances:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
            wanted.ReferencedSOPSequence.append(item)
        peer = Peer(
            host=pacs.host, port=pacs.port, ae_title="EMBEDDED", calling_ae_title="MODALITY"
        )
        proposals = [Proposal(abstract_syntax=PUSH_MODEL, transfer_syntaxes=(EXPLICIT,))]
        with Association.open(peer, proposals, Deadline(20)) as association:
            association.send(1, ACTION, [queries.encode(wanted, EXPLICIT)])
            answer = association.response(Field.N_ACTION_RQ, 1, 1)
            assert answer.command[Element.STATUS] == 0
            if here:
                self.take_here(association, peer)
        assert self.told.wait(10)
        return wanted

    def take_here(self, association: Association, peer: Peer) -> None:
        report = association.receive()
        event_type = report.command[Element.EVENT_TYPE_ID]
        assert isinstance(event_type, int)
        assert report.data is not None
        self.results.append((event_type, queries.decode(report.whole(), EXPLICIT, peer)))
        self.told.set()
        association.send(1, REPORT_TAKEN)

    def close(self) -> None:
        assert self.server is not None
        self.server.shutdown()


@pytest.fixture
def requestor() -> Any:
    requestor = Requestor()
    yield requestor
    requestor.close()


@pytest.mark.parametrize(("delivery", "here"), [("same", True), ("new", False), ("same", False)])
def test_what_is_stored_is_committed(
    tmp_path: Path, requestor: Requestor, delivery: Any, *, here: bool
) -> None:
    """The last of the three releases without waiting, and is told on another association."""
    options = PacsOptions(
        commitment=delivery,
        destinations={"MODALITY": Destination("127.0.0.1", requestor.port)},
    )
    with EmbeddedPacs(tmp_path, options=options) as pacs:
        for number in (1, 2):
            put(pacs.archive, sample(number=number))
        asked = requestor.ask(pacs, (CT_IMAGE, "1.2.3.1.1"), (CT_IMAGE, "1.2.3.1.2"), here=here)
    ((event_type, result),) = requestor.results
    assert event_type == 1
    assert result.TransactionUID == asked.TransactionUID
    assert [one.ReferencedSOPInstanceUID for one in result.ReferencedSOPSequence] == [
        "1.2.3.1.1", "1.2.3.1.2",
    ]  # fmt: skip
    assert "FailedSOPSequence" not in result


@pytest.mark.parametrize("leaving", ["abort", "close", "reset"])
def test_a_requester_that_goes_in_whatever_way_is_told_on_another_association(
    tmp_path: Path, requestor: Requestor, leaving: str
) -> None:
    options = PacsOptions(destinations={"MODALITY": Destination("127.0.0.1", requestor.port)})
    with EmbeddedPacs(tmp_path, options=options) as pacs:
        put(pacs.archive, sample())
        ask_and_leave(pacs, leaving)
        assert requestor.told.wait(10)
    ((event_type, result),) = requestor.results
    assert event_type == 1
    assert result.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.3.1.1"


def test_who_cannot_be_reached_is_told_on_the_next_association_it_opens(
    tmp_path: Path, requestor: Requestor
) -> None:
    with EmbeddedPacs(tmp_path) as pacs:
        put(pacs.archive, sample())
        ask_and_leave(pacs, "abort")
        peer = Peer(
            host=pacs.host, port=pacs.port, ae_title="EMBEDDED", calling_ae_title="MODALITY"
        )
        proposals = [Proposal(abstract_syntax=PUSH_MODEL, transfer_syntaxes=(EXPLICIT,))]
        end = time.monotonic() + 60
        while not requestor.results and time.monotonic() < end:
            with Association.open(peer, proposals, Deadline(20)) as association:
                if not association.idle(0.25):
                    requestor.take_here(association, peer)
    assert [event_type for event_type, _ in requestor.results] == [1]


@pytest.mark.parametrize("known", [False, True])
def test_what_was_promised_before_a_restart_is_told_after_it(
    tmp_path: Path, requestor: Requestor, known: bool
) -> None:
    with EmbeddedPacs(tmp_path) as pacs:
        put(pacs.archive, sample())
        ask_and_leave(pacs, "abort")
        end = time.monotonic() + 60
        while not list((tmp_path / "commitments").glob("*.json")) and time.monotonic() < end:
            time.sleep(0.02)
    destinations = {"MODALITY": Destination("127.0.0.1", requestor.port)} if known else {}
    with EmbeddedPacs(tmp_path, options=PacsOptions(destinations=destinations)) as pacs:
        peer = Peer(
            host=pacs.host, port=pacs.port, ae_title="EMBEDDED", calling_ae_title="MODALITY"
        )
        proposals = [Proposal(abstract_syntax=PUSH_MODEL, transfer_syntaxes=(EXPLICIT,))]
        while not known and not requestor.results and time.monotonic() < end:
            with Association.open(peer, proposals, Deadline(20)) as association:
                if not association.idle(0.25):
                    requestor.take_here(association, peer)
        assert not known or requestor.told.wait(60)
        while list((tmp_path / "commitments").iterdir()) and time.monotonic() < end + 60:
            time.sleep(0.02)
    assert [event_type for event_type, _ in requestor.results] == [1]
    assert list((tmp_path / "commitments").iterdir()) == []


def ask_and_leave(pacs: EmbeddedPacs, how: str) -> None:
    """Ask for commitment by hand and let go without reading an answer."""
    wanted = Dataset()
    wanted.TransactionUID = generate_uid()
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CT_IMAGE, "1.2.3.1.1"
    wanted.ReferencedSOPSequence = [item]
    with socket.create_connection((pacs.host, pacs.port), timeout=10) as sock:
        sock.sendall(associate_rq(PUSH_MODEL, EXPLICIT, calling="MODALITY"))
        assert read_pdu(sock)[0] == 2
        parts = [
            *fragments(1, [encode(ACTION)], 16384, command=True),
            *fragments(1, [queries.encode(wanted, EXPLICIT)], 16384, command=False),
        ]
        if how == "reset":
            # Closed with linger 0 the connection ends with RST, whatever is on its way.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.sendall(b"".join(map(bytes, parts)) + (pdu.abort(0) if how == "abort" else b""))
        if how == "reset":
            time.sleep(0.5)  # so that the request has been read before it is gone


def test_what_is_not_there_or_of_another_class_fails_with_its_reason(
    tmp_path: Path, requestor: Requestor
) -> None:
    mr = "1.2.840.10008.5.1.4.1.1.4"
    with EmbeddedPacs(tmp_path) as pacs:
        for number in (1, 2):
            put(pacs.archive, sample(number=number))
        requestor.ask(pacs, (CT_IMAGE, "1.2.3.1.1"), (CT_IMAGE, "9.9"), (mr, "1.2.3.1.2"))
    ((event_type, result),) = requestor.results
    assert event_type == 2
    assert len(result.ReferencedSOPSequence) == 1
    assert [(one.ReferencedSOPInstanceUID, one.FailureReason) for one in result.FailedSOPSequence] == [
        ("9.9", 0x0112), ("1.2.3.1.2", 0x0119),
    ]  # fmt: skip


def test_commitment_can_be_made_to_fail(tmp_path: Path, requestor: Requestor) -> None:
    options = PacsOptions(faults=parse_faults(["commit=0213,share=0.5"]))
    with EmbeddedPacs(tmp_path, options=options) as pacs:
        for number in (1, 2):
            put(pacs.archive, sample(number=number))
        requestor.ask(pacs, (CT_IMAGE, "1.2.3.1.1"), (CT_IMAGE, "1.2.3.1.2"))
    ((event_type, result),) = requestor.results
    assert event_type == 2
    assert [(one.ReferencedSOPInstanceUID, one.FailureReason) for one in result.FailedSOPSequence] == [
        ("1.2.3.1.1", 0x0213)
    ]  # fmt: skip

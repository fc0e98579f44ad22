"""A peer that is wrong where nothing is in doubt is understood, and the report says what it did."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset

from scenario_runner.deadline import Deadline
from scenario_runner.network.commit import Commitments, commit
from scenario_runner.network.echo import echo
from scenario_runner.network.queries import encode as encode_identifier
from scenario_runner.network.retrieve import get
from scenario_runner.network.store import store
from scenario_runner.ul import commands, pdu
from scenario_runner.ul.commands import NO_DATA_SET, WITH_DATA_SET, Command, Element, Field
from scenario_runner.ul.peer import Peer
from tests.network.hostile import Wire, hostile, pdv
from tests.network.objects import CT, PAIR, Study
from tests.pacs.wire import associate_rq, read_pdu
from tests.peers.processes import orthanc

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.pacs.server import EmbeddedPacs

EXPLICIT = PAIR[1]


def element(number: int, value: bytes, group: int = 0) -> bytes:
    return struct.pack("<HHI", group, number, len(value)) + value


def short(number: int, value: int) -> bytes:
    return element(number, value.to_bytes(2, "little"))


def grouped(*elements: bytes) -> bytes:
    body = b"".join(elements)
    return element(0, struct.pack("<I", len(body))) + body


FIELD = short(Element.COMMAND_FIELD, Field.C_ECHO_RSP)
TO = short(Element.MESSAGE_ID_BEING_RESPONDED_TO, 1)
NOTHING = short(Element.COMMAND_DATA_SET_TYPE, NO_DATA_SET)
STATUS = short(Element.STATUS, 0)
UID = element(Element.AFFECTED_SOP_CLASS_UID, b"1.2.840.10008.1.1 ")
RIGHT = grouped(FIELD, TO, NOTHING, STATUS)

SLOPPY: dict[str, tuple[bytes, str]] = {
    "elements out of order": (pdv(1, grouped(STATUS, NOTHING, FIELD, TO), 3), "out of order"),
    "no group length": (pdv(1, FIELD + TO + NOTHING + STATUS, 3), "left the group length out"),
    "a wrong group length": (
        pdv(1, element(0, b"\1\0\0\0") + FIELD + TO + NOTHING + STATUS, 3), "group length"
    ),
    "an element of another group": (
        pdv(1, RIGHT + element(0x0058, b"1.2.3\0", group=8), 3), "(0008,0058)"
    ),
    "an element twice": (pdv(1, grouped(FIELD, TO, NOTHING, STATUS, STATUS), 3), "out of order"),
    "an odd length": (
        pdv(1, grouped(FIELD, TO, NOTHING, STATUS, element(Element.ERROR_COMMENT, b"odd")), 3),
        "no even length",
    ),
    "a UID padded with a space": (pdv(1, grouped(UID, FIELD, TO, NOTHING, STATUS), 3), "a space"),
    "an element without a value": (
        pdv(1, grouped(FIELD, TO, NOTHING, STATUS, element(Element.REMAINING, b"")), 3),
        "without a value",
    ),
    "no CommandDataSetType": (pdv(1, grouped(FIELD, TO, STATUS), 3), "CommandDataSetType"),
    "an empty fragment": (pdv(1, b"", 1) + pdv(1, RIGHT, 3), "an empty fragment"),
    "an empty PDU": (struct.pack(">BxI", 4, 0) + pdv(1, RIGHT, 3), "without a PDV"),
}  # fmt: skip


@pytest.mark.parametrize("how", SLOPPY)
def test_the_answer_counts_and_the_fault_is_noted(how: str) -> None:
    answer, noted = SLOPPY[how]

    def behave(wire: Wire) -> None:
        wire.accept()
        wire.read_message()
        wire.send(answer)
        wire.hang()

    with hostile(behave) as peer:
        result = echo(peer, Deadline(20))
    assert result.status == 0
    assert len(result.association["notes"]) == 1
    assert noted in result.association["notes"][0]


@pytest.mark.parametrize("how", SLOPPY)
def test_the_embedded_pacs_understands_it_as_well(pacs: EmbeddedPacs, how: str) -> None:
    sloppy, _ = SLOPPY[how]
    request = sloppy.replace(FIELD, short(Element.COMMAND_FIELD, Field.C_ECHO_RQ))
    request = request.replace(TO, short(Element.MESSAGE_ID, 1))
    with socket.create_connection((pacs.host, pacs.port), timeout=5) as sock:
        sock.sendall(associate_rq())
        assert read_pdu(sock)[0] == pdu.ASSOCIATE_AC
        sock.sendall(request)
        kind, body = read_pdu(sock)
    assert kind == pdu.P_DATA
    assert commands.decode(body[6:])[Element.STATUS] == 0


def test_a_pdu_whose_length_was_counted_otherwise_is_read(pacs: EmbeddedPacs) -> None:
    """Some take the maximum for that of a PDV, and send PDUs that are six bytes longer."""
    longest = pacs.options.maximum_pdu
    request: Command = {
        Element.AFFECTED_SOP_CLASS_UID: CT,
        Element.COMMAND_FIELD: Field.C_STORE_RQ,
        Element.MESSAGE_ID: 1,
        Element.PRIORITY: 0,
        Element.COMMAND_DATA_SET_TYPE: WITH_DATA_SET,
        Element.AFFECTED_SOP_INSTANCE_UID: "2.25.1",
    }
    with socket.create_connection((pacs.host, pacs.port), timeout=5) as sock:
        sock.sendall(associate_rq(CT, EXPLICIT))
        assert read_pdu(sock)[0] == pdu.ASSOCIATE_AC
        sock.sendall(pdv(1, commands.encode(request), 3) + pdv(1, bytes(longest), 2))
        kind, body = read_pdu(sock)
    assert kind == pdu.P_DATA
    assert commands.decode(body[6:])[Element.STATUS] == 0xA900  # padding alone has no UIDs


def test_both_may_ask_for_release_at_once() -> None:
    """PS3.8 7.2.2.7: whoever asked for the association answers first, then is answered."""
    said: list[int] = []

    def collide(wire: Wire) -> None:
        wire.accept()
        context_id, command, _ = wire.read_message()
        wire.answer(context_id, command)
        said.append(wire.read_pdu()[0])
        wire.send(pdu.release(pdu.RELEASE_RQ))
        said.append(wire.read_pdu()[0])
        wire.send(pdu.release(pdu.RELEASE_RP))

    with hostile(collide) as peer:
        assert echo(peer, Deadline(20)).status == 0
    assert said == [pdu.RELEASE_RQ, pdu.RELEASE_RP]


def test_a_commitment_report_may_come_before_the_answer_to_the_request() -> None:
    def report_first(wire: Wire) -> None:
        wire.accept()
        context_id, request, _ = wire.read_message()
        asked = read_identifier(wire.data)
        report = Dataset()
        report.TransactionUID = asked.TransactionUID
        report.ReferencedSOPSequence = asked.ReferencedSOPSequence
        event: dict[int, int | str] = {
            Element.AFFECTED_SOP_CLASS_UID: "1.2.840.10008.1.20.1",
            Element.COMMAND_FIELD: Field.N_EVENT_REPORT_RQ,
            Element.MESSAGE_ID: 9,
            Element.COMMAND_DATA_SET_TYPE: WITH_DATA_SET,
            Element.AFFECTED_SOP_INSTANCE_UID: "1.2.840.10008.1.20.1.1",
            Element.EVENT_TYPE_ID: 1,
        }
        wire.send(pdv(context_id, commands.encode(event), 3))
        wire.send(pdv(context_id, encode_identifier(report, EXPLICIT), 2))
        wire.answer(context_id, request)
        wire.read_message()

    with hostile(report_first) as peer:
        result = commit(peer, [(CT, "2.25.7")], Commitments(), 10.0, Deadline(20))
    assert list(result.committed) == ["2.25.7"]
    assert result.delivery == "same association"


def read_identifier(data: bytes) -> Any:
    from io import BytesIO

    from pydicom.filereader import read_dataset

    return read_dataset(BytesIO(data), is_implicit_VR=False, is_little_endian=True)


@pytest.mark.peer
def test_the_status_of_a_failed_retrieve_from_orthanc_is_told(tmp_path: Path) -> None:
    """Orthanc 1.10.1 puts the list of failed instances into the command set."""
    study = Study()
    with orthanc(tmp_path) as server:
        peer = Peer(host=server.host, port=server.port, ae_title=server.ae_title)
        assert [a.status for a in store(peer, study.instances(1), [PAIR], Deadline(30))] == [0]
        wanted = Dataset()
        wanted.QueryRetrieveLevel, wanted.StudyInstanceUID = "STUDY", study.uid
        lossless = (CT, "1.2.840.10008.1.2.4.70")
        result = get(peer, "study", wanted, [lossless], print, Deadline(30))
    assert (result.status, result.failed) == (0xC000, 1)
    assert any("(0008,0058)" in note for note in result.association["notes"])

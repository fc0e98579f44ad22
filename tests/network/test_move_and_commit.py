"""What comes back on an association that the PACS opens: C-MOVE and storage commitment."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import struct
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.filereader import read_dataset

from scenario_runner.answers import Received
from scenario_runner.deadline import Deadline
from scenario_runner.dicom.syntaxes import EXPLICIT_LE
from scenario_runner.errors import MachineError, OperationFailed, PeerTimeout
from scenario_runner.network.commit import Commitments, commit
from scenario_runner.network.echo import echo
from scenario_runner.network.move import move
from scenario_runner.network.queries import encode
from scenario_runner.network.receiver import Receiver
from scenario_runner.network.store import store
from scenario_runner.ul import commands
from scenario_runner.ul.commands import Element
from scenario_runner.ul.peer import Limits, LocalEntity, Peer
from tests.network.hostile import Wire, hostile, pdv
from tests.network.objects import CT, PAIR, Encoded, Study
from tests.peers.processes import Modality, Server, dcmqrscp, free_port, orthanc, storescp

if TYPE_CHECKING:
    from pathlib import Path

AE_TITLE = "FABRICATE"


def _peer(server: Server) -> Peer:
    return Peer(host=server.host, port=server.port, ae_title=server.ae_title, response_timeout=10)


def _study(study: Study) -> Dataset:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.StudyInstanceUID = study.uid
    return identifier


def _send(peer: Peer, study: Study, count: int) -> dict[str, Encoded]:
    sent = {i.sop_instance_uid: i for i in study.instances(count)}
    assert {a.status for a in store(peer, sent.values(), [PAIR], Deadline(30))} == {0}
    return sent


@pytest.mark.peer
@pytest.mark.parametrize("start", [orthanc, dcmqrscp])
def test_a_move_to_our_receiver_brings_every_instance_unchanged(
    start: object, tmp_path: Path
) -> None:
    port, study = free_port(), Study()
    received: list[Received] = []
    with start(tmp_path, **_knowing(start, port)) as server:  # type: ignore[operator]
        peer = _peer(server)
        sent = _send(peer, study, 30)
        receiver = Receiver(
            LocalEntity(AE_TITLE, "127.0.0.1", port), contexts=[PAIR], on_instance=received.append
        )
        with receiver:
            receiver.start(Deadline(5))
            answer = move(peer, "study", _study(study), AE_TITLE, Deadline(30))
    assert (answer.status, answer.failed) == (0, 0)
    assert receiver.failure is None
    assert {r.sop_instance_uid: bytes(r.data) for r in received} == {
        uid: instance.data for uid, instance in sent.items()
    }


def _knowing(start: object, port: int) -> dict[str, list[Modality]]:
    known = [Modality(AE_TITLE, port), Modality("THIRD", port)]
    return {"modalities" if start is orthanc else "peers": known}


@pytest.mark.peer
def test_a_move_to_a_third_ae_arrives_there(tmp_path: Path) -> None:
    study = Study()
    with storescp(tmp_path, ae_title="THIRD") as third:
        known = [Modality(AE_TITLE, free_port()), Modality("THIRD", third.port)]
        with dcmqrscp(tmp_path, peers=known) as server:
            _send(_peer(server), study, 4)
            answer = move(_peer(server), "study", _study(study), "THIRD", Deadline(30))
        assert (answer.status, answer.completed) == (0, 4)
        assert len(list(third.folder.iterdir())) == 4


@pytest.mark.peer
def test_a_move_to_an_unknown_destination_is_a801(tmp_path: Path) -> None:
    with dcmqrscp(tmp_path) as server:
        study = Study()
        _send(_peer(server), study, 1)
        answer = move(_peer(server), "study", _study(study), "NOBODY", Deadline(30))
    assert answer.status == 0xA801


@pytest.mark.peer
def test_a_sink_that_fails_makes_the_sub_operations_fail(tmp_path: Path) -> None:
    port, study = free_port(), Study()

    def full(instance: Received) -> None:
        raise OSError(28, "No space left on device")

    with dcmqrscp(tmp_path, peers=[Modality(AE_TITLE, port)]) as server:
        _send(_peer(server), study, 2)
        with Receiver(
            LocalEntity(AE_TITLE, "127.0.0.1", port), contexts=[PAIR], on_instance=full
        ) as receiver:
            receiver.start(Deadline(5))
            answer = move(_peer(server), "study", _study(study), AE_TITLE, Deadline(30))
    assert isinstance(receiver.failure, OSError)
    assert answer.failed == 2
    assert answer.status != 0


def test_the_receiver_answers_echo_and_stores_from_our_own_sender() -> None:
    received: list[Received] = []
    study = Study()
    with Receiver(
        LocalEntity(AE_TITLE, "127.0.0.1", 0), contexts=[PAIR], on_instance=received.append
    ) as receiver:
        receiver.start(Deadline(5))
        peer = Peer(host="127.0.0.1", port=receiver.port, ae_title=AE_TITLE)
        assert echo(peer, Deadline(5)).status == 0
        answers = list(store(peer, study.instances(50, 512), [PAIR], Deadline(30)))
        alien = Encoded("1.2.840.10008.5.1.4.1.1.4", "1.2.3", PAIR[1], [b"\0\0"])
        pair = (alien.sop_class_uid, PAIR[1])
        [refused] = store(peer, [alien], [pair], Deadline(30))
    assert {a.status for a in answers} == {0}
    assert len(received) == 50
    assert "no accepted presentation context" in refused.comment


def test_a_taken_port_is_waited_for_and_then_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        receiver = Receiver(LocalEntity(AE_TITLE, "127.0.0.1", taken.getsockname()[1]))
        with receiver, pytest.raises(MachineError, match="cannot listen"):
            receiver.start(Deadline(0.6))


def test_rubbish_sent_to_the_receiver_does_not_end_it() -> None:
    with Receiver(LocalEntity(AE_TITLE, "127.0.0.1", 0)) as receiver:
        receiver.start(Deadline(5))
        for rubbish in (b"GET / HTTP/1.1\r\n\r\n", b"\x01\x00\x00\x00\x00\x04abcd", b""):
            with socket.create_connection(("127.0.0.1", receiver.port), 5) as sock:
                sock.sendall(rubbish)
        peer = Peer(host="127.0.0.1", port=receiver.port, ae_title=AE_TITLE)
        assert echo(peer, Deadline(5)).status == 0


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=400))
def test_any_association_request_leaves_the_receiver_working(rubbish: bytes) -> None:
    body = struct.pack(">HxxxxxxxxxxxxxxxxxxBB", 1, 65, 65) + rubbish
    with Receiver(LocalEntity(AE_TITLE, "127.0.0.1", 0)) as receiver:
        receiver.start(Deadline(5))
        with socket.create_connection(("127.0.0.1", receiver.port), 5) as sock:
            sock.sendall(struct.pack(">BxI", 1, len(body)) + body)
            sock.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionError):
                while sock.recv(4096):
                    pass
        peer = Peer(host="localhost", port=receiver.port, ae_title=AE_TITLE)
        assert echo(peer, Deadline(5)).status == 0


@pytest.mark.peer
def test_orthanc_commits_itself_to_what_it_has_and_names_what_it_has_not(tmp_path: Path) -> None:
    port, study = free_port(), Study()
    with orthanc(tmp_path, modalities=[Modality(AE_TITLE, port)]) as server:
        sent = _send(_peer(server), study, 3)
        reports = Commitments()
        with Receiver(LocalEntity(AE_TITLE, "127.0.0.1", port), on_event=reports.take) as receiver:
            receiver.start(Deadline(5))
            asked = [(CT, uid) for uid in (*sent, "1.2.3.4.5")]
            answer = commit(_peer(server), asked, reports, 15, Deadline(30))
    assert set(answer.committed) == set(sent)
    assert answer.failed == {"1.2.3.4.5": 0x0112}
    assert answer.delivery == "association of the peer"


def _requested(wire: Wire) -> tuple[int, Dataset]:
    """Take an N-ACTION and promise to look into it."""
    wire.accept()
    context_id, request, _ = wire.read_message()
    asked = read_dataset(BytesIO(wire.data), is_implicit_VR=False, is_little_endian=True)
    wire.answer(context_id, request)
    return context_id, asked


def _report_here(wire: Wire, transaction: str | None) -> None:
    """Answer N-ACTION and report on the same association that all of it is safe."""
    context_id, asked = _requested(wire)
    if transaction is not None:
        asked.TransactionUID = transaction
    _report(wire, context_id, asked)


def _report(wire: Wire, context_id: int, asked: Dataset) -> None:
    command: dict[int, int | str] = {
        Element.AFFECTED_SOP_CLASS_UID: "1.2.840.10008.1.20.1",
        Element.COMMAND_FIELD: 0x0100,
        Element.MESSAGE_ID: 1,
        Element.EVENT_TYPE_ID: 1,
        Element.COMMAND_DATA_SET_TYPE: 1,
    }
    wire.send(pdv(context_id, commands.encode(command), 3))
    wire.send(pdv(context_id, encode(asked, EXPLICIT_LE), 2))
    wire.read_message()
    wire.hang()


def test_a_report_on_the_same_association_is_taken() -> None:
    with hostile(lambda wire: _report_here(wire, None)) as peer:
        answer = commit(peer, [(CT, "1.2"), (CT, "1.3")], Commitments(), 10, Deadline(20))
    assert (answer.committed, answer.failed) == ({"1.2": CT, "1.3": CT}, {})
    assert answer.delivery == "same association"


def test_a_report_may_be_longer_than_an_answer_to_a_query() -> None:
    """One of 50,000 instances was told to break the protocol."""
    asked = [(CT, f"1.2.{number}") for number in range(100)]
    with hostile(lambda wire: _report_here(wire, None)) as peer:
        peer = dataclasses.replace(peer, limits=Limits(identifier=1_000))
        answer = commit(peer, asked, Commitments(), 10, Deadline(20))
    assert len(answer.committed) == 100


def test_a_report_on_the_next_association_we_open_is_taken() -> None:
    promised: list[Dataset] = []

    def later(wire: Wire) -> None:
        if not promised:
            promised.append(_requested(wire)[1])
            return
        wire.accept()
        _report(wire, 1, promised[0])

    with hostile(later) as peer:
        answer = commit(peer, [(CT, "1.2")], Commitments(), 10, Deadline(20))
    assert answer.committed == {"1.2": CT}
    assert answer.delivery == "later association"


def test_a_report_for_another_transaction_is_not_taken_for_ours() -> None:
    with (
        hostile(lambda wire: _report_here(wire, "1.2.3")) as peer,
        pytest.raises(PeerTimeout, match="within 1 s"),
    ):
        commit(peer, [(CT, "1.2")], Commitments(), 1, Deadline(20))


def test_a_refused_commitment_request_is_a_failed_operation() -> None:
    def refuse(wire: Wire) -> None:
        wire.accept()
        context_id, request, _ = wire.read_message()
        wire.answer(context_id, request, 0x0110, error_comment="not today")

    with hostile(refuse) as peer, pytest.raises(OperationFailed, match=r"0110H, not today"):
        commit(peer, [(CT, "1.2")], Commitments(), 1, Deadline(20))


def test_what_a_move_lists_as_failed_counts_as_failed_under_any_status() -> None:
    failed = Dataset()
    failed.FailedSOPInstanceUIDList = ["1.2.3", "1.2.4"]

    def contradict(wire: Wire) -> None:
        wire.accept()
        context_id, request, _ = wire.read_message()
        wire.answer(context_id, request, 0x0000, encode(failed, EXPLICIT_LE), completed=2, failed=0)

    with hostile(contradict) as peer:
        answer = move(peer, "study", _study(Study()), "SOMEBODY", Deadline(10))
    assert (answer.status, answer.failed, answer.failed_uids) == (0, 2, ("1.2.3", "1.2.4"))


def test_a_report_of_success_that_lists_a_failure_commits_nothing_of_it() -> None:
    def contradict(wire: Wire) -> None:
        context_id, asked = _requested(wire)
        bad = Dataset()
        bad.ReferencedSOPInstanceUID = "1.2"
        bad.FailureReason = 0xB00E
        asked.FailedSOPSequence = [bad]
        _report(wire, context_id, asked)

    with hostile(contradict) as peer:
        answer = commit(peer, [(CT, "1.2"), (CT, "1.3")], Commitments(), 10, Deadline(20))
    assert answer.failed == {"1.2": 0xB00E}

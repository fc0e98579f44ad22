"""C-MOVE to destinations of the table, asked for by movescu."""

from __future__ import annotations

import contextlib
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE, build_role, evt

from scenario_runner.deadline import Deadline
from scenario_runner.dicom.sop_classes import STUDY_ROOT, storage_classes
from scenario_runner.network import queries
from scenario_runner.pacs.options import Destination, PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.ul.association import Association
from scenario_runner.ul.commands import Command, Element, Field
from scenario_runner.ul.contexts import MAX_CONTEXTS, Proposal
from scenario_runner.ul.peer import Peer
from tests.archive.samples import CT_IMAGE, EXPLICIT, IMPLICIT, put, sample
from tests.pacs.asking import only_asking
from tests.peers.processes import free_port, storescp

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pacs.conftest import Dcmtk

pytestmark = pytest.mark.peer

STUDY = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3")


def pacs_knowing(folder: Path, **destinations: int) -> EmbeddedPacs:
    table = {title: Destination("127.0.0.1", port) for title, port in destinations.items()}
    return EmbeddedPacs(folder, options=PacsOptions(destinations=table))


def test_movescu_moves_a_study_to_itself(dcmtk: Dcmtk, tmp_path: Path) -> None:
    port = free_port()
    got = tmp_path / "got"
    got.mkdir()
    sent = [sample(number=n, series=n % 2 + 1) for n in range(1, 6)]
    with pacs_knowing(tmp_path / "pacs", WORKSTATION=port) as pacs:
        for one in sent:
            put(pacs.archive, one)
        run = dcmtk(
            "movescu", "-v", "-S", "-aet", "WORKSTATION", "-aem", "WORKSTATION", "+P", str(port),
            "-od", got, *STUDY, pacs.host, str(pacs.port),
        )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "Success" in run.stdout + run.stderr
    files = {str(ds.SOPInstanceUID): ds for ds in map(dcmread, got.iterdir())}
    assert len(files) == 5
    for one in sent:
        assert files[one.sop_instance_uid] == dcmread(BytesIO(one.file))


@pytest.mark.parametrize(("accepts", "stored"), [("+xi", EXPLICIT), ("+xe", IMPLICIT)])
def test_a_third_party_gets_what_it_can_read(
    dcmtk: Dcmtk, tmp_path: Path, accepts: str, stored: str
) -> None:
    port = free_port()
    one = sample(transfer_syntax=stored)
    with (
        pacs_knowing(tmp_path / "pacs", THIRD=port) as pacs,
        storescp(tmp_path, port=port, options=[accepts]) as third,
    ):
        put(pacs.archive, one)
        run = dcmtk("movescu", "-S", "-aem", "THIRD", *STUDY, pacs.host, str(pacs.port))
        assert run.returncode == 0, run.stderr
    (file,) = third.folder.iterdir()
    assert dcmread(file) == dcmread(BytesIO(one.file))


def test_more_sop_classes_than_one_association_has_contexts_for_are_moved_over_several(
    dcmtk: Dcmtk, tmp_path: Path
) -> None:
    classes = storage_classes()[: MAX_CONTEXTS + 2]
    with (
        EmbeddedPacs(tmp_path / "b", ae_title="B") as b,
        pacs_knowing(tmp_path / "a", B=b.port) as a,
    ):
        for number, sop_class in enumerate([*classes, *classes[:3]]):
            put(a.archive, sample(number=number + 1, SOPClassUID=sop_class))
        run = dcmtk("movescu", "-S", "-aem", "B", *STUDY, a.host, str(a.port))
        assert run.returncode == 0, run.stdout + run.stderr
        assert b.archive.counts().instances == len(classes) + 3


def test_of_a_class_in_more_transfer_syntaxes_than_there_are_contexts_the_first_are_moved(
    tmp_path: Path,
) -> None:
    with (
        EmbeddedPacs(tmp_path / "b", ae_title="THIRD") as third,
        pacs_knowing(tmp_path / "a", THIRD=third.port) as pacs,
    ):
        for number in range(1, MAX_CONTEXTS + 3):
            one = sample(number=number)
            private = f"2.25.{number}"
            pacs.archive.store(one.sop_class_uid, one.sop_instance_uid, private, [one.data])
        final, command = moved(pacs, priority=0)
        assert final == 0xB000
        assert (command[Element.COMPLETED], command[Element.FAILED]) == (MAX_CONTEXTS, 2)
        assert third.archive.counts().instances == MAX_CONTEXTS


def test_an_unknown_destination_is_answered_with_a801(dcmtk: Dcmtk, tmp_path: Path) -> None:
    with pacs_knowing(tmp_path) as pacs:
        put(pacs.archive, sample())
        run = dcmtk("movescu", "-d", "-S", "-aem", "NOWHERE", *STUDY, pacs.host, str(pacs.port))
    told = (run.stdout + run.stderr).lower()
    assert "0xa801" in told
    assert "no destination is known as nowhere" in told


def test_a_destination_that_is_down_is_answered_with_the_failed_instances(
    dcmtk: Dcmtk, tmp_path: Path
) -> None:
    with pacs_knowing(tmp_path, DOWN=free_port()) as pacs:
        for number in (1, 2):
            put(pacs.archive, sample(number=number))
        run = dcmtk("movescu", "-d", "-S", "-aem", "DOWN", *STUDY, pacs.host, str(pacs.port))
    told = run.stdout + run.stderr
    assert "0xa702" in told.lower()
    assert "1.2.3.1.1\\1.2.3.1.2" in told


def test_one_pacs_moves_to_another(dcmtk: Dcmtk, tmp_path: Path) -> None:
    with (
        EmbeddedPacs(tmp_path / "b", ae_title="B") as b,
        pacs_knowing(tmp_path / "a", B=b.port) as a,
    ):
        for number in range(1, 21):
            put(a.archive, sample(number=number))
        run = dcmtk("movescu", "-S", "-aem", "B", *STUDY, a.host, str(a.port))
        assert run.returncode == 0, run.stderr
        assert b.archive.counts().instances == 20


@pytest.mark.parametrize(("accepts", "received"), [("+xi", IMPLICIT), ("+xe", EXPLICIT)])
def test_compressed_images_are_decompressed_for_a_destination_that_takes_nothing_else(
    dcmtk: Dcmtk, tmp_path: Path, accepts: str, received: str
) -> None:
    port = free_port()
    one = sample(size=64)
    plain, compressed = tmp_path / "plain.dcm", tmp_path / "compressed.dcm"
    plain.write_bytes(one.file)
    assert dcmtk("dcmcjpls", plain, compressed).returncode == 0
    with (
        pacs_knowing(tmp_path / "pacs", THIRD=port) as pacs,
        storescp(tmp_path, port=port, options=[accepts]) as third,
    ):
        assert dcmtk("dcmsend", pacs.host, str(pacs.port), compressed).returncode == 0
        run = dcmtk("movescu", "-S", "-aem", "THIRD", *STUDY, pacs.host, str(pacs.port))
        assert run.returncode == 0, run.stderr
    (file,) = third.folder.iterdir()
    back, sent = dcmread(file), dcmread(BytesIO(one.file))
    assert back.file_meta.TransferSyntaxUID == received
    assert back.PixelData == sent.PixelData
    del back.PixelData, sent.PixelData
    assert back == sent


def test_a_warning_of_a_destination_shows_in_the_final_status_and_the_priority_is_passed_on(
    tmp_path: Path,
) -> None:
    """B000 when a sub-operation warned (PS3.4 C.4.2.3.1); its priority is the request's (C.4.2.1.2)."""
    priorities: list[int] = []

    def coerce(event: Any) -> int:
        priorities.append(event.request.Priority)
        return 0xB000 if len(priorities) == 1 else 0x0000

    ae = AE("THIRD")
    ae.add_supported_context(CT_IMAGE)
    with contextlib.ExitStack() as stack:
        server = ae.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, coerce)]
        )
        assert server is not None
        assert server.socket is not None
        stack.callback(server.shutdown)
        pacs = stack.enter_context(pacs_knowing(tmp_path, THIRD=server.socket.getsockname()[1]))
        for number in (1, 2):
            put(pacs.archive, sample(number=number))
        final, command = moved(pacs, priority=1)
    assert priorities == [1, 1]
    assert final == 0xB000
    assert (command[Element.COMPLETED], command[Element.WARNING]) == (1, 1)
    assert command[Element.FAILED] == 0


def moved(pacs: EmbeddedPacs, priority: int) -> tuple[int, Command]:
    """Move the study to THIRD; the final status and the whole answer."""
    keys = Dataset()
    keys.QueryRetrieveLevel, keys.StudyInstanceUID = "STUDY", "1.2.3"
    peer = Peer(host=pacs.host, port=pacs.port, ae_title="EMBEDDED")
    proposals = [Proposal(abstract_syntax=STUDY_ROOT.move, transfer_syntaxes=(EXPLICIT,))]
    with Association.open(peer, proposals, Deadline(30)) as association:
        request: Command = {
            Element.AFFECTED_SOP_CLASS_UID: STUDY_ROOT.move,
            Element.COMMAND_FIELD: Field.C_MOVE_RQ,
            Element.MESSAGE_ID: 5,
            Element.PRIORITY: priority,
            Element.MOVE_DESTINATION: "THIRD",
        }
        association.send(1, request, [queries.encode(keys, EXPLICIT)])
        while True:
            answer = association.response(Field.C_MOVE_RQ, 5, 1)
            if answer.status != 0xFF00:
                return answer.status, answer.command


def test_a_warning_of_a_requester_shows_in_the_final_status_of_its_c_get(tmp_path: Path) -> None:
    """As for C-MOVE (PS3.4 C.4.3.2), and the priority of the request is that of its sub-operations."""
    priorities: list[int] = []

    def coerce(event: Any) -> int:
        priorities.append(event.request.Priority)
        return 0xB007 if len(priorities) == 1 else 0x0000

    keys = Dataset()
    keys.QueryRetrieveLevel, keys.StudyInstanceUID = "STUDY", "1.2.3"
    ae = AE("ASKER")
    ae.add_requested_context(STUDY_ROOT.get)
    ae.add_requested_context(CT_IMAGE)
    with pacs_knowing(tmp_path) as pacs:
        for number in (1, 2):
            put(pacs.archive, sample(number=number))
        association = ae.associate(
            pacs.host, pacs.port, ext_neg=[build_role(CT_IMAGE, scp_role=True)],
            evt_handlers=[(evt.EVT_C_STORE, coerce)],
        )  # fmt: skip
        assert association.is_established
        with only_asking(association):
            *_, (final, _) = association.send_c_get(keys, STUDY_ROOT.get, priority=2)
        association.release()
    assert priorities == [2, 2]
    assert final.Status == 0xB000
    assert final.NumberOfCompletedSuboperations == 1
    assert final.NumberOfWarningSuboperations == 1
    assert final.NumberOfFailedSuboperations == 0

"""Orders by HL7 become worklist items of the embedded PACS, and patients follow their messages."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from pydicom import Dataset

from scenario_runner.answers import Acknowledged
from scenario_runner.deadline import Deadline
from scenario_runner.network.find import Query, find
from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.mllp.client import Mllp
from scenario_runner.orders.mllp.framing import Blocks, framed
from scenario_runner.orders.order import Order
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.ordered_items import WorklistFiles
from scenario_runner.pacs.ris import Ris
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.ul.peer import Peer
from tests.archive.samples import sample
from tests.orders.hl7.feeds import OBR, PID, message, order


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[EmbeddedPacs]:
    with EmbeddedPacs(tmp_path / "pacs", options=PacsOptions(station="CT1")) as running:
        running.open_hl7()
        yield running


def tell(pacs: EmbeddedPacs, *messages: bytes) -> list[Acknowledged]:
    peer = Peer(host="127.0.0.1", port=pacs.open_hl7(), ae_title="HL7", response_timeout=10)
    with Mllp.open(peer, Deadline(30)) as connection:
        return [connection.send(one, Deadline(30)) for one in messages]


def scheduled(pacs: EmbeddedPacs, **match: str) -> list[Dataset]:
    wanted = Dataset()
    for keyword in (
        "PatientName",
        "PatientID",
        "AccessionNumber",
        "StudyInstanceUID",
        "PatientSex",
    ):
        setattr(wanted, keyword, match.get(keyword, ""))
    step = Dataset()
    for keyword in (
        "Modality",
        "ScheduledStationAETitle",
        "ScheduledProcedureStepStartDate",
        "ScheduledProcedureStepID",
    ):
        setattr(step, keyword, "")
    wanted.ScheduledProcedureStepSequence = [step]
    peer = Peer(host="127.0.0.1", port=pacs.port, ae_title="EMBEDDED")
    (answer,) = find(peer, [Query(level="worklist", identifier=wanted)], Deadline(30))
    return answer.matches


def ordered(number: int, *, control: str = "NW", message_id: str = "") -> bytes:
    obr = OBR.replace("PL1", f"PL{number}").replace("FI1", f"FI{number}")
    return order(
        orc=f"ORC|{control}|PL{number}|FI{number}",
        obr=obr.replace("ACC1", f"ACC{number}"),
        control=message_id or f"M{number}",
    )


def test_an_order_is_on_the_worklist_and_a_cancel_takes_it_off(pacs: EmbeddedPacs) -> None:
    (answer,) = tell(pacs, ordered(1))
    assert (answer.code, Message.read(answer.message).kind) == ("AA", "ORR^O02")
    (item,) = scheduled(pacs, AccessionNumber="ACC1")
    assert (item.PatientName, item.PatientID, item.PatientSex) == ("TESTER^EVA", "P1", "F")
    step = item.ScheduledProcedureStepSequence[0]
    assert (step.Modality, step.ScheduledStationAETitle) == ("CT", "CT1")
    assert [one.code for one in tell(pacs, ordered(1, control="CA", message_id="M9"))] == ["AA"]
    assert scheduled(pacs) == []


@pytest.mark.parametrize(
    ("second", "words", "condition"),
    [
        (ordered(1, message_id="M2"), "is here already", "205"),
        (ordered(2).replace(b"ACC2", b"ACC1"), "another order's", "205"),
        (ordered(2).replace(b"ACC2", b"A" * 17), "takes 16", "102"),
        (ordered(3, control="CA"), "no order PL3", "204"),
        (ordered(3, control="QQ"), "not known here", "103"),
        (ordered(2, message_id="M1"), "control ID", "207"),
        (ordered(2).replace(b"P1^^^HOSP^MR", b""), "no patient identifier", "101"),
        (message("PV1|1|I", OBR, control="M2"), "no PID", "100"),
        (message(PID, control="M2", kind="SIU^S12"), "not done here", "200"),
        (message(PID, control="M2", kind="OML^O21"), "not done here", "200"),
        (message(PID, control="M2", kind="ADT^A24"), "not done here", "201"),
        (b"GET / HTTP/1.1", "no MSH", ""),
    ],
)
def test_what_cannot_be_done_is_refused_in_words_and_changes_nothing(
    pacs: EmbeddedPacs, second: bytes, words: str, condition: str
) -> None:
    tell(pacs, ordered(1))
    if second.startswith(b"GET"):
        said = (
            Ris(pacs.archive, WorklistFiles(pacs.worklist), "CT1").answer(second, "test").blocks[0]
        )
        assert words in Message.read(said).text("MSA-3")
    else:
        (answer,) = tell(pacs, second)
        assert answer.code in ("AE", "AR")
        assert words in answer.text
        assert Message.read(answer.message).text("ERR-3") == condition
    assert [item.AccessionNumber for item in scheduled(pacs)] == ["ACC1"]


def test_a_message_that_is_sent_again_is_done_once_and_answered_alike(pacs: EmbeddedPacs) -> None:
    first, again = tell(pacs, ordered(1), ordered(1))
    assert first.message == again.message
    assert len(scheduled(pacs)) == 1


def test_two_orders_of_a_message_are_taken_together_or_not_at_all(pacs: EmbeddedPacs) -> None:
    tell(pacs, ordered(1))
    both = ordered(2) + b"ORC|NW|PL1|FI1\r" + OBR.encode() + b"\r"
    (answer,) = tell(pacs, both)
    assert answer.code == "AE"
    assert [item.AccessionNumber for item in scheduled(pacs)] == ["ACC1"]


def test_an_update_and_a_merge_reach_worklist_and_archive(pacs: EmbeddedPacs) -> None:
    stored = sample("1.2.3", PatientID="P1", PatientName="TESTER^EVA", AccessionNumber="OLD")
    pacs.archive.store(
        stored.sop_class_uid, stored.sop_instance_uid, stored.transfer_syntax_uid, [stored.data]
    )
    tell(pacs, ordered(1))
    update = message(PID.replace("TESTER^EVA", "NEUMANN^EVA"), kind="ADT^A08", control="U1")
    merge = message(
        PID.replace("P1^^^HOSP^MR||TESTER^EVA", "P7^^^HOSP^MR||MÜLLER^EVA"),
        "MRG|P1^^^HOSP^MR",
        kind="ADT^A40", control="U2", charset="UNICODE UTF-8",
    )  # fmt: skip
    assert tell(pacs, update)[0].code == "AA"
    (item,) = scheduled(pacs)
    assert item.PatientName == "NEUMANN^EVA"
    assert tell(pacs, merge)[0].code == "AA"
    (item,) = scheduled(pacs)
    assert (item.PatientID, item.PatientName) == ("P7", "MÜLLER^EVA")
    assert pacs.archive.instances(patient_id="P1") == []
    (instance,) = pacs.archive.instances(patient_id="P7")
    header, _ = pacs.archive.header(instance.file)
    assert header[0x00100010].value.decode().strip() == "MÜLLER^EVA"


def test_what_a_feed_tells_of_visits_and_merges_is_followed_by_whatever_event(
    pacs: EmbeddedPacs,
) -> None:
    tell(pacs, ordered(1))
    visits = ("A02", "A03", "A05", "A06", "A07", "A11", "A12", "A13", "A28")
    for event in visits:
        pid = PID.replace("TESTER", event)
        (answer,) = tell(pacs, message(pid, kind=f"ADT^{event}", control=event))
        assert (answer.code, scheduled(pacs)[0].PatientName) == ("AA", f"{event}^EVA")
    beds = [PID.replace("TESTER", "BED"), "PV1|1", "PID|1||P9^^^HOSP^MR||OTHER", "PV1|1"]
    assert tell(pacs, message(*beds, kind="ADT^A17", control="A17"))[0].code == "AA"
    assert scheduled(pacs)[0].PatientName == "BED^EVA"
    who = "P1"
    for event in ("A18", "A30", "A36", "A39"):
        merge = [PID.replace("P1^", f"{event}^"), f"MRG|{who}^^^HOSP^MR"]
        (answer,) = tell(pacs, message(*merge, kind=f"ADT^{event}", control=event))
        who = event
        assert (answer.code, scheduled(pacs)[0].PatientID) == ("AA", who)


def test_orders_survive_a_restart_and_their_accession_numbers_stay_taken(tmp_path: Path) -> None:
    with EmbeddedPacs(tmp_path / "pacs") as first:
        tell(first, ordered(1))
    with EmbeddedPacs(tmp_path / "pacs") as second:
        assert [item.AccessionNumber for item in scheduled(second)] == ["ACC1"]
        (answer,) = tell(second, ordered(2).replace(b"ACC2", b"ACC1"))
        assert "another order's" in answer.text


SERVE = """
import sys, time
from pathlib import Path
from scenario_runner.pacs.server import EmbeddedPacs
pacs = EmbeddedPacs(Path(sys.argv[1]))
pacs.start()
print(pacs.open_hl7(), flush=True)
time.sleep(60)
"""


def test_no_order_that_was_acknowledged_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    """Sent without waiting, so that the server dies in the midst of many."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path)], stdout=subprocess.PIPE, encoding="ascii"
    ) as server:
        assert server.stdout is not None
        address = ("127.0.0.1", int(server.stdout.readline()))
        blocks, acknowledged = Blocks(1 << 20), list[str]()
        with socket.create_connection(address, 30) as sock, suppress(ConnectionError):
            sock.sendall(b"".join(framed(ordered(number)) for number in range(1, 400)))
            while came := sock.recv(1 << 16):
                answers = map(Message.read, blocks.feed(came))
                acknowledged += [one.text("MSA-2") for one in answers if one.text("MSA-1") == "AA"]
                if len(acknowledged) > 100:
                    server.kill()
    assert len(acknowledged) > 100
    with EmbeddedPacs(tmp_path) as again:
        kept = {item.AccessionNumber for item in scheduled(again)}
    assert kept >= {one.replace("M", "ACC") for one in acknowledged}
    assert len(list((tmp_path / "worklist").glob("*.wl"))) == len(kept)


@pytest.mark.parametrize("error", [MemoryError(), KeyError("x"), SystemExit(2)], ids=repr)
@pytest.mark.parametrize("where", ["take", "keep"])
def test_an_order_in_whose_midst_something_is_thrown_is_refused_and_leaves_nothing_to_the_next(
    pacs: EmbeddedPacs, monkeypatch: pytest.MonkeyPatch, where: str, error: BaseException
) -> None:
    assert tell(pacs, ordered(1))[0].code == "AA"
    assert pacs._ris is not None
    items = pacs._ris._ordered
    take = items.take

    def half(orders: Sequence[Order]) -> None:
        take(orders)
        raise error

    def thrown(_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        if where == "take":
            patched.setattr(items, "take", half)
        else:
            patched.setattr(items._kept, "keep", thrown)
        (told,) = tell(pacs, ordered(2))
    assert told.code == "AE"
    assert type(error).__name__ in told.text
    assert [one.code for one in tell(pacs, ordered(3))] == ["AA"]
    assert {one.AccessionNumber for one in scheduled(pacs)} == {"ACC1", "ACC3"}
    assert [one.code for one in tell(pacs, ordered(2))] == ["AA"]
    assert {one.AccessionNumber for one in scheduled(pacs)} == {"ACC1", "ACC2", "ACC3"}


def test_a_note_that_cannot_be_made_of_an_order_leaves_it_taken(
    tmp_path: Path, pacs: EmbeddedPacs
) -> None:
    def thrown(_: object) -> None:
        raise RuntimeError("can't start new thread")

    ris = Ris(pacs.archive, WorklistFiles(tmp_path / "worklist"), "CT1", told=thrown)
    said = Message.read(ris.answer(ordered(1), "test").blocks[0])
    assert said.text("MSA-1") == "AA"
    ris.close()
    assert len(list((tmp_path / "worklist").glob("*.wl"))) == 1

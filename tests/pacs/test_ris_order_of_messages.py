"""Whatever order messages come in, and whoever repeats them, the worklist says what was asked for."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from scenario_runner.errors import MachineError
from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.worklist import OrderFiles
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.order_journal import ANSWERED, JOURNAL, Journal, Record
from scenario_runner.pacs.ordered_items import WorklistFiles
from scenario_runner.pacs.ris import Ris
from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import sample
from tests.orders.hl7.feeds import OBR, PID, message, order


class Desk:
    """A RIS side without a wire: messages in, codes out, and what is on the worklist."""

    def __init__(self, folder: Path) -> None:
        self.pacs = EmbeddedPacs(folder, options=PacsOptions(station="CT1"))
        self.pacs.start()
        self.ris = self._opened()

    def _opened(self) -> Ris:
        return Ris(
            self.pacs.archive, WorklistFiles(self.pacs.worklist, self.pacs.folder / ANSWERED), "CT1"
        )

    def again(self) -> None:
        """As after a restart."""
        self.ris.close()
        self.ris = self._opened()

    def tell(self, data: bytes) -> tuple[str, str]:
        read = Message.read(self.ris.answer(data, "test").blocks[-1])
        return read.text("MSA-1"), read.text("MSA-3")

    def items(self) -> list[Dataset]:
        """As any worklist server finds them, at the next pause."""
        self.again()
        return [dcmread(path) for path in sorted(self.pacs.worklist.glob("*.wl"))]

    def accessions(self) -> list[str]:
        return sorted(str(item.AccessionNumber) for item in self.items())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    running = Desk(tmp_path / "pacs")
    yield running
    running.ris.close()
    running.pacs.stop()


_NUMBER = iter(range(1, 10_000))


def told(*segments: str, kind: str = "ORM^O01", control: str = "") -> bytes:
    return message(*segments, kind=kind, control=control or f"C{next(_NUMBER)}")


def placed(number: int, control: str = "NW", *, accession: str = "", **fields: str) -> bytes:
    parts = OBR.replace("PL1", f"PL{number}").replace("FI1", f"FI{number}").split("|")
    parts[18] = accession or f"ACC{number}"
    for name, value in fields.items():
        parts[int(name[1:])] = value
    return told(PID, f"ORC|{control}|PL{number}|FI{number}", "|".join(parts))


def test_a_change_keeps_what_it_does_not_say(desk: Desk) -> None:
    desk.tell(order("ZDS|1.2.3", "NTE|1||Claustrophobic", control="A"))
    assert desk.tell(told("PID|1||P1^^^HOSP^MR", "ORC|XO|PL1|FI1", "OBR|1|PL1|FI1|||||||||||||||||||||MR"))[0] == "AA"  # fmt: skip
    (item,) = desk.items()
    assert (item.PatientName, item.AccessionNumber) == ("TESTER^EVA", "ACC1")
    assert item.StudyInstanceUID == "1.2.3"
    assert item.RequestedProcedureComments == "Claustrophobic"
    assert item.RequestedProcedureCodeSequence[0].CodeMeaning == "CT chest"


def test_a_status_alone_empties_nothing(desk: Desk) -> None:
    desk.tell(placed(1))
    before = desk.items()
    assert desk.tell(told("PID|1||P1^^^HOSP^MR", "ORC|SC|PL1|FI1||IP"))[0] == "AA"
    after = desk.items()
    assert after[0].PatientName == "TESTER^EVA"
    assert after[0].ScheduledProcedureStepSequence == before[0].ScheduledProcedureStepSequence


def test_a_cancel_before_its_order_is_refused_and_the_order_taken(desk: Desk) -> None:
    assert desk.tell(placed(1, "CA")) == ("AE", "there is no order PL1")
    assert desk.tell(placed(1))[0] == "AA"
    assert desk.accessions() == ["ACC1"]


def test_an_order_control_that_nobody_knows_changes_nothing(desk: Desk) -> None:
    """To take it for a new order, or for a change, would be a guess that the sender never hears of."""
    for here in (1, 2):
        code, words = desk.tell(placed(here, "QQ"))
        assert (code, "not known here" in words) == ("AE", True)
        assert desk.accessions() == ["ACC1"] * (here - 1)
        desk.tell(placed(1))


@pytest.mark.parametrize("number", [1, 2])
def test_what_was_taken_away_by_hand_can_be_ordered_anew(desk: Desk, number: int) -> None:
    """The same order, and another one with its accession number."""
    assert desk.tell(placed(1))[0] == "AA"
    (item,) = desk.pacs.worklist.iterdir()
    item.unlink()
    assert desk.tell(placed(number, accession="ACC1"))[0] == "AA"
    assert desk.tell(placed(3, accession="ACC1"))[0] == "AE"
    assert desk.accessions() == ["ACC1"]


def test_a_replacement_takes_the_place_and_the_accession_number(desk: Desk) -> None:
    desk.tell(placed(1))
    both = told(PID, "ORC|RP|PL1|FI1", "ORC|RO|PL2|FI2", OBR.replace("PL1", "PL2"))
    assert desk.tell(both)[0] == "AA"
    (item,) = desk.items()
    assert item.PlacerOrderNumberImagingServiceRequest == "PL2"


def test_an_accession_number_that_an_order_gave_up_is_free(desk: Desk) -> None:
    desk.tell(placed(1))
    desk.tell(placed(1, "XO", accession="NEW1"))
    assert desk.tell(placed(2, accession="ACC1"))[0] == "AA"
    assert desk.accessions() == ["ACC1", "NEW1"]


def test_steps_of_one_procedure_are_items_of_one_study(desk: Desk) -> None:
    second = OBR.replace("SPS1", "SPS2")
    assert desk.tell(order("ORC|NW|PL1|FI1", second, control="A"))[0] == "AA"
    items = desk.items()
    assert len({item.StudyInstanceUID for item in items}) == 1
    steps = [item.ScheduledProcedureStepSequence for item in items]
    assert sorted(step[0].ScheduledProcedureStepID for step in steps) == ["SPS1", "SPS2"]
    assert all(len(step) == 1 for step in steps)
    desk.tell(placed(1, "XO", f20="SPS2", f24="MR"))
    found = {
        step[0].ScheduledProcedureStepID: step[0].Modality
        for step in (item.ScheduledProcedureStepSequence for item in desk.items())
    }
    assert found == {"SPS1": "CT", "SPS2": "MR"}
    assert desk.tell(placed(1, "CA"))[0] == "AA"
    assert desk.items() == []


@pytest.mark.parametrize("several", [False, True])
def test_a_change_to_another_procedure_leaves_none_of_its_steps(desk: Desk, several: bool) -> None:
    steps = ("ORC|NW|PL1|FI1", OBR.replace("SPS1", "SPS2")) if several else ()
    desk.tell(order(*steps, control="A"))
    desk.tell(placed(1, "XO", accession="NEW1", f19="RP9", f20="SPS9", f24="MR"))
    (item,) = desk.items()
    (step,) = item.ScheduledProcedureStepSequence
    assert (item.AccessionNumber, item.RequestedProcedureID) == ("NEW1", "RP9")
    assert (step.ScheduledProcedureStepID, step.Modality) == ("SPS9", "MR")


@pytest.mark.parametrize("further", [(), ("ORC|{}|PL1|FI1",)], ids=["one ORC", "two"])
def test_the_obr_of_one_order_are_its_procedures(desk: Desk, further: tuple[str, ...]) -> None:
    other = OBR.replace("ACC1", "ACC2").replace("RP1", "RP2").replace("SPS1", "SPS2")

    def both(control: str, second: str = other) -> bytes:
        lines = [one.format(control) for one in ("ORC|{}|PL1|FI1", *further)]
        return told(PID, lines[0], OBR, *lines[1:], second)

    assert desk.tell(both("NW"))[0] == "AA"
    assert desk.accessions() == ["ACC1", "ACC2"]
    assert len({item.StudyInstanceUID for item in desk.items()}) == 2
    assert desk.tell(both("XO", f"{other[:-2]}MR"))[0] == "AA"
    found = {
        item.AccessionNumber: item.ScheduledProcedureStepSequence[0].Modality
        for item in desk.items()
    }
    assert found == {"ACC1": "CT", "ACC2": "MR"}
    assert desk.tell(told(PID, "ORC|CA|PL1|FI1", OBR))[0] == "AA"
    assert desk.accessions() == ["ACC2"]
    assert desk.tell(both("NW"))[0] == "AE", "the order is here already"


def brief(control: str) -> bytes:
    """A message that names an order and says nothing else of it."""
    return told(PID, f"ORC|{control}|PL1|FI1", "OBR|1|PL1|FI1|CTCH^CT chest^L")


@pytest.mark.parametrize("restarted", [False, True])
def test_an_order_that_was_held_is_released_as_it_was(desk: Desk, restarted: bool) -> None:
    second = OBR.replace("SPS1", "SPS2")
    assert desk.tell(order("ORC|NW|PL1|FI1", second, control="A"))[0] == "AA"
    before = desk.items()
    for control in ("HD", "HD"):
        assert desk.tell(brief(control))[0] == "AA"
        assert (desk.items() if restarted else desk.ris.pending()) == ([] if restarted else {})
    assert desk.tell(brief("RL"))[0] == "AA"
    assert list(map(str, desk.items())) == list(map(str, before))
    assert desk.tell(brief("CA"))[0] == "AA"
    assert desk.tell(brief("CA"))[0] == "AE"


def test_an_order_that_is_held_can_be_cancelled_and_placed_anew(desk: Desk) -> None:
    for control, code in (("HD", "AE"), ("NW", "AA"), ("HD", "AA"), ("CA", "AA"), ("CA", "AE")):
        said = placed(1) if control == "NW" else brief(control)
        assert (control, desk.tell(said)[0]) == (control, code)
    assert desk.items() == []
    assert list(desk.pacs.worklist.iterdir()) == []
    assert desk.tell(placed(1))[0] == "AA"
    assert desk.accessions() == ["ACC1"]


@pytest.mark.parametrize("second", ["PL1", "PL2"])
def test_two_orders_of_a_message_under_one_number_are_refused(desk: Desk, second: str) -> None:
    other = OBR.replace("RP1", "RP2").replace("PL1", second)
    code, words = desk.tell(order(f"ORC|NW|{second}|FI1", other, control="A"))
    assert code == "AE"
    assert "twice" in words or "another order's" in words
    assert desk.items() == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"f18": "A" * 17}, "16"),
        ({"f24": "Ct scan"}, "code string"),
        ({"f19": "R" * 20}, "16"),
    ],
)
def test_a_value_that_no_attribute_holds_is_refused_at_its_field(
    desk: Desk, fields: dict[str, str], words: str
) -> None:
    data = placed(1, **fields)
    read = Message.read(desk.ris.answer(data, "test").blocks[0])
    assert read.text("MSA-1") == "AE"
    assert words in read.text("MSA-3")
    assert read.text("ERR-2.1") == "OBR"
    assert read.text("ERR-2.3") == next(iter(fields))[1:]
    assert desk.items() == []


def test_a_study_uid_that_is_none_is_refused(desk: Desk) -> None:
    code, words = desk.tell(order("ZDS|ABC", control="A"))
    assert (code, "ABC" in words) == ("AE", True)


class TestPatients:
    def test_a_chain_of_merges_ends_with_the_last(self, desk: Desk) -> None:
        desk.tell(placed(1))
        for into, away in (("B", "P1"), ("C", "B")):
            pid, mrg = f"PID|1||{into}^^^HOSP^MR||NEW^{into}", f"MRG|{away}^^^HOSP^MR"
            assert desk.tell(told(pid, mrg, kind="ADT^A40"))[0] == "AA"
        (item,) = desk.items()
        assert (item.PatientID, item.PatientName) == ("C", "NEW^C")

    def test_who_stays_has_one_name_after_a_merge(self, desk: Desk) -> None:
        desk.tell(placed(1))
        desk.tell(placed(2).replace(b"P1^^^HOSP", b"B^^^HOSP"))
        for number, patient_id in enumerate(("P1", "B"), start=1):
            one = sample(f"1.2.3.{number}", PatientID=patient_id, PatientName="OLD^NAME")
            desk.pacs.archive.store(
                one.sop_class_uid, one.sop_instance_uid, one.transfer_syntax_uid, [one.data]
            )
        merge = told("PID|1||B^^^HOSP^MR||NEW^NAME", "MRG|P1^^^HOSP^MR", kind="ADT^A40")
        assert desk.tell(merge)[0] == "AA"
        assert {(one.PatientID, str(one.PatientName)) for one in desk.items()} == {
            ("B", "NEW^NAME")
        }
        stored = desk.pacs.archive.instances(patient_id="B")
        names = [desk.pacs.archive.header(one.file)[0][0x00100010].value.strip() for one in stored]
        assert names == [b"NEW^NAME"] * 2

    @pytest.mark.parametrize("control", ["CA", "DC", "HD"])
    def test_an_order_is_not_taken_away_in_the_name_of_another_patient(
        self, desk: Desk, control: str
    ) -> None:
        desk.tell(placed(1))
        said = placed(1, control)
        code, words = desk.tell(said.replace(b"P1^^^HOSP", b"P2^^^HOSP"))
        assert (code, words) == ("AE", "order PL1 is of patient P1, and none of P2")
        assert desk.accessions() == ["ACC1"]
        desk.tell(told("PID|1||B^^^HOSP^MR", "MRG|P1^^^HOSP^MR", kind="ADT^A40"))
        assert desk.tell(placed(1, control))[0] == "AA", "by the number it had before a merge"
        assert desk.items() == []

    def test_a_change_after_a_merge_keeps_the_study(self, desk: Desk) -> None:
        desk.tell(placed(1))
        before = desk.items()[0].StudyInstanceUID
        desk.tell(told("PID|1||B^^^HOSP^MR", "MRG|P1^^^HOSP^MR", kind="ADT^A40"))
        desk.tell(placed(1, "XO").replace(b"P1^^^HOSP", b"B^^^HOSP"))
        (item,) = desk.items()
        assert (item.PatientID, item.StudyInstanceUID) == ("B", before)

    def test_a_merge_into_itself_is_refused(self, desk: Desk) -> None:
        code, words = desk.tell(told(PID, "MRG|P1^^^HOSP^MR", kind="ADT^A40"))
        assert (code, "into itself" in words) == ("AE", True)

    def test_another_number_and_an_order_under_it(self, desk: Desk) -> None:
        desk.tell(placed(1))
        new = PID.replace("P1^^^HOSP", "N1^^^HOSP")
        assert desk.tell(told(new, "MRG|P1^^^HOSP^MR", kind="ADT^A47"))[0] == "AA"
        desk.tell(placed(2).replace(b"P1^^^HOSP", b"N1^^^HOSP"))
        assert {item.PatientID for item in desk.items()} == {"N1"}

    def test_an_update_of_nobody_is_accepted_and_changes_nothing(self, desk: Desk) -> None:
        desk.tell(placed(1))
        assert desk.tell(told("PID|1||X9^^^HOSP^MR||NEW^NAME", kind="ADT^A08"))[0] == "AA"
        assert desk.items()[0].PatientName == "TESTER^EVA"

    def test_two_hospitals_with_one_number_stay_apart(self, desk: Desk) -> None:
        desk.tell(placed(1))
        desk.tell(placed(2).replace(b"^^^HOSP^", b"^^^NORTH^"))
        update = "PID|1||P1^^^{}^MR||NEW^NAME"
        assert desk.tell(told(update.format("NORTH"), kind="ADT^A08"))[0] == "AA"
        assert {(one.IssuerOfPatientID, str(one.PatientName)) for one in desk.items()} == {
            ("HOSP", "TESTER^EVA"),
            ("NORTH", "NEW^NAME"),
        }
        code, words = desk.tell(told(update.format(""), kind="ADT^A08"))
        assert code == "AE"
        assert "HOSP and of NORTH" in words

    def test_two_hospitals_in_the_archive_stay_apart(self, desk: Desk) -> None:
        for number, issuer in enumerate(("HOSP", "NORTH"), start=1):
            one = sample(f"1.2.3.{number}", PatientID="P1", IssuerOfPatientID=issuer)
            desk.pacs.archive.store(
                one.sop_class_uid, one.sop_instance_uid, one.transfer_syntax_uid, [one.data]
            )
        code, words = desk.tell(told("PID|1||B", "MRG|P1", kind="ADT^A40"))
        assert (code, "HOSP and of NORTH" in words) == ("AE", True)
        assert desk.tell(told("PID|1||B", "MRG|P1^^^NORTH", kind="ADT^A40"))[0] == "AA"
        assert len(desk.pacs.archive.instances(patient_id="P1")) == 1


class TestRepeated:
    def test_what_was_acknowledged_is_done_once_also_after_a_restart(self, desk: Desk) -> None:
        new, gone = placed(1), placed(1, "CA")
        first = desk.ris.answer(new, "test").blocks
        desk.again()
        assert desk.ris.answer(new, "test").blocks == first
        assert desk.tell(gone)[0] == "AA"
        desk.again()
        assert desk.tell(gone)[0] == "AA"
        assert desk.tell(new)[0] == "AA"
        assert desk.items() == []

    def test_what_was_acknowledged_and_is_in_no_file_yet_outlives_the_process(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("scenario_runner.pacs.ordered_items._PAUSE", 1e6)
        for number in range(1, 4):
            assert desk.tell(placed(number))[0] == "AA"
        assert desk.tell(placed(2, "CA"))[0] == "AA"
        left = desk.pacs.folder / JOURNAL
        killed = left.read_bytes()
        assert desk.ris.pending()
        desk.again()
        assert (left.read_bytes(), desk.accessions()) == (b"", ["ACC1", "ACC3"])
        desk.ris.close()
        # As the process would have left it, in the middle of a record.
        for path in desk.pacs.worklist.iterdir():
            path.unlink()
        (desk.pacs.folder / ANSWERED).unlink()
        left.write_bytes(killed + killed[:100])
        desk.again()
        assert desk.accessions() == ["ACC1", "ACC3"]
        assert "here already" in desk.tell(placed(3))[1]

    def test_a_folder_that_cannot_be_written_is_told_to_who_sends(self, desk: Desk) -> None:
        desk.pacs.worklist.write_bytes(b"no folder")
        assert [desk.tell(placed(number))[0] for number in (1, 2)] == ["AE", "AE"]
        assert "it cannot be done" in desk.tell(placed(2))[1]
        desk.pacs.worklist.unlink()
        assert [desk.tell(placed(number))[0] for number in (3, 1)] == ["AA", "AA"]
        assert desk.accessions() == ["ACC1", "ACC3"]

    def test_what_comes_upon_another_waits_in_the_journal_for_a_folder_that_can_be_written(
        self, desk: Desk
    ) -> None:
        assert desk.tell(placed(1))[0] == "AA"
        away = desk.pacs.worklist.rename(desk.pacs.folder / "away")
        desk.pacs.worklist.write_bytes(b"no folder")
        assert desk.tell(placed(2))[0] == "AA"
        desk.ris.close()
        desk.again()
        assert desk.tell(placed(3))[0] == "AE"
        desk.pacs.worklist.unlink()
        away.rename(desk.pacs.worklist)
        assert desk.accessions() == ["ACC1", "ACC2"]

    def test_an_order_of_two_steps_is_there_whole_or_not_at_all(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        replace, written = OrderFiles.replace, list[str]()

        def full(files: OrderFiles, name: str, content: bytes) -> None:
            if len(written) == 1:
                raise OSError(errno.ENOSPC, "No space left on device")
            written.append(name)
            replace(files, name, content)

        monkeypatch.setattr(OrderFiles, "replace", full)
        second = OBR.replace("SPS1", "SPS2")
        assert desk.tell(order("ORC|NW|PL1|FI1", second, control="A"))[0] == "AE"
        assert (len(written), list(desk.pacs.worklist.glob("*.wl"))) == (1, [])
        monkeypatch.undo()
        desk.again()
        assert desk.accessions() == []

    def test_a_record_goes_behind_the_last_whole_one(self, tmp_path: Path) -> None:
        path, record = tmp_path / JOURNAL, Record("k", "d", [b"said"], {"a": b"item", "b": None})
        for known in ([], [record]):
            journal = Journal(path)
            assert list(journal.read()) == known
            journal.append(record)
            journal.close()
            path.write_bytes(path.read_bytes() + b"half of one")
        assert list(Journal(path).read()) == [record, record]

    def test_orders_of_before_that_cannot_be_read_are_not_written_over(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / JOURNAL / "folder").mkdir(parents=True)
        for _ in range(2):
            with pytest.raises(MachineError, match="what was ordered before cannot be read"):
                EmbeddedPacs(tmp_path).start()

    def test_what_was_refused_is_judged_anew(self, desk: Desk) -> None:
        gone = placed(1, "CA")
        assert desk.tell(gone)[0] == "AE"
        desk.tell(placed(1))
        assert desk.tell(gone)[0] == "AA"

    def test_two_senders_may_count_alike(self, desk: Desk) -> None:
        one, other = placed(1).replace(b"|C", b"|K"), placed(2)
        control = Message.read(other).control_id.encode()
        one = one.replace(Message.read(one).control_id.encode(), control)
        assert desk.tell(one.replace(b"|RIS|", b"|HIS|"))[0] == "AA"
        assert desk.tell(other)[0] == "AA"

    def test_the_memory_is_bounded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from scenario_runner.pacs import answered

        monkeypatch.setattr(answered, "_REMEMBERED", 10)
        monkeypatch.setattr(answered, "_LONGEST", 40)
        kept = answered.Answered(tmp_path / "answered.log")
        for number in range(200):
            kept.note(Record(str(number), "d", [b"said"], {}))
            kept.write()
        kept.close()
        assert len((tmp_path / "answered.log").read_bytes().splitlines()) <= 41
        later = answered.Answered(tmp_path / "answered.log")
        assert later.known("100") is None
        found = later.known("199")
        assert found is not None
        assert found.answers == [b"said"]


@pytest.mark.parametrize(
    ("accept", "application", "codes"),
    [
        ("", "", ["AA"]),
        ("AL", "NE", ["CA"]),
        ("AL", "AL", ["CA", "AA"]),
        ("NE", "AL", ["AA"]),
        ("ER", "SU", ["AA"]),
        ("NE", "NE", []),
    ],
)
def test_the_enhanced_mode_gets_what_it_asks_for(
    desk: Desk, accept: str, application: str, codes: list[str]
) -> None:
    data = placed(1).replace(b"|2.5.1||||||", f"|2.5.1|||{accept}|{application}||".encode())
    blocks = desk.ris.answer(data, "test").blocks
    assert [Message.read(one).text("MSA-1") for one in blocks] == codes
    assert desk.accessions() == ["ACC1"]

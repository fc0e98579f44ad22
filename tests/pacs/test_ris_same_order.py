"""An order is found by any number that both sides say, and changed in the name of its own patient only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.orders.hl7.feeds import OBR, PID
from tests.pacs.test_ris_order_of_messages import Desk, told

BARE = "OBR|1|||CTCH^CT chest^L"
RESULT = ("OBR|1|PL1|FI1|CTCH^CT chest^L", "OBX|1|HD|113014^DICOM Study^DCM||1.2.3")
BOTH_IDS = PID.replace("P1^^^HOSP^MR", "P1^^^HOSP^MR~N5^^^NATION^PI")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    running = Desk(tmp_path / "pacs")
    yield running
    running.ris.close()
    running.pacs.stop()


def say(orc: str, *more: str, pid: str = PID, kind: str = "ORM^O01") -> bytes:
    return told(pid, orc, *more, kind=kind)


NEW = say("ORC|NW|PL1|FI1", OBR)


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(
    "cancel",
    [
        say("ORC|CA||FI1", "OBR|1||FI1|CTCH^CT chest^L"),
        say("ORC|OC||FI1^RIS", "OBR|1||FI1^RIS|CTCH^CT chest^L"),
        say("ORC|CA|", BARE + "|" * 14 + "ACC1"),
        say("ORC|SC||FI1||CM", "OBR|1||FI1|CTCH^CT chest^L"),
    ],
    ids=["filler", "whose filler", "accession", "done"],
)
def test_an_order_with_all_its_numbers_is_found_by_one_of_them(
    desk: Desk, cancel: bytes, restarted: bool
) -> None:
    desk.tell(NEW)
    if restarted:
        desk.again()
    assert desk.tell(cancel) == ("AA", "")
    assert desk.items() == []


def test_an_order_learns_its_fillers_number_and_goes_by_it(desk: Desk) -> None:
    desk.tell(say("ORC|NW|PL1", OBR.replace("FI1", "")))
    assert desk.tell(say("ORC|SC|PL1|FI7", BARE))[0] == "AA"
    assert desk.tell(say("ORC|CA||FI7", BARE))[0] == "AA"
    assert desk.items() == []


def test_a_number_that_differs_makes_another_order_whatever_stands_below_it(desk: Desk) -> None:
    desk.tell(NEW)
    code, words = desk.tell(say("ORC|CA|PL2|FI1", BARE))
    assert (code, words) == ("AE", "there is no order PL2")
    other = OBR.replace("PL1", "PL2").replace("ACC1", "ACC2")
    assert desk.tell(say("ORC|NW|PL2|FI1", other))[0] == "AA"
    code, words = desk.tell(say("ORC|CA||FI1", BARE))
    assert code == "AE"
    assert "FI1 of PL1 and of PL2" in words
    assert desk.accessions() == ["ACC1", "ACC2"]


def test_the_number_that_is_here_already_is_told(desk: Desk) -> None:
    desk.tell(NEW)
    assert desk.tell(say("ORC|SN||FI1", BARE)) == ("AE", "order FI1 is here already")


def test_a_number_of_two_orders_is_told_though_the_first_procedure_of_one_has_none(
    desk: Desk,
) -> None:
    first = OBR.replace("FI1|", "|").replace("ACC1", "")
    second = OBR.replace("RP1", "RP2").replace("ACC1", "ACC2")
    other = OBR.replace("PL1", "PL2").replace("ACC1", "ACC3")
    desk.tell(say("ORC|NW|PL1", first, "ORC|NW|PL1", second))
    desk.tell(say("ORC|NW|PL2|FI1", other))
    code, words = desk.tell(say("ORC|CA||FI1", BARE))
    assert code == "AE"
    assert "FI1 of PL1 and of PL2" in words


def test_procedures_of_an_order_without_any_number_are_all_kept(desk: Desk) -> None:
    bare = OBR.replace("PL1|FI1", "|").replace("ACC1", "")
    assert desk.tell(say("ORC|NW", bare, "ORC|NW", bare.replace("RP1", "RP2"))) == ("AA", "")
    assert len(desk.items()) == 2
    twice = bare.replace("SPS1", "SPS2")
    assert desk.tell(say("ORC|NW", twice, "ORC|NW", twice))[0] == "AE"
    assert len(desk.items()) == 2


def test_an_order_that_got_another_number_keeps_its_item_from_who_has_the_old_one(
    desk: Desk,
) -> None:
    def obr(accession: str) -> str:
        return BARE + "|" * 14 + accession

    desk.tell(say("ORC|NW||FI1", obr("A1")))
    desk.tell(say("ORC|XO|PL1|FI1", BARE))
    desk.tell(say("ORC|XO|PL1|FI2", BARE))
    assert desk.tell(say("ORC|NW||FI1", obr("A2")))[0] == "AA"
    assert desk.accessions() == ["A1", "A2"]


@pytest.mark.parametrize("control", ["CA", "HD", "XO", "SC"])
@pytest.mark.parametrize(
    ("pid", "words"),
    [
        (PID.replace("P1^", "P2^"), "is of patient P1, and none of P2"),
        (PID.replace("HOSP", "EAST"), "is of patient P1 of HOSP, and none of P1 of EAST"),
    ],
    ids=["number", "issuer"],
)
def test_nobody_changes_the_order_of_another_patient(
    desk: Desk, control: str, pid: str, words: str
) -> None:
    desk.tell(NEW)
    code, told_ = desk.tell(say(f"ORC|{control}|PL1|FI1", OBR, pid=pid))
    assert code == "AE"
    assert words in told_
    (item,) = desk.items()
    assert (item.PatientID, item.IssuerOfPatientID) == ("P1", "HOSP")


def test_a_result_of_another_patient_is_of_another_order(desk: Desk) -> None:
    desk.tell(NEW)
    other = PID.replace("P1^", "P2^")
    assert desk.tell(say("ORC|RE|PL1|FI1", *RESULT, pid=other, kind="ORU^R01"))[0] == "AA"
    assert desk.accessions() == ["ACC1"]
    assert desk.tell(say("ORC|RE|PL1|FI1", *RESULT, kind="ORU^R01"))[0] == "AA"
    assert desk.items() == []


def test_a_patient_goes_by_all_numbers_and_keeps_the_first(desk: Desk) -> None:
    desk.tell(say("ORC|NW|PL1|FI1", OBR, pid=BOTH_IDS))
    other = "PID|1||N5^^^NATION^PI||TESTER^EVE"
    assert desk.tell(say("ORC|XO|PL1|FI1", OBR, pid=other))[0] == "AA"
    (item,) = desk.items()
    assert (item.PatientID, item.IssuerOfPatientID) == ("P1", "HOSP")
    assert item.OtherPatientIDsSequence[0].PatientID == "N5"
    assert item.PatientName == "TESTER^EVE"
    assert desk.tell(say("ORC|CA|PL1|FI1", OBR, pid=other))[0] == "AA"


MERGE = told("PID|1||B^^^HOSP^MR||STAYS^EVA", "MRG|P1^^^HOSP^MR", kind="ADT^A40")


def test_a_change_in_the_name_of_who_was_merged_does_not_undo_the_merge(desk: Desk) -> None:
    desk.tell(NEW)
    desk.tell(MERGE)
    assert desk.tell(say("ORC|XO|PL1|FI1", OBR.replace("CT chest", "CT thorax")))[0] == "AA"
    (item,) = desk.items()
    assert (item.PatientID, item.PatientName) == ("B", "STAYS^EVA")
    assert item.RequestedProcedureDescription == "CT thorax"


def test_an_order_that_is_held_during_a_merge_comes_back_as_who_stays(desk: Desk) -> None:
    desk.tell(NEW)
    desk.tell(say("ORC|HD|PL1|FI1", OBR))
    desk.tell(MERGE)
    stays = PID.replace("P1^", "B^").replace("TESTER", "STAYS")
    assert desk.tell(say("ORC|RL||FI1", BARE, pid=stays))[0] == "AA"
    (item,) = desk.items()
    assert (item.PatientID, item.PatientName, item.AccessionNumber) == ("B", "STAYS^EVA", "ACC1")


def test_of_procedures_with_a_fillers_number_each_a_message_is_about_its_own(desk: Desk) -> None:
    second = OBR.replace("FI1", "FI2").replace("ACC1", "ACC2").replace("RP1", "RP2")
    both = ("ORC|NW|PL1|FI1", OBR, "ORC|NW|PL1|FI2", second)
    assert desk.tell(told(PID, *both))[0] == "AA"
    change = "OBR|1||FI2|CTCH^CT thorax^L"
    assert desk.tell(say("ORC|XO||FI2", change))[0] == "AA"
    words = {one.AccessionNumber: one.RequestedProcedureDescription for one in desk.items()}
    assert words == {"ACC1": "CT chest", "ACC2": "CT thorax"}
    assert desk.tell(say("ORC|CA|PL1|FI2", change))[0] == "AA"
    assert desk.accessions() == ["ACC1"]
    assert desk.tell(say("ORC|CA||FI1", "OBR|1||FI1"))[0] == "AA"
    assert desk.items() == []


def test_a_released_order_does_not_share_its_accession_number_with_one_that_came_meanwhile(
    desk: Desk,
) -> None:
    desk.tell(NEW)
    desk.tell(say("ORC|HD|PL1|FI1", OBR))
    assert desk.tell(say("ORC|NW|PL2|FI2", OBR.replace("PL1|FI1", "PL2|FI2")))[0] == "AA"
    release = say("ORC|RL|PL1|FI1", "OBR|1|PL1|FI1|CTCH^CT chest^L")
    assert desk.tell(release) == ("AE", "accession number ACC1 is another order's")
    assert desk.tell(say("ORC|CA|PL2|FI2", OBR.replace("PL1|FI1", "PL2|FI2")))[0] == "AA"
    assert desk.tell(release.replace(b"|P|2.5", b"R|P|2.5"))[0] == "AA"
    assert desk.accessions() == ["ACC1"]

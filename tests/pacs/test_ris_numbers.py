"""Two placers that count alike do not change each other's orders, and a cancel without a namespace still finds its order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.orders.hl7.feeds import PID
from tests.pacs.test_ris_order_of_messages import Desk, told

NORTH, SOUTH, SILENT = "PL1^NORTH", "PL1^SOUTH", "PL1"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    running = Desk(tmp_path / "pacs")
    yield running
    running.ris.close()
    running.pacs.stop()


def say(number: str, control: str = "NW", accession: str = "", reason: str = "") -> bytes:
    obr = f"OBR|1|{number}||CT^CT^L{'|' * 14}{accession}||||||CT{'|' * 7}{reason}"
    return told(PID, f"ORC|{control}|{number}", obr)


def placed(desk: Desk) -> None:
    assert desk.tell(say(NORTH, accession="N1"))[0] == "AA"
    assert desk.tell(say(SOUTH, accession="S1"))[0] == "AA"


def test_one_number_of_two_placers_is_two_orders_with_a_study_each(desk: Desk) -> None:
    placed(desk)
    assert desk.accessions() == ["N1", "S1"]
    assert len({item.StudyInstanceUID for item in desk.items()}) == 2
    spaces = {one.OrderPlacerIdentifierSequence[0].LocalNamespaceEntityID for one in desk.items()}
    assert spaces == {"NORTH", "SOUTH"}


@pytest.mark.parametrize("restarted", [False, True])
def test_each_placer_changes_and_cancels_its_own(desk: Desk, restarted: bool) -> None:
    placed(desk)
    if restarted:
        desk.again()
    assert desk.tell(say(SOUTH, "XO", "S1", "Cough"))[0] == "AA"
    reasons = {
        one.AccessionNumber: one.get("ReasonForTheRequestedProcedure") for one in desk.items()
    }
    assert reasons == {"N1": None, "S1": "Cough"}
    assert desk.tell(say(NORTH, "CA"))[0] == "AA"
    assert desk.accessions() == ["S1"]
    code, words = desk.tell(say(NORTH, "CA"))
    assert (code, "no order PL1" in words) == ("AE", True)
    assert desk.accessions() == ["S1"]


@pytest.mark.parametrize(("order", "cancel"), [(NORTH, SILENT), (SILENT, NORTH), (SILENT, SILENT)])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_cancel_finds_its_order_when_one_side_is_silent(
    desk: Desk, order: str, cancel: str, restarted: bool
) -> None:
    desk.tell(say(order, accession="N1"))
    if restarted:
        desk.again()
    assert desk.tell(say(order, accession="N2"))[0] == "AE", "it is here already"
    assert desk.tell(say(cancel, "CA"))[0] == "AA"
    assert desk.items() == []


def test_a_cancel_that_could_mean_either_takes_neither(desk: Desk) -> None:
    placed(desk)
    code, words = desk.tell(say(SILENT, "CA"))
    assert code == "AE"
    assert "NORTH and of SOUTH" in words
    assert desk.accessions() == ["N1", "S1"]


def test_a_cancel_that_could_mean_either_finds_the_one_that_is_left(desk: Desk) -> None:
    placed(desk)
    desk.tell(say(NORTH, "CA"))
    assert desk.tell(say(SILENT, "CA"))[0] == "AA"
    assert desk.items() == []


def test_an_order_learns_whose_it_is_and_is_the_same_study(desk: Desk) -> None:
    desk.tell(say(SILENT, accession="N1"))
    (before,) = desk.items()
    assert desk.tell(say(NORTH, "XO", "N1"))[0] == "AA"
    (after,) = desk.items()
    assert after.StudyInstanceUID == before.StudyInstanceUID
    assert desk.tell(say(SOUTH, accession="S1"))[0] == "AA"
    assert desk.tell(say(SOUTH, "CA"))[0] == "AA"
    assert desk.accessions() == ["N1"]


def test_what_is_unique_in_the_world_decides_before_a_local_name(desk: Desk) -> None:
    first, renamed, other = ("PL1^A^1.2.3^ISO", "PL1^B^1.2.3^ISO", "PL1^A^1.2.4^ISO")
    desk.tell(say(first, accession="N1"))
    assert desk.tell(say(other, accession="S1"))[0] == "AA"
    assert desk.tell(say(renamed, "CA"))[0] == "AA"
    assert desk.accessions() == ["S1"]


def test_a_message_may_hold_one_number_of_two_placers_and_not_of_one_twice(desk: Desk) -> None:
    one, two, same = (
        (f"ORC|NW|{number}", f"OBR|1|{number}||CT^CT^L{'|' * 14}{accession}||||||CT")
        for number, accession in ((NORTH, "N1"), (SOUTH, "S1"), (SILENT, "S2"))
    )
    code, words = desk.tell(told(PID, *one, *same))
    assert (code, "twice" in words) == ("AE", True)
    assert desk.items() == []
    assert desk.tell(told(PID, *one, *two))[0] == "AA"
    assert desk.accessions() == ["N1", "S1"]


def test_a_merge_of_patients_leaves_whose_order_it_is(desk: Desk) -> None:
    placed(desk)
    assert desk.tell(told("PID|1||B^^^HOSP^MR", "MRG|P1^^^HOSP^MR", kind="ADT^A40"))[0] == "AA"
    desk.again()
    assert desk.tell(say(SOUTH, "CA").replace(b"P1^^^HOSP", b"B^^^HOSP"))[0] == "AA"
    assert [(one.PatientID, one.AccessionNumber) for one in desk.items()] == [("B", "N1")]

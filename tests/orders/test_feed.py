"""Messages of a feed that follow one another about an order make one study of it, or none."""

from __future__ import annotations

from itertools import count

import pytest

from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.hl7.reading import orders
from scenario_runner.orders.order import Order
from scenario_runner.orders.sources.feed import Feed
from tests.orders.hl7.feeds import OBR, PID, message

_CONTROL = count(1)
OTHER = OBR.replace("ACC1", "ACC2").replace("RP1", "RP2").replace("SPS1", "SPS2")


def told(*segments: str, pid: str = PID, kind: str = "ORM^O01") -> bytes:
    return message(pid, *segments, kind=kind, control=f"C{next(_CONTROL)}")


def left(*messages: bytes) -> list[Order]:
    feed = Feed()
    for data in messages:
        feed.take(orders(Message.read(data)))
    return feed.wanted()


NEW = told("ORC|NW|PL1|FI1", OBR)
BOTH = told("ORC|NW|PL1|FI1", OBR, "ORC|NW|PL1|FI1", OTHER)
RESULT = ("OBR|1|PL1|FI1|CTCH^CT chest^L|||20260204", "OBX|1|HD|113014^DICOM Study^DCM||1.2.3")


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        ((NEW, told("ORC|CA|PL1|FI1")), []),
        ((NEW, told("ORC|DC||FI1")), []),
        ((NEW, told("ORC|HD|PL1|FI1")), []),
        ((NEW, told("ORC|HD|PL1|FI1"), told("ORC|RL|PL1|FI1")), ["ACC1"]),
        ((NEW, told("ORC|CA|PL1|FI1"), NEW), ["ACC1"]),
        ((NEW, told("ORC|RP|PL1|FI1", "ORC|RO|PL2|FI2", OBR.replace("PL1", "PL2"))), ["ACC1"]),
        ((NEW, told("ORC|CA|PL1|FI1", pid=PID.replace("P1^", "P2^"))), ["ACC1"]),
        ((NEW, told("ORC|CA|PL1|FI1", pid=PID.replace("HOSP", "EAST"))), ["ACC1"]),
        ((NEW, told("ORC|CA|PL1|FI1", pid="PID|1||N5^^^N^PI~P1^^^HOSP^PI")), []),
        ((NEW, told("ORC|CA|PL1^SOUTH|FI1")), []),
        ((told("ORC|NW|PL1^NORTH", OBR), told("ORC|NW|PL1", OTHER), told("ORC|CA|PL1^NORTH")), ["ACC2"]),
        ((told("ORC|NW|PL1^NORTH", OBR), told("ORC|CA|PL1^SOUTH")), ["ACC1"]),
        ((told("ORC|NW|PL1^EPIC|FI1^RIS", OBR), told("ORC|CA||FI1^RIS")), []),
        ((told("ORC|NW|PL1^EPIC|FI1^RIS", OBR), told("ORC|CA||FI1^LAB")), ["ACC1"]),
        ((told("ORC|NW|PL1^EPIC", OBR.replace("FI1", "")), told("ORC|SC||FI7^RIS||CA", OBR.replace("PL1|FI1", "|"))), []),
        ((NEW, told("ORC|XO|PL1|FI1", OBR.replace("ACC1", "ACC9"))), ["ACC9"]),
        ((NEW, told("ORC|XO|PL1|", OBR.replace("FI1", "").replace("ACC1", '""'))), [""]),
        ((NEW, told("ORC|SC|PL1|FI1||IP")), ["ACC1"]),
        ((NEW, told("ORC|RE|PL1|FI1", *RESULT, kind="ORU^R01")), ["ACC1"]),
        ((BOTH, told("ORC|CA|PL1|FI1", OTHER)), ["ACC1"]),
        ((BOTH, told("ORC|CA|PL1|FI1")), []),
        ((BOTH, told("ORC|XO|PL1|FI1", OBR, "ORC|XO|PL1|FI1", OTHER)), ["ACC1", "ACC2"]),
        ((told("ORC|XO|PL1|FI1", OBR, "ORC|XO|PL1|FI1", OTHER),), ["ACC1", "ACC2"]),
        ((NEW, told("ORC|XO|PL1|FI1", OTHER, "ORC|XO|PL1|FI1", OBR)), ["ACC1", "ACC2"]),
        ((told("ORC|CA|PL1|FI1"), NEW), ["ACC1"]),
        ((NEW, NEW), ["ACC1", "ACC1"]),
    ],
)  # fmt: skip
def test_an_order_is_what_its_last_message_leaves_of_it(
    messages: tuple[bytes, ...], found: list[str]
) -> None:
    assert [one.text("AccessionNumber") for one in left(*messages)] == found


def test_what_is_withdrawn_and_comes_back_is_told() -> None:
    feed = Feed()
    for data in (NEW, told("ORC|HD|PL1|FI1"), told("ORC|RL|PL1|FI1"), told("ORC|CA|PL1|FI1")):
        feed.take(orders(Message.read(data)))
    assert [one.split()[-1] for one in feed.remarks] == ["held", "released", "cancelled"]


def test_what_a_later_message_does_not_say_stays() -> None:
    (one,) = left(NEW, told("ORC|RE|PL1|FI1", *RESULT, kind="ORU^R01"))
    assert one.text("Modality") == "CT"
    assert one.text("ScheduledProcedureStepStartDate") == "20260204"
    assert one.text("StudyInstanceUID") == "1.2.3"
    assert one.text("RequestedProcedureID") == "RP1"


def test_a_patient_who_is_named_by_another_number_keeps_the_first() -> None:
    both = PID.replace("HOSP^MR", "HOSP^MR~N5^^^N^PI")
    (one,) = left(
        told("ORC|NW|PL1|FI1", OBR, pid=both), told("ORC|XO|PL1|FI1", pid="PID|1||N5^^^N")
    )
    assert (one.text("PatientID"), one.text("IssuerOfPatientID")) == ("P1", "HOSP")
    assert [each.id for each in one.other_ids] == ["N5"]


def test_a_patient_may_have_one_number_of_two_issuers() -> None:
    pid = PID.replace("HOSP^MR", "HOSP^MR~P1^^^N^PI")
    new = told("ORC|NW|PL1|FI1", OBR, pid=pid)
    assert len(left(new, told("ORC|SC|PL1|FI1||IP", pid=pid))) == 1
    assert left(new, told("ORC|CA|PL1|FI1", pid=pid)) == []


@pytest.mark.parametrize(
    ("issuer", "taken"),
    [("HOSP&1.2.3&ISO", True), ("&1.2.3&ISO", True), ("", True), ("EAST&1.2.3&ISO", False)],
)
def test_who_issued_a_number_may_be_told_by_name_or_by_uid(issuer: str, taken: bool) -> None:
    new = told("ORC|NW|PL1|FI1", OBR)
    assert (left(new, told("ORC|CA|PL1|FI1", pid=PID.replace("HOSP", issuer))) == []) is taken


def test_a_message_about_several_procedures_leaves_each_its_own_numbers() -> None:
    found = left(BOTH, told("ORC|SC|PL1|FI1||CM", "OBR|1|PL1|FI1|CTCH^CT thorax^L", "ZDS|1.2.3"))
    assert [one.text("AccessionNumber") for one in found] == ["ACC1", "ACC2"]
    assert {one.text("RequestedProcedureDescription") for one in found} == {"CT thorax"}
    assert [one.text("StudyInstanceUID") for one in found] == ["", ""]


def test_a_message_about_one_step_leaves_the_others_and_another_procedure_none() -> None:
    def steps(*messages: bytes) -> list[str]:
        (one,) = left(*messages)
        return [each["ScheduledProcedureStepID"].text for each in (one.said, *one.steps)]

    second = OBR.replace("SPS1", "SPS2")
    both = told("ORC|NW|PL1|FI1", OBR, "ORC|NW|PL1|FI1", second)
    assert steps(both) == ["SPS1", "SPS2"]
    assert steps(both, told("ORC|SC|PL1|FI1||IP", second)) == ["SPS2", "SPS1"]
    assert steps(both, told("ORC|XO|PL1|FI1", "OBR|1|PL1|FI1|CTCH^CT^L")) == ["SPS1", "SPS2"]
    assert steps(both, told("ORC|XO|PL1|FI1", OTHER)) == ["SPS2"]
    moved = OTHER.replace("SPS2", "SPS9")
    assert steps(both, told("ORC|XO|PL1|FI1", moved)) == ["SPS9"]

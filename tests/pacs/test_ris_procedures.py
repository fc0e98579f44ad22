"""An order with several requested procedures, each with an accession number of its own, on the worklist of the embedded PACS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenario_runner.app.orders_taken import OrdersTaken
from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.hl7.reading import orders
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.orders.hl7.feeds import PID, message
from tests.pacs.test_ris import scheduled, tell
from tests.registry.test_orders_of_runs import noted

CT = "IPC|ACC9|RP9|1.2.9|SPS9|CT|CTC^Chest protocol^99P|CT1"
MR = "IPC|ACC10|RP10|1.2.10|SPS10|MR|MRC^Chest MR protocol^99P|MR1"
RESULT = "OBR|1|PL1|FI1|CTCH^CT chest^L||||||||||||||ACC10|RP10"


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[EmbeddedPacs]:
    with EmbeddedPacs(tmp_path / "pacs", options=PacsOptions(station="CT1")) as running:
        yield running


def omi(number: int, control: str, *steps: str) -> bytes:
    return message(
        PID,
        f"ORC|{control}|PL1|FI1",
        "TQ1|1||||||20260203101500||S",
        "OBR|1|PL1|FI1|CTCH^CT chest^L",
        *steps,
        kind="OMI^O23",
        control=f"M{number}",
    )


def stations(pacs: EmbeddedPacs) -> dict[str, str]:
    """By accession number the modality; and each has a study of its own."""
    found = scheduled(pacs)
    assert len({one.StudyInstanceUID for one in found}) == len(found)
    return {one.AccessionNumber: one.ScheduledProcedureStepSequence[0].Modality for one in found}


def test_procedures_of_one_order_are_scheduled_changed_and_completed_each_and_held_together(
    pacs: EmbeddedPacs,
) -> None:
    both = {"ACC9": "CT", "ACC10": "MR"}
    changed = MR.replace("|MR|", "|CR|")
    for number, (told, there) in enumerate(
        [
            (omi(0, "NW", CT, MR), both),
            (omi(1, "XO", changed), {**both, "ACC10": "CR"}),
            (omi(2, "XO"), {**both, "ACC10": "CR"}),
            (omi(3, "HD", CT, MR), {}),
            (omi(4, "RL"), {**both, "ACC10": "CR"}),
            (message(PID, "ORC|RE|PL1|FI1", RESULT, kind="ORU^R01", control="M5"), {"ACC9": "CT"}),
            (omi(6, "CA", CT, MR), {}),
            (omi(7, "NW", CT.replace("1.2.9", ""), MR.replace("1.2.10", "")), both),
        ]
    ):
        (answer,) = tell(pacs, told)
        assert (answer.code, answer.text) == ("AA", ""), number
        assert stations(pacs) == there, number


def test_procedures_of_one_order_outlive_a_restart(tmp_path: Path) -> None:
    options = PacsOptions(station="CT1")
    with EmbeddedPacs(tmp_path / "pacs", options=options) as pacs:
        tell(pacs, omi(0, "NW", CT, MR))
    with EmbeddedPacs(tmp_path / "pacs", options=options) as pacs:
        (again, changed) = tell(pacs, omi(1, "NW", CT), omi(2, "XO", CT.replace("|CT|", "|DX|")))
        assert (again.code, changed.code) == ("AE", "AA")
        assert stations(pacs) == {"ACC9": "DX", "ACC10": "MR"}


def test_each_procedure_of_an_order_is_noted_with_its_accession_number(tmp_path: Path) -> None:
    three = [CT, MR, CT.replace("9", "8")]
    where = tmp_path / "registry.db"
    taken = OrdersTaken(where)
    taken(orders(Message.read(omi(0, "NW", *three))))
    taken.close()
    assert [one[:3] for one in noted(where)] == [
        ("accession", "ACC8", "ACC8"),
        ("filler", "FI1", "ACC10"),
        ("placer", "PL1", "ACC9"),
    ]


def studies(pacs: EmbeddedPacs) -> dict[str, str]:
    """By accession number the study."""
    return {one.AccessionNumber: one.StudyInstanceUID for one in scheduled(pacs)}


@pytest.mark.parametrize("given", [True, False], ids=["given", "made here"])
def test_a_change_that_says_no_study_leaves_each_procedure_its_own(
    pacs: EmbeddedPacs, given: bool
) -> None:
    bare = [CT.replace("1.2.9", ""), MR.replace("1.2.10", "")]
    tell(pacs, omi(0, "NW", *([CT, MR] if given else bare)))
    before = studies(pacs)
    for number, steps in enumerate((bare, bare[::-1]), start=1):
        (answer,) = tell(pacs, omi(number, "XO", *steps))
        assert (answer.code, studies(pacs)) == ("AA", before)


def test_a_procedure_that_a_change_adds_has_a_study_of_its_own(pacs: EmbeddedPacs) -> None:
    bare = [CT.replace("1.2.9", ""), MR.replace("1.2.10", "")]
    (first, added) = tell(pacs, omi(0, "NW", *bare), omi(1, "XO", "IPC|ACC11|RP11||SPS11|US||US1"))
    assert (first.code, added.code) == ("AA", "AA")
    assert stations(pacs) == {"ACC9": "CT", "ACC10": "MR", "ACC11": "US"}


def test_what_is_said_of_an_accession_number_is_of_all_procedures_that_have_it(
    pacs: EmbeddedPacs,
) -> None:
    shared = MR.replace("ACC10", "ACC9")
    tell(pacs, omi(0, "NW", CT, shared, "IPC|ACC11|RP11|1.2.11|SPS11|US||US1"))
    told = "OBR|1|PL1|FI1|CTCH^CT chest^L||||||||||||||ACC9"
    urgent = (PID, "ORC|XO|PL1|FI1", "TQ1|1||||||20260204||S", told)
    (changed,) = tell(pacs, message(*urgent, kind="ORM^O01", control="M1"))
    assert changed.code == "AA"
    assert days(pacs) == {"CT": "20260204", "MR": "20260204", "US": "20260203"}
    one = (*urgent[:2], "TQ1|1||||||20260205||S", f"{told}||SPS10")
    (changed,) = tell(pacs, message(*one, kind="ORM^O01", control="M2"))
    assert changed.code == "AA"
    assert days(pacs) == {"CT": "20260204", "MR": "20260205", "US": "20260203"}
    (done,) = tell(pacs, message(PID, "ORC|RE|PL1|FI1", told, kind="ORU^R01", control="M3"))
    assert (done.code, days(pacs)) == ("AA", {"US": "20260203"})


def days(pacs: EmbeddedPacs) -> dict[str, str]:
    """By modality when it is to be done."""
    steps = [step for one in scheduled(pacs) for step in one.ScheduledProcedureStepSequence]
    return {one.Modality: one.ScheduledProcedureStepStartDate for one in steps}


def test_what_is_left_of_an_order_keeps_whose_number_it_has(pacs: EmbeddedPacs) -> None:
    """A result may say less of it; another placer's order of the same number is another one."""
    east = omi(0, "NW", CT, MR).replace(b"PL1", b"PL1^EAST")
    result = message(PID, "ORC|RE|PL1|FI1", RESULT, kind="ORU^R01", control="M1")
    of_others = "IPC|ACC11|RP11|1.2.11|SPS11|US||US1"
    west = omi(2, "NW", of_others).replace(b"PL1|FI1", b"PL1^WEST|FI2")
    assert [one.text for one in tell(pacs, east, result, west)] == ["", "", ""]
    assert stations(pacs) == {"ACC9": "CT", "ACC11": "US"}


@pytest.mark.parametrize("control", ["CA", "DC"])
def test_a_cancel_takes_the_procedures_that_it_names(pacs: EmbeddedPacs, control: str) -> None:
    us = "IPC|ACC11|RP11|1.2.11|SPS11|US||US1"
    by_accession = message(PID, f"ORC|{control}|PL1|FI1", RESULT, control="M1")
    for number, (told, there) in enumerate(
        [
            (omi(0, "NW", CT, MR, us), {"ACC9": "CT", "ACC10": "MR", "ACC11": "US"}),
            (by_accession, {"ACC9": "CT", "ACC11": "US"}),
            (omi(2, "HD"), {}),
            (omi(3, control, us), {}),
            (omi(4, "RL"), {"ACC9": "CT"}),
            (omi(5, control), {}),
        ]
    ):
        (answer,) = tell(pacs, told)
        assert (answer.code, answer.text) == ("AA", ""), number
        assert stations(pacs) == there, number


BARE = "OBR|1|PL1|FI1|CTCH^CT chest^L"


@pytest.mark.parametrize(
    ("study", "there"),
    [
        ("1.2.10", {"CT": "20260203", "MR": "20260204"}),
        ("1.2.99", {"CT": "20260204", "MR": "20260204"}),
        ("", {"CT": "20260204", "MR": "20260204"}),
    ],
    ids=["of one", "of none", "not said"],
)
def test_a_change_that_names_a_study_is_of_the_procedure_which_has_it(
    pacs: EmbeddedPacs, study: str, there: dict[str, str]
) -> None:
    tell(pacs, omi(0, "NW", CT, MR))
    before = studies(pacs)
    later = (PID, "ORC|XO|PL1|FI1", "TQ1|1||||||20260204||S", BARE, f"ZDS|{study}")
    (changed,) = tell(pacs, message(*later, control="M1"))
    assert (changed.code, days(pacs), studies(pacs)) == ("AA", there, before)


def test_a_cancel_that_names_a_study_is_of_the_procedure_which_has_it(pacs: EmbeddedPacs) -> None:
    tell(pacs, omi(0, "NW", CT, MR))
    gone = message(PID, "ORC|CA|PL1|FI1", BARE, "ZDS|1.2.10^RIS^Application^DICOM", control="M1")
    (answer,) = tell(pacs, gone)
    assert (answer.code, stations(pacs)) == ("AA", {"ACC9": "CT"})

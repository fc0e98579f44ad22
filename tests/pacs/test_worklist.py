"""The Modality Worklist, asked for by findscu as a modality asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydicom import Dataset

from tests.pacs.worklist_items import write_item

if TYPE_CHECKING:
    from scenario_runner.pacs.server import EmbeddedPacs
    from tests.pacs.conftest import Dcmtk

pytestmark = pytest.mark.peer

STEP = "(0040,0100)[0]"


def scheduled(
    accession: str, *, modality: str = "CT", date: str = "20260131", station: str = "CT1", name: str
) -> Dataset:
    item = Dataset()
    item.SpecificCharacterSet = "ISO_IR 192"
    item.PatientName, item.PatientID = name, f"PID{accession}"
    item.AccessionNumber, item.StudyInstanceUID = accession, f"1.2.{accession}"
    item.RequestedProcedureID = f"R{accession}"
    step = Dataset()
    step.Modality, step.ScheduledStationAETitle = modality, station
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = date, "0930"
    step.ScheduledProcedureStepID = f"S{accession}"
    item.ScheduledProcedureStepSequence = [step]
    return item


@pytest.fixture
def filled(pacs: EmbeddedPacs) -> EmbeddedPacs:
    for item in (
        scheduled("1", name="CITIZEN^JANE"),
        scheduled("2", name="MÜLLER^EVA", modality="MR", station="MR1"),
        scheduled("3", name="CITIZEN^JOHN", date="20260201"),
    ):
        write_item(pacs.worklist, item.AccessionNumber, item)
    (pacs.worklist / "broken.wl").write_bytes(b"not a worklist item")
    (pacs.worklist / "notes.txt").write_text("nor this", encoding="utf-8")
    return pacs


@pytest.mark.parametrize(
    ("keys", "accessions"),
    [
        ([], {"1", "2", "3"}),
        ([f"{STEP}.ScheduledProcedureStepStartDate=20260131"], {"1", "2"}),
        ([f"{STEP}.ScheduledProcedureStepStartDate=20260101-20260131", f"{STEP}.Modality=MR"], {"2"}),
        (
            # One period (PS3.4 K.6-1), not these hours of each day: 09:30 of the first is before it.
            [f"{STEP}.ScheduledProcedureStepStartDate=20260131-20260201",
             f"{STEP}.ScheduledProcedureStepStartTime=2300-1000"],
            {"3"},
        ),
        ([f"{STEP}.ScheduledStationAETitle=CT1"], {"1", "3"}),
        (["PatientName=citizen*"], {"1", "3"}),
        (["PatientID=PID3"], {"3"}),
        (["AccessionNumber=9"], set()),
    ],
)  # fmt: skip
def test_a_modality_finds_what_is_scheduled_for_it(
    dcmtk: Dcmtk, filled: EmbeddedPacs, keys: list[str], accessions: set[str]
) -> None:
    wanted = ["RequestedProcedureID", f"{STEP}.ScheduledProcedureStepID", *keys]
    run = dcmtk(
        "findscu", "-v", "-W", *(part for key in wanted for part in ("-k", key)),
        filled.host, str(filled.port),
    )  # fmt: skip
    told = (run.stdout + run.stderr).partition("Find Response")[2]
    assert run.returncode == 0, run.stderr
    assert {one for one in "123" if f"[R{one}" in told} == accessions
    assert {one for one in "123" if f"[S{one}" in told} == accessions


def test_an_item_is_gone_when_its_file_is(dcmtk: Dcmtk, filled: EmbeddedPacs) -> None:
    (filled.worklist / "1.wl").unlink()
    run = dcmtk("findscu", "-v", "-W", "-k", "PatientName=CITIZEN*", filled.host, str(filled.port))
    assert "[CITIZEN^JOHN]" in run.stdout + run.stderr
    assert "[CITIZEN^JANE]" not in run.stdout + run.stderr


def test_an_item_made_by_dcmtk_is_served(dcmtk: Dcmtk, pacs: EmbeddedPacs) -> None:
    pacs.worklist.mkdir()
    dump = pacs.worklist / "item.dump"
    dump.write_text(
        "(0010,0010) PN [DUMPED^ITEM]\n(0040,0100) SQ\n(fffe,e000) -\n(0008,0060) CS [US]\n"
        "(fffe,e00d) -\n(fffe,e0dd) -\n",
        encoding="ascii",
    )
    assert dcmtk("dump2dcm", dump, pacs.worklist / "item.wl").returncode == 0
    run = dcmtk(
        "findscu", "-v", "-W", "-k", "PatientName", "-k", f"{STEP}.Modality=US",
        pacs.host, str(pacs.port),
    )  # fmt: skip
    assert "[DUMPED^ITEM ]" in run.stdout + run.stderr

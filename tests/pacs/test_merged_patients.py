"""What comes for a patient after the merge is filed under who stays, and the sender is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.hl7.patient import patient_changes
from scenario_runner.pacs.merged_patients import MergedPatients
from tests.orders.hl7.feeds import message
from tests.running import ROOT, fabricate

if TYPE_CHECKING:
    from pathlib import Path


def merge(known: MergedPatients, stays: str, gone: str, kind: str = "ADT^A40") -> None:
    pid = f"PID|1||{stays}^^^HOSP^MR||STAYS^{stays}"
    segments = [pid, f"MRG|{gone}^^^HOSP^MR"] if gone else [pid]
    for change in patient_changes(Message.read(message(*segments, kind=kind))):
        known.note(change)


def test_a_merge_is_remembered_after_a_restart(tmp_path: Path) -> None:
    merge(MergedPatients(tmp_path / "merged.json"), "P1", "P2")
    again = MergedPatients(tmp_path / "merged.json")
    assert again.values_of("P2", "HOSP") == {
        "PatientID": "P1", "IssuerOfPatientID": "HOSP", "PatientName": "STAYS^P1",
    }  # fmt: skip
    assert again.values_of("P2", "")["PatientID"] == "P1", "an image seldom says who issued it"


def test_merges_one_after_another_lead_to_the_last(tmp_path: Path) -> None:
    known = MergedPatients(tmp_path / "merged.json")
    merge(known, "P2", "P3")
    merge(known, "P1", "P2")
    assert known.values_of("P3", "HOSP")["PatientID"] == "P1"


@pytest.mark.parametrize(("patient_id", "issuer"), [("P1", "HOSP"), ("P2", "OTHER"), ("P9", "")])
def test_patients_that_were_not_merged_stay_who_they_are(patient_id: str, issuer: str) -> None:
    known = MergedPatients()
    merge(known, "P1", "P2")
    assert known.values_of(patient_id, issuer) == {}


def test_a_merge_that_is_taken_back_the_other_way_is_no_circle() -> None:
    known = MergedPatients()
    merge(known, "P1", "P2")
    merge(known, "P2", "P1")
    assert known.values_of("P2", "HOSP") == {}
    assert known.values_of("P1", "HOSP")["PatientID"] == "P2"


def test_a_number_that_is_given_out_again_is_its_own_patients() -> None:
    known = MergedPatients()
    merge(known, "P1", "P2")
    merge(known, "P2", "", kind="ADT^A04")
    assert known.values_of("P2", "HOSP") == {}


def test_a_damaged_memory_is_told_and_costs_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "merged.json").write_text("[{", "utf-8")
    assert MergedPatients(tmp_path / "merged.json").values_of("P2", "") == {}
    assert "earlier merges are not known" in caplog.text


@pytest.mark.parametrize("via", ["c-store", "stow"])
def test_a_shipped_merge_reaches_images_that_come_later(tmp_path: Path, via: str) -> None:
    text = (ROOT / "scenarios/orders/merged_during_send.yaml").read_text("utf-8")
    scenario = tmp_path / "merged.yaml"
    scenario.write_text(text.replace("what: rest}", f"what: rest, via: {via}}}"), "utf-8")
    fabricate("run", scenario, "--registry", ":memory:", "--out", tmp_path / "run").check()

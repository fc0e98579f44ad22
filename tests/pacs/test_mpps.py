"""MPPS, told by pynetdicom: what a step may be told and what it may not (PS3.4 F.7)."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset
from pynetdicom import AE

from scenario_runner.pacs.performed_steps import PerformedSteps
from tests.pacs.asking import only_asking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pynetdicom.association import Association

    from scenario_runner.pacs.server import EmbeddedPacs

MPPS = "1.2.840.10008.3.1.2.3.3"
UID = "1.2.3.4"


def step(**attributes: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def begun() -> Dataset:
    scheduled = step(StudyInstanceUID="1.2.3", AccessionNumber="A1", RequestedProcedureID="R1")
    return step(
        PerformedProcedureStepStatus="IN PROGRESS",
        PerformedProcedureStepID="P1",
        Modality="CT",
        ScheduledStepAttributesSequence=[scheduled],
    )


@pytest.fixture(params=["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"])
def modality(pacs: EmbeddedPacs, request: pytest.FixtureRequest) -> Iterator[Association]:
    ae = AE("CT1")
    ae.add_requested_context(MPPS, request.param)
    association = ae.associate(pacs.host, pacs.port)
    assert association.is_established
    with only_asking(association):
        yield association
    association.release()


def test_a_step_begins_goes_on_and_is_completed(pacs: EmbeddedPacs, modality: Association) -> None:
    assert modality.send_n_create(begun(), MPPS, UID)[0].Status == 0
    series = step(SeriesInstanceUID="1.2.3.1", RetrieveAETitle="EMBEDDED")
    changes = step(PerformedProcedureStepStatus="COMPLETED", PerformedSeriesSequence=[series])
    assert modality.send_n_set(changes, MPPS, UID)[0].Status == 0
    (kept,) = pacs.steps
    assert kept.file_meta.MediaStorageSOPInstanceUID == UID
    assert kept.PerformedProcedureStepStatus == "COMPLETED"
    assert kept.PerformedProcedureStepID == "P1"
    assert kept.ScheduledStepAttributesSequence[0].AccessionNumber == "A1"
    assert kept.PerformedSeriesSequence[0].SeriesInstanceUID == "1.2.3.1"


@pytest.mark.parametrize("final", ["COMPLETED", "DISCONTINUED"])
def test_a_step_that_is_over_never_changes(
    pacs: EmbeddedPacs, modality: Association, final: str
) -> None:
    modality.send_n_create(begun(), MPPS, UID)
    modality.send_n_set(step(PerformedProcedureStepStatus=final), MPPS, UID)
    status, _ = modality.send_n_set(step(PerformedProcedureStepID="P2"), MPPS, UID)
    assert status.Status == 0x0110
    assert status.ErrorID == 0xA710
    (kept,) = pacs.steps
    assert kept.PerformedProcedureStepID == "P1"


def test_a_step_can_only_begin_in_progress_and_only_once(
    pacs: EmbeddedPacs, modality: Association
) -> None:
    wrong = step(PerformedProcedureStepStatus="COMPLETED")
    assert modality.send_n_create(wrong, MPPS, UID)[0].Status == 0x0106
    assert modality.send_n_create(step(Modality="CT"), MPPS, UID)[0].Status == 0x0120
    assert list(pacs.steps) == []
    assert modality.send_n_create(begun(), MPPS, UID)[0].Status == 0
    assert modality.send_n_create(begun(), MPPS, UID)[0].Status == 0x0111


def test_a_step_nobody_began_cannot_change(modality: Association) -> None:
    changes = step(PerformedProcedureStepStatus="COMPLETED")
    assert modality.send_n_set(changes, MPPS, "9.9")[0].Status == 0x0112


def test_a_status_that_is_none_is_refused(modality: Association) -> None:
    modality.send_n_create(begun(), MPPS, UID)
    changes = step(PerformedProcedureStepStatus="FINISHED")
    assert modality.send_n_set(changes, MPPS, UID)[0].Status == 0x0106


def test_a_step_that_cannot_be_kept_is_refused_in_words(
    modality: Association, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere")

    monkeypatch.setattr(PerformedSteps, "_write", full)
    answer = modality.send_n_create(begun(), MPPS, UID)[0]
    assert (answer.Status, answer.ErrorComment) == (0x0110, "it cannot be done: the disk is full")

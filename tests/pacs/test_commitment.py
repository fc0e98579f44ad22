"""Storage commitment, asked for by pynetdicom, in each way the result can be delivered."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt

from scenario_runner.pacs.faults import parse_faults
from scenario_runner.pacs.options import Destination, PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import CT_IMAGE, put, sample

if TYPE_CHECKING:
    from pathlib import Path

PUSH_MODEL = "1.2.840.10008.1.20.1"
INSTANCE = "1.2.840.10008.1.20.1.1"


class Requestor:
    """A modality that asks for commitment and listens for the result."""

    def __init__(self) -> None:
        self.results: list[tuple[int, Dataset]] = []
        self.told = threading.Event()
        self.ae = AE("MODALITY")
        self.ae.add_requested_context(PUSH_MODEL)
        self.ae.add_supported_context(PUSH_MODEL, scu_role=True, scp_role=True)
        self.server = self.ae.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, self._take)]
        )
        assert self.server is not None
        assert self.server.socket is not None
        self.port: int = self.server.socket.getsockname()[1]

    def _take(self, event: Any) -> tuple[int, None]:
        self.results.append((event.request.EventTypeID, event.event_information))
        self.told.set()
        return 0x0000, None

    def ask(self, pacs: EmbeddedPacs, *instances: tuple[str, str], wait: bool = True) -> Dataset:
        """Ask; without ``wait`` the association is released as soon as the request was taken."""
        wanted = Dataset()
        wanted.TransactionUID = generate_uid()
        wanted.ReferencedSOPSequence = []
        for sop_class, instance in instances:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
            wanted.ReferencedSOPSequence.append(item)
        association = self.ae.associate(
            pacs.host, pacs.port, evt_handlers=[(evt.EVT_N_EVENT_REPORT, self._take)]
        )
        assert association.is_established
        status, _ = association.send_n_action(wanted, 1, PUSH_MODEL, INSTANCE)
        assert status.Status == 0
        if wait:
            assert self.told.wait(5)
        association.release()
        assert self.told.wait(5)
        return wanted

    def close(self) -> None:
        assert self.server is not None
        self.server.shutdown()


@pytest.fixture
def requestor() -> Any:
    requestor = Requestor()
    yield requestor
    requestor.close()


@pytest.mark.parametrize("delivery", ["same", "new"])
def test_what_is_stored_is_committed(tmp_path: Path, requestor: Requestor, delivery: Any) -> None:
    options = PacsOptions(
        commitment=delivery,
        destinations={"MODALITY": Destination("127.0.0.1", requestor.port)},
    )
    with EmbeddedPacs(tmp_path, options=options) as pacs:
        for number in (1, 2):
            put(pacs.archive, sample(number=number))
        asked = requestor.ask(pacs, (CT_IMAGE, "1.2.3.1.1"), (CT_IMAGE, "1.2.3.1.2"))
    ((event_type, result),) = requestor.results
    assert event_type == 1
    assert result.TransactionUID == asked.TransactionUID
    assert [one.ReferencedSOPInstanceUID for one in result.ReferencedSOPSequence] == [
        "1.2.3.1.1", "1.2.3.1.2",
    ]  # fmt: skip
    assert "FailedSOPSequence" not in result


def test_what_is_not_there_or_of_another_class_fails_with_its_reason(
    tmp_path: Path, requestor: Requestor
) -> None:
    mr = "1.2.840.10008.5.1.4.1.1.4"
    with EmbeddedPacs(tmp_path) as pacs:
        for number in (1, 2):
            put(pacs.archive, sample(number=number))
        requestor.ask(pacs, (CT_IMAGE, "1.2.3.1.1"), (CT_IMAGE, "9.9"), (mr, "1.2.3.1.2"))
    ((event_type, result),) = requestor.results
    assert event_type == 2
    assert len(result.ReferencedSOPSequence) == 1
    assert [(one.ReferencedSOPInstanceUID, one.FailureReason) for one in result.FailedSOPSequence] == [
        ("9.9", 0x0112), ("1.2.3.1.2", 0x0119),
    ]  # fmt: skip


def test_commitment_can_be_made_to_fail(tmp_path: Path, requestor: Requestor) -> None:
    options = PacsOptions(faults=parse_faults(["commit=0213,share=0.5"]))
    with EmbeddedPacs(tmp_path, options=options) as pacs:
        for number in (1, 2):
            put(pacs.archive, sample(number=number))
        requestor.ask(pacs, (CT_IMAGE, "1.2.3.1.1"), (CT_IMAGE, "1.2.3.1.2"))
    ((event_type, result),) = requestor.results
    assert event_type == 2
    assert [(one.ReferencedSOPInstanceUID, one.FailureReason) for one in result.FailedSOPSequence] == [
        ("1.2.3.1.1", 0x0213)
    ]  # fmt: skip

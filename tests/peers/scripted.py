"""A server of pynetdicom whose answers a test writes down."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydicom import Dataset
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    CTImageStorage,
    StorageCommitmentPushModel,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
)

COMMITMENT = "1.2.840.10008.1.20.1.1"


@contextlib.contextmanager
def server(**handlers: Callable[[Any], Any]) -> Iterator[dict[str, Any]]:
    """The ``dicom`` service of a target that has these handlers: ``store``, ``find``, ``get``, ``action``."""
    events = {
        "store": evt.EVT_C_STORE, "find": evt.EVT_C_FIND, "get": evt.EVT_C_GET, "action": evt.EVT_N_ACTION,
    }  # fmt: skip
    entity = AE(ae_title="SCRIPTED")
    entity.add_supported_context(
        CTImageStorage, ALL_TRANSFER_SYNTAXES, scu_role=True, scp_role=True
    )
    for one in (
        StudyRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelGet,
        StorageCommitmentPushModel,
    ):
        entity.add_supported_context(one)
    running = entity.start_server(
        ("127.0.0.1", 0),
        block=False,
        evt_handlers=[(events[name], handler) for name, handler in handlers.items()],
    )
    assert running is not None
    try:
        port = running.server_address[1]
        yield {"host": "127.0.0.1", "port": port, "ae_title": "SCRIPTED"}
    finally:
        running.shutdown()


def answers(rows: Iterable[dict[str, Any]], status: int = 0xFF00) -> Callable[[Any], Any]:
    """A handler of C-FIND that answers with these data sets, whatever was asked."""

    def find(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        for row in rows:
            if event.is_cancelled:
                yield 0xFE00, None
                return
            made = Dataset()
            made.QueryRetrieveLevel = event.identifier.QueryRetrieveLevel
            for keyword, value in row.items():
                setattr(made, keyword, value)
            yield status, made

    return find


class Keeping:
    """What was stored, and handlers for it."""

    def __init__(self) -> None:
        self.data_sets: list[Any] = []

    def store(self, event: Any) -> int:
        data_set = event.dataset
        data_set.file_meta = event.file_meta
        self.data_sets.append(data_set)
        return 0

    def get(self, _: Any) -> Iterator[Any]:
        """All of it, whatever was asked."""
        yield len(self.data_sets)
        for data_set in self.data_sets:
            yield 0xFF00, data_set


class Late(Keeping):
    """An archive that finds what it was sent a while after it acknowledged it. seconds: how long after."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._stored: list[float] = []

    def store(self, event: Any) -> int:
        self._stored.append(time.monotonic())
        return super().store(event)

    def find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        """Studies by their UIDs, with the attributes of the first image."""
        indexed = time.monotonic() - self._seconds
        asked, seen = event.identifier, set()
        for data_set, stored in zip(self.data_sets, self._stored, strict=True):
            uid = data_set.StudyInstanceUID
            wanted = asked.get("StudyInstanceUID") or uid
            if stored > indexed or uid != wanted or uid in seen:
                continue
            seen.add(uid)
            made = Dataset()
            made.SpecificCharacterSet = data_set.get("SpecificCharacterSet")
            made.QueryRetrieveLevel = asked.QueryRetrieveLevel
            for element in asked:
                if element.keyword in data_set:
                    made[element.tag] = data_set[element.tag]
            yield 0xFF00, made


def reporting(
    make: Callable[[Dataset, Dataset], None], event_type: int = 1
) -> Callable[[Any], Any]:
    """A handler of N-ACTION that reports on the same association what ``make`` says of the request.

    make: given the request and the report to fill in, which has its transaction UID.
    """

    def action(event: Any) -> tuple[int, None]:
        asked = event.action_information
        report = Dataset()
        report.TransactionUID = asked.TransactionUID
        make(asked, report)

        def tell() -> None:
            time.sleep(0.2)
            event.assoc.send_n_event_report(
                report, event_type, StorageCommitmentPushModel, COMMITMENT
            )

        threading.Thread(target=tell, daemon=True).start()
        return 0, None

    return action

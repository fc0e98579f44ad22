"""The studies of the cases under way as worklist items, as a RIS would have scheduled them (PS3.4 K)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from scenario_runner.dicom.syntaxes import EXPLICIT_LE, Encoding
from scenario_runner.network.queries import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.dicom.elements import Elements
    from scenario_runner.planning.plan import PlannedCase


class Schedule:
    """Worklist items made when they are asked for, from any thread. station: who is to do the work."""

    def __init__(self, station: str) -> None:
        self.station = station
        self._lock = threading.Lock()
        self._cases: dict[str, PlannedCase] = {}
        self._ordered: set[str] = set()

    def add(self, case: PlannedCase) -> None:
        """The studies of this case are scheduled."""
        with self._lock:
            self._cases[case.id] = case

    def remove(self, case: PlannedCase) -> None:
        """They are scheduled no longer."""
        with self._lock:
            self._cases.pop(case.id, None)

    def leave_out(self, accession: str) -> None:
        """A message orders, or cancels, that study: from now on it alone says what is scheduled."""
        with self._lock:
            self._ordered.add(accession)

    def items(self) -> Iterator[Elements]:
        """One item for each study, in plan order."""
        from scenario_runner.dicom.elements import read_elements
        from scenario_runner.orders.scheduled import worklist_item
        from scenario_runner.targets.identifiers import attributes

        with self._lock:
            cases, ordered = list(self._cases.values()), set(self._ordered)
        for case in cases:
            for study in case.studies():
                if study.accession in ordered:
                    continue
                data = encode(attributes(worklist_item(study, self.station)), EXPLICIT_LE)
                yield read_elements(data, Encoding(implicit=False))

"""What storage commitment has to report, and reports that wait for an association (PS3.4 J.3.3)."""

from __future__ import annotations

import threading
from dataclasses import field
from typing import Final

from scenario_runner.dicom import element_writing
from scenario_runner.dicom.element_text import encode
from scenario_runner.dicom.elements import Element, Elements, write_elements
from scenario_runner.dicom.syntaxes import Encoding
from scenario_runner.lazy_dataclasses import dataclass

_ALL_COMMITTED, _FAILURES_EXIST = 1, 2
TRANSACTION_UID, REFERENCED, _FAILED = 0x00081195, 0x00081199, 0x00081198
SOP_CLASS, SOP_INSTANCE, _FAILURE_REASON = 0x00081150, 0x00081155, 0x00081197
_MOST_REPORTS: Final = 1000


@dataclass(slots=True)
class Outcome:
    """What is committed and what is not. failed: SOP class, instance and Failure Reason."""

    transaction_uid: str
    committed: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def event_type(self) -> int:
        """Event Type ID (PS3.4 J.3.3)."""
        return _FAILURES_EXIST if self.failed else _ALL_COMMITTED

    def encode(self, *, implicit: bool) -> bytes:
        """Event information (PS3.4 table J.3-2)."""
        elements: Elements = {TRANSACTION_UID: encode(TRANSACTION_UID, [self.transaction_uid], ())}

        def item(sop_class: str, instance: str, reason: int | None = None) -> bytes:
            inner = {
                SOP_CLASS: encode(SOP_CLASS, [sop_class], ()),
                SOP_INSTANCE: encode(SOP_INSTANCE, [instance], ()),
            }
            if reason is not None:
                inner[_FAILURE_REASON] = encode(_FAILURE_REASON, [str(reason)], ())
            return write_elements(inner, implicit=implicit)

        for tag, items in (
            (REFERENCED, [item(*one) for one in self.committed]),
            (_FAILED, [item(*one) for one in self.failed]),
        ):
            if items:
                elements[tag] = Element(
                    "SQ", b"".join(map(element_writing.item, items)), Encoding(implicit)
                )
        return write_elements(elements, implicit=implicit)


class Reports:
    """Outcomes that wait for the next association of the AE title that asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Outcome]] = {}

    def keep(self, ae_title: str, outcome: Outcome) -> None:
        """Keep one until it can be told; of too many the oldest goes."""
        with self._lock:
            waiting = self._waiting.setdefault(ae_title, [])
            waiting.append(outcome)
            del waiting[:-_MOST_REPORTS]

    def take(self, ae_title: str) -> list[Outcome]:
        """What is to be told to that AE title now."""
        with self._lock:
            return self._waiting.pop(ae_title, [])

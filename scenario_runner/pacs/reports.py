"""What storage commitment has to report, and reports that wait for an association (PS3.4 J.3.3)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import threading
from dataclasses import field
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom import element_writing
from scenario_runner.dicom.element_text import encode
from scenario_runner.dicom.elements import Element, Elements, write_elements
from scenario_runner.dicom.syntaxes import Encoding
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from pathlib import Path

LOGGER = logging.getLogger(__name__)
_ALL_COMMITTED, _FAILURES_EXIST = 1, 2
TRANSACTION_UID, REFERENCED, _FAILED = 0x00081195, 0x00081199, 0x00081198
SOP_CLASS, SOP_INSTANCE, _FAILURE_REASON = 0x00081150, 0x00081155, 0x00081197
MOST_REPORTS: Final = 1000


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
    """Outcomes that were promised and are not told yet; those that wait for their AE title to call among them.

    folder: where they are kept, one file each, from before a request is answered until its report is taken,
    whatever becomes of this process; in memory only by default. Any thread may ask.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._waiting: dict[str, dict[str, Outcome]] = {}
        """By AE title and Transaction UID, the oldest first."""

    @property
    def are_left(self) -> bool:
        """Whether an earlier process may have left some untold."""
        return self._folder is not None and self._folder.is_dir()

    def load(self) -> list[str]:
        """Let what an earlier process has left untold wait. Returns the AE titles that it waits for."""
        if self._folder is None or not self._folder.is_dir():
            return []
        paths = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        found = [one for one in map(read, paths) if one is not None]
        for title, outcome in found:
            self.keep(title, outcome)
        return list(dict.fromkeys(title for title, _ in found))

    def promise(self, ae_title: str, outcome: Outcome) -> None:
        """Write down what is to be told, so that it is told after a restart, too."""
        if self._folder is None:
            return
        try:
            write(self._path(self._folder, ae_title, outcome), ae_title, outcome)
        except OSError as error:
            LOGGER.warning("a report of storage commitment is kept in memory only: %s", error)

    def keep(self, ae_title: str, outcome: Outcome) -> None:
        """Keep one until its AE title calls; of too many the oldest goes."""
        with self._lock:
            waiting = self._waiting.setdefault(ae_title, {})
            waiting[outcome.transaction_uid] = outcome
            too_many = list(waiting.values())[:-MOST_REPORTS]
            for one in too_many:
                del waiting[one.transaction_uid]
        for one in too_many:
            self.told(ae_title, one)
            LOGGER.warning("a report of storage commitment is dropped: %s never calls", ae_title)

    def take(self, ae_title: str) -> list[Outcome]:
        """What is to be told to that AE title now; what could not be is kept again."""
        with self._lock:
            return list(self._waiting.pop(ae_title, {}).values())

    def told(self, ae_title: str, outcome: Outcome) -> None:
        """It is taken, and need not be kept."""
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._path(self._folder, ae_title, outcome).unlink(missing_ok=True)

    @staticmethod
    def _path(folder: Path, ae_title: str, outcome: Outcome) -> Path:
        return folder / f"{name_of(ae_title, outcome)}.json"


def name_of(ae_title: str, outcome: Outcome) -> str:
    """What the file of a report is called, without its suffix: first for whom it is."""
    return title_of(ae_title) + _digest(f"{ae_title}\\{outcome.transaction_uid}")[:24]


def title_of(ae_title: str) -> str:
    """What the names of all reports for an AE title begin with."""
    return _digest(ae_title)[:16]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def write(path: Path, ae_title: str, outcome: Outcome) -> None:
    """Write a report down, whole or not at all. Raises OSError."""
    said = {
        "ae_title": ae_title,
        "transaction_uid": outcome.transaction_uid,
        "committed": outcome.committed,
        "failed": outcome.failed,
    }
    half = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    half.write_text(json.dumps(said), encoding="utf-8")
    half.replace(path)


def read(path: Path) -> tuple[str, Outcome] | None:
    """The AE title that a report is for, and the report; None for one that cannot be read."""
    try:
        said = json.loads(path.read_text("utf-8"))
        committed = [(str(one), str(two)) for one, two in said["committed"]]
        failed = [(str(one), str(two), int(why)) for one, two, why in said["failed"]]
        return str(said["ae_title"]), Outcome(str(said["transaction_uid"]), committed, failed)
    except (OSError, ValueError, TypeError, KeyError) as error:
        LOGGER.warning("a report of storage commitment cannot be read: %s: %s", path, error)
        return None

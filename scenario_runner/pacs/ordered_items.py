"""Worklist items of orders: in a journal before a message is acknowledged, in files behind it.

A message that comes alone has its files when it is acknowledged. While many come one after the other the files wait
until there is a pause, for a folder takes far longer than a journal to get one more; until then items are answered
from memory, and a process that is killed leaves them to the next.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from scenario_runner.errors import described, of_the_machine
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.worklist import OrderFiles, is_held
from scenario_runner.pacs.answered import Answered
from scenario_runner.pacs.order_journal import JOURNAL, Journal, Record

if TYPE_CHECKING:
    from pathlib import Path

LOGGER = logging.getLogger(__name__)
_PAUSE: Final = 0.05
"""Seconds without a message."""
_AGAIN: Final = 1.0
"""Seconds after which files that could not be written are tried again."""
_LARGEST: Final = 1 << 26
"""Bytes of a journal; beyond it the next message waits for the files."""


class OrderedItems:
    """Items by name, as the messages so far have them. One thread asks and changes; ``pending`` is for any.

    folder: of the files. journal: kept beside what was answered; without one each item is in its file at once.
    synced: all of it outlives the machine, too, not only the process. at_once: others read the files, so each item is
    in its file when it is acknowledged, whatever comes meanwhile. Raises MachineError where an earlier journal cannot be
    read.
    """

    def __init__(
        self,
        folder: Path,
        journal: Path | None,
        answered: Answered,
        *,
        synced: bool = False,
        at_once: bool = False,
    ) -> None:
        self._at_once = at_once
        self._files = OrderFiles(folder, synced=synced)
        self._synced = synced
        self._answered = answered
        self._journal = None if journal is None else Journal(journal)
        self._pending: dict[str, bytes | None] = {}
        self._lock = threading.Lock()
        self._folding = threading.Lock()
        self._last = 0.0
        self._thread: threading.Thread | None = None
        self._woken = threading.Condition(self._lock)
        self._closing = False
        self._stuck = False
        """Whether the last time that files were to be written they could not."""
        self._take_over()

    def _take_over(self) -> None:
        """What an earlier process acknowledged and was killed before it was where it belongs. Raises MachineError."""
        if self._journal is None:
            return
        try:
            for record in self._journal.read():
                self._note(record)
        except OSError as error:
            # Whoever went on would write over them.
            raise of_the_machine("what was ordered before cannot be read", error) from error
        self._fold_or_say()

    def pending(self) -> Mapping[str, bytes | None]:
        """Items whose files are not as they should be yet; None for one that is to go."""
        with self._lock:
            return {name: one for name, one in self._pending.items() if not is_held(name)}

    def names(self) -> list[str]:
        """Of all items, in order."""
        pending = self.pending()
        gone = {name for name, content in pending.items() if content is None}
        return sorted({*self._files, *pending} - gone)

    def held(self) -> set[str]:
        """Of all items of orders that are held; without what says so."""
        with self._lock:
            soon = {name: one for name, one in self._pending.items() if is_held(name)}
        there = {*self._files.held(), *soon} - {name for name, one in soon.items() if one is None}
        return {name.partition(".")[0] for name in there}

    def read(self, name: str) -> bytes | None:
        """What an item has; None where there is none. Raises OSError."""
        with self._lock:
            if name in self._pending:
                return self._pending[name]
        try:
            return self._files.read(name)
        except FileNotFoundError:
            return None

    def keep(self, record: Record) -> None:
        """Do what a message has changed, so that this survives the process.

        Raises OSError, and nothing is changed; also while the files of earlier messages cannot be written: a journal
        that nobody empties would grow for ever, and who sends is to know. What it shall survive the machine for is there
        with ``sync``.
        """
        if self._journal is None:
            self._write(record.changes)
            self._answered.note(record)
            return
        now = time.monotonic()
        with self._lock:
            alone = (
                self._at_once or self._stuck or (not self._pending and now - self._last > _PAUSE)
            )
            self._last = now
            if not alone:
                self._journal.append(record)
                self._note(record)
        if alone:
            self._keep_alone(self._journal, record)
        elif self._journal.size > _LARGEST:
            self._fold_or_say()
        if self._journal.size:
            self._wake()

    def _keep_alone(self, journal: Journal, record: Record) -> None:
        """Keep what came in a pause, or while files could not be written: in its files. Raises OSError.

        It is in the journal meanwhile, for a process that is killed in the middle of them.
        """
        if self._stuck:
            self._fold()
        before: dict[str, bytes | None] = {}
        with self._folding:
            with self._lock:
                size = journal.size
                journal.append(record)
            try:
                before.update((name, self.read(name)) for name in record.changes)
                self._write(record.changes)
            except OSError:
                self._stuck = True
                with self._lock:
                    journal.cut(size)
                with contextlib.suppress(OSError):
                    self._write(before)
                raise
            with self._lock:
                self._answered.note(record)
        self._fold_or_say()

    def sync(self) -> None:
        """Have on the disk what was kept so far, where that is wanted. Any thread may ask. Raises OSError."""
        if self._synced and self._journal is not None:
            self._journal.sync()

    def close(self) -> None:
        """Bring all to where it belongs, and let go of the journal."""
        with self._lock:
            self._closing = True
            self._woken.notify()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        if self._journal is not None:
            self._fold_or_say()
            self._journal.close()
        self._answered.close()

    def _note(self, record: Record) -> None:
        self._pending.update(record.changes)
        self._answered.note(record)

    def _write(self, changes: Mapping[str, bytes | None]) -> None:
        for name, content in changes.items():
            if content is None:
                self._files.remove(name)
            else:
                self._files.replace(name, content)
        self._files.settle()

    def _fold(self) -> None:
        """Bring what waits to where it belongs. Raises OSError."""
        assert self._journal is not None
        with self._folding:
            with self._lock:
                changes, size = dict(self._pending), self._journal.size
            self._write(changes)
            with self._lock:
                for name, content in changes.items():
                    if self._pending.get(name, b"") is content:
                        del self._pending[name]
                self._answered.write(synced=self._synced)
                if self._journal.size == size:
                    self._journal.empty()
            self._stuck = False

    def _fold_or_say(self) -> bool:
        try:
            self._fold()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is tried again
            if not self._stuck:
                why = getattr(error, "strerror", None) or described(error)
                LOGGER.warning("'%s' cannot be written yet: %s", self._files.folder, why)
            self._stuck = True
            return False
        return True

    def _wake(self) -> None:
        with self._lock:
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(
                    target=self._follow, name="ordered-items", daemon=True
                )
                self._thread.start()
            self._woken.notify()

    def _follow(self) -> None:
        """Whenever there is a pause, write what has come before it."""
        assert self._journal is not None
        journal, patience = self._journal, 0.0
        while True:
            with self._lock:
                self._woken.wait_for(lambda: self._closing or journal.size)
                self._woken.wait_for(lambda: self._closing, max(patience, self._quiet_in()))
                if self._closing:
                    return
                if self._quiet_in() > 0:
                    continue
            patience = 0.0 if self._fold_or_say() else _AGAIN

    def _quiet_in(self) -> float:
        return self._last + _PAUSE - time.monotonic()


def settle(folder: Path, answered: Path) -> None:
    """Bring to its place what a process that was killed had acknowledged. folder, answered: as of ``WorklistFiles``.

    Raises MachineError where it cannot be read.
    """
    left = answered.with_name(JOURNAL)
    if left.exists() and left.stat().st_size:
        kept_items(WorklistFiles(folder, answered), Answered(answered)).close()


@dataclass(frozen=True, slots=True)
class WorklistFiles:
    """Where a worklist is kept, and how well.

    folder: of its items. answered: where the messages that were answered are kept; in memory only by default.
    synced: it outlives the machine, too, once what was done is synced. at_once: other processes read its files.
    """

    folder: Path
    answered: Path | None = None
    synced: bool = False
    at_once: bool = False


def kept_items(files: WorklistFiles, memory: Answered) -> OrderedItems:
    """The items of a folder, with a journal beside what was answered, where that is kept. Raises MachineError."""
    journal = None if files.answered is None else files.answered.with_name(JOURNAL)
    return OrderedItems(files.folder, journal, memory, synced=files.synced, at_once=files.at_once)

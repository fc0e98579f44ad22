"""A written file becomes an instance, or its next version: it gets its place, and the index learns of it.

All of it goes through what ``Archive`` has opened; what the machine says is raised as it comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from scenario_runner.archive.description import describe, header_of
from scenario_runner.archive.index import Entry
from scenario_runner.archive.outcomes import Arrived, DuplicateError, Stored
from scenario_runner.archive.recovery import leave_for_later, remove_far
from scenario_runner.archive.server_error import ServerError
from scenario_runner.dicom.element_text import character_sets
from scenario_runner.dicom.part10 import file_meta

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from scenario_runner.archive.files import Files
    from scenario_runner.archive.index import Index

Duplicates = Literal["keep", "overwrite", "refuse"]


def second(sop_instance_uid: str, duplicates: Duplicates) -> Stored:
    """What becomes of an instance whose first version stays. Raises DuplicateError."""
    if duplicates == "refuse":
        raise DuplicateError("an instance with this SOP Instance UID is there already")
    return Stored(sop_instance_uid, "kept")


class _Commit:
    """An instance on its way into the index; may be gone through once more after its transaction was taken back."""

    def __init__(
        self, files: Files, index: Index, arrived: Arrived, duplicates: Duplicates
    ) -> None:
        self._files, self._index, self._arrived = files, index, arrived
        self._overwrites = duplicates == "overwrite"
        self.uid = arrived.meta.sop_instance_uid
        self.place = ""
        """Where it lies, or is about to."""
        self._is_put = False
        self.before: str | None = None
        """Where another version lay, found by ``take_in``."""

    def put(self, avoiding: str) -> None:
        """Give the file its place."""
        self.place = self._files.place_of(self.uid, avoiding=avoiding)
        self._files.put(self._arrived.written, self.place)
        self._is_put = True

    def take_in(self) -> bool:
        """Have the index learn of it, within a transaction; whether it is wanted."""
        arrived, index = self._arrived, self._index
        # Looked up again: another association may have stored the same instance meanwhile.
        before = index.file_of(self.uid, storing=arrived.attributes)
        if self._is_put and before == self.place:
            if not self._files.far:  # somebody else has stored it there between the two times
                return False
            index.remove(self.uid)  # who has made the index again meanwhile has found it
            before = None
        if before is not None and not self._overwrites:
            return False
        self.before = before
        if not self._is_put:
            self.put(before or "")
        if before is not None:
            index.remove(self.uid)
        index.add(
            Entry(
                arrived.attributes,
                arrived.character_set,
                arrived.meta.transfer_syntax_uid,
                self.place,
                arrived.size,
            )
        )
        return True

    def give_up(self) -> None:
        """Leave nothing of it. Raises sqlite3.Error."""
        self._files.discard(self._arrived.written)
        if self.place:
            remove_forgotten(self._files, self._index, [(self.uid, self.place)])


def commit(files: Files, index: Index, arrived: Arrived, duplicates: Duplicates) -> Stored:
    """Store what was written down; nothing is left of it when it is not stored.

    Raises DuplicateError, OSError, sqlite3.Error.
    """
    work = _Commit(files, index, arrived, duplicates)
    uid = work.uid
    try:
        if files.far:  # on its way nobody has to wait for it
            work.put(index.file_of(uid) or "")
        wanted = index.together(work.take_in)
    except BaseException:
        work.give_up()
        raise
    if not wanted:
        work.give_up()
        return second(uid, duplicates)
    if work.before is None:
        return Stored(uid, "new", arrived.missing)
    remove_forgotten(files, index, [(uid, work.before)])
    return Stored(uid, "overwritten", arrived.missing)


def change(
    files: Files, index: Index, uid: str, changed: Callable[[bytes, str], bytes | None]
) -> bool:
    """Keep another version of an instance, see ``Archive.change``. Raises OSError, sqlite3.Error, too."""
    written: Path | None = None
    place = ""
    try:
        with index.transaction():
            before = index.file_of(uid)
            if before is None:
                return False
            meta = files.head(before)[0]
            syntax = meta.transfer_syntax_uid
            data = changed(files.open_data(before), syntax)
            if data is None:
                return False
            header = header_of([data], syntax)
            written = files.write([file_meta(meta.sop_class_uid, uid, syntax), data])
            place = files.place_of(uid, avoiding=before)
            files.put(written, place)
            index.remove(uid)
            terms = "\\".join(character_sets(header))
            index.add(Entry(describe(header), terms, syntax, place, len(data)))
    except BaseException:
        if written is not None:
            files.discard(written)
        if place:
            remove_forgotten(files, index, [(uid, place)])
        raise
    remove_forgotten(files, index, [(uid, before)])
    return True


def _removed(files: Files, index: Index, lain: Iterable[tuple[str, str]]) -> list[str]:
    """Remove those that do not lie there any more; returns where one cannot be removed."""
    left = []
    with index.transaction():
        for uid, place in lain:
            if index.file_of(uid) != place:
                try:
                    files.remove(place)
                except OSError:  # open elsewhere, which keeps it on Windows
                    left.append(place)
    return left


def remove_forgotten(files: Files, index: Index, lain: Iterable[tuple[str, str]]) -> None:
    """Remove files of instances that do not lie there any more, see ``Archive.remove_forgotten``. Raises sqlite3.Error."""
    if files.far:
        remove_far(files, index, [place for _, place in lain])
        return
    places = list(lain)
    try:
        left = _removed(files, index, places)
    except ServerError:
        left = [place for _, place in places]
    if left:
        leave_for_later(files, left)

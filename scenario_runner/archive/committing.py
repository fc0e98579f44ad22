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


def commit(files: Files, index: Index, arrived: Arrived, duplicates: Duplicates) -> Stored:
    """Store what was written down; nothing is left of it when it is not stored.

    Raises DuplicateError, OSError, sqlite3.Error.
    """
    uid = arrived.meta.sop_instance_uid
    place = ""
    try:
        if files.far:  # on its way nobody has to wait for it
            ahead = files.place_of(uid, avoiding=index.file_of(uid) or "")
            files.put(arrived.written, ahead)
            place = ahead
        with index.transaction():
            # Looked up again: another association may have stored the same instance meanwhile.
            before = index.file_of(uid, storing=arrived.attributes)
            if place and before == place:  # who has made the index again meanwhile has found it
                index.remove(uid)
                before = None
            wanted = before is None or duplicates == "overwrite"
            if wanted:
                if not place:
                    place = files.place_of(uid, avoiding=before or "")
                    files.put(arrived.written, place)
                if before is not None:
                    index.remove(uid)
                index.add(
                    Entry(
                        arrived.attributes,
                        arrived.character_set,
                        arrived.meta.transfer_syntax_uid,
                        place,
                        arrived.size,
                    )
                )
    except BaseException:
        files.discard(arrived.written)
        if place:
            remove_forgotten(files, index, [(uid, place)])
        raise
    if not wanted:
        files.discard(arrived.written)
        if place:
            remove_forgotten(files, index, [(uid, place)])
        return second(uid, duplicates)
    if before is None:
        return Stored(uid, "new", arrived.missing)
    remove_forgotten(files, index, [(uid, before)])
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

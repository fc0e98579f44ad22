"""Many instances stored or replaced at once: all of them are there afterwards, or none, also after a kill.

Their files get their places first, and the index learns of all in one transaction. What a process that
was killed between the two leaves behind is noted, and goes when the archive is opened again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from scenario_runner.archive.description import describe, header_of
from scenario_runner.archive.index import Entry
from scenario_runner.archive.outcomes import Stored
from scenario_runner.archive.server_error import ServerError
from scenario_runner.dicom.element_text import character_sets
from scenario_runner.dicom.part10 import file_meta

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.archive.archive import Archive
    from scenario_runner.archive.files import Buffer
    from scenario_runner.archive.index import Located
    from scenario_runner.archive.outcomes import Arrived


class GoneError(LookupError):
    """What was to be replaced is not there any more, or is another version by now."""


def keep_all(archive: Archive, arrived: Sequence[Arrived]) -> list[Stored]:
    """Store what was taken in, in order; of two with one SOP Instance UID the first stays.

    An instance that is there already stays as it is (``kept``), whatever the archive's options say. Raises
    MachineError; none of them is stored then, and all are discarded.
    """
    files = archive.files
    places: list[str] = []
    stored: list[Stored] = []
    note: Path | None = None
    try:
        with archive.index.transaction():
            # Noted before the first has its place; which ones are new is known under the lock only.
            fresh: dict[str, Arrived] = {}
            for one in arrived:
                uid = one.meta.sop_instance_uid
                is_new = uid not in fresh and archive.index.file_of(uid) is None
                stored.append(Stored(uid, "new" if is_new else "kept"))
                if is_new:
                    fresh[uid] = one
            given = {uid: files.place_of(uid) for uid in fresh}
            note = files.note_addition(list(given.values()))
            for uid, one in fresh.items():
                place = given[uid]
                files.put(one.written, place)
                places.append(place)
                archive.index.add(
                    Entry(
                        one.attributes,
                        one.character_set,
                        one.meta.transfer_syntax_uid,
                        place,
                        one.size,
                    )
                )
    except BaseException as error:
        _undo(archive, places, note, error)
        for one in arrived:
            archive.discard(one)
        if isinstance(error, (OSError, sqlite3.Error)):
            raise archive.cannot_store(error) from error
        raise
    files.discard(note)
    for one, how in zip(arrived, stored, strict=True):
        if how.outcome == "kept":
            archive.discard(one)
    return stored


def replace_all(
    archive: Archive, changes: Iterable[tuple[Located, Sequence[Buffer]]], expected: int
) -> None:
    """Keep other versions of instances: of all or of none.

    changes: what there is, and its new data set in pieces; asked for one by one, so that one at a time is in
    memory. expected: how many instances of their study there have to be. Raises MachineError,
    DamagedDatasetError, GoneError, or what ``changes`` raises; all instances are as they were then.
    """
    files, index = archive.files, archive.index
    written: list[tuple[Located, Path, Entry, str]] = []
    places: list[str] = []
    note: Path | None = None
    try:
        for located, data in changes:
            syntax = located.transfer_syntax_uid
            header = header_of(data, syntax)
            meta = file_meta(located.sop_class_uid, located.sop_instance_uid, syntax)
            path = files.write([meta, *data])
            place = files.place_of(located.sop_instance_uid, avoiding=located.file)
            entry = Entry(
                describe(header),
                "\\".join(character_sets(header)),
                syntax,
                place,
                sum(map(len, data)),
            )
            written.append((located, path, entry, place))
        note = files.note_addition([place for *_, place in written])
        with index.transaction():
            _check_unchanged(archive, [located for located, *_ in written], expected)
            for located, path, _, place in written:
                files.put(path, place)
                places.append(place)
                index.remove(located.sop_instance_uid)
            for _, _, entry, _ in written:
                index.add(entry)
    except BaseException as error:
        _undo(archive, places, note, error)
        for _, path, _, _ in written:
            files.discard(path)
        if isinstance(error, (OSError, sqlite3.Error)):
            raise archive.cannot_store(error) from error
        raise
    files.discard(note)
    archive.remove_forgotten([(located.sop_instance_uid, located.file) for located, *_ in written])


def _check_unchanged(archive: Archive, before: Sequence[Located], expected: int) -> None:
    """Whoever has stored, changed or deleted meanwhile was not seen by who made the new versions."""
    studies = {one.study_instance_uid for one in before}
    now = archive.index.held([("StudyInstanceUID", sorted(studies))])
    if len(now) != expected or any(now.get(one.sop_instance_uid) != one.file for one in before):
        raise GoneError("the study has changed meanwhile")


def _undo(archive: Archive, places: Sequence[str], note: Path | None, error: BaseException) -> None:
    """Take away what has got its place while the index was not to know it; when it is opened again, where it cannot be.

    error: why it was not to; where a server has gone it may know it all the same.
    """
    left = False
    if note is not None and isinstance(error, ServerError):
        return
    for place in places:
        try:
            archive.files.remove(place)
        except OSError:
            left = True
    if note is not None and not left:
        archive.files.discard(note)

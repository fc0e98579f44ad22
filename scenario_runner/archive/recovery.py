"""What an archive finds when it is opened: work that a killed process left half done, files without an index."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from scenario_runner.archive.arriving import read_head
from scenario_runner.archive.description import check_identity, describe
from scenario_runner.archive.index import Entry
from scenario_runner.archive.object_store import NotInStoreError, StoreError
from scenario_runner.archive.outcomes import Rebuilt
from scenario_runner.archive.server_error import ServerError
from scenario_runner.dicom.elements import DamagedDatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scenario_runner.archive.files import Files
    from scenario_runner.archive.index import Index


def finish_removals(files: Files, index: Index) -> None:
    """Go on with deletions that a killed process had begun, lest a rebuild bring parts back."""
    for note, study, places in files.removals():
        for file in {*(one.file for one in index.remove_study(study)), *places}:
            files.remove(file)
        files.discard(note)


def finish_additions(files: Files, index: Index) -> None:
    """Take away what a killed process had put in its place and not told the index of."""
    for note, places in files.additions():
        _finish_addition(files, index, note, places)


def _finish_addition(files: Files, index: Index, note: Path | None, places: Sequence[str]) -> None:
    with index.transaction():  # a server may still be about to end one whose end was never told
        known = index.known_files(places)
    for place in places:
        if place not in known:
            files.remove(place)
    if note is not None:
        files.discard(note)


def remove_far(files: Files, index: Index, places: Sequence[str]) -> None:
    """Remove what nobody knows any more from a store that may not be reached just now: when it is opened again, then."""
    note = leave_for_later(files, places)
    with suppress(OSError):
        _finish_addition(files, index, note, places)


def leave_for_later(files: Files, places: Sequence[str]) -> Path | None:
    """Have files that nobody knows removed when the archive is opened again, unless somebody knows them then.

    None where that cannot be noted: to remove is what a full disk needs most.
    """
    with suppress(OSError):
        return files.note_addition(places)
    return None


def clear_up_after(files: Files, index: Index, process: int) -> None:
    """Take away what one of several processes left half done when it was killed, while the others go on.

    What it had begun to delete and the index still knows stays: nobody was told that it is gone.
    """
    files.sweep(process)
    for note, places in files.noted_by(process):
        # Another one may just be given a place that this one had.
        with index.transaction():
            for place in set(places) - index.known_files(places):
                files.remove(place)
        files.discard(note)


def index_again(files: Files, index: Index) -> Rebuilt:
    """Make the index from the files, all in one transaction; what of two versions is older goes.

    Raises sqlite3.Error when the index cannot be written; ServerError or StoreError, and it stays as it was, when its
    server or a store does not answer: an index of a part would be taken for all there is.
    """
    report = Rebuilt()
    with index.transaction():
        index.clear()
        for place in files.all():
            try:
                _add(files, index, place, report)
            except (DamagedDatasetError, OSError) as error:
                if isinstance(error, (StoreError, ServerError)) and not isinstance(
                    error, NotInStoreError
                ):
                    raise
                report.unreadable.append((files.named(place), str(error)))
    index.mark_current()
    return report


def _add(files: Files, index: Index, place: str, report: Rebuilt) -> None:
    meta, _, _ = files.head(place)
    header, terms = read_head(files, place)
    attributes = describe(header)
    check_identity(attributes, meta.sop_class_uid, meta.sop_instance_uid)
    before = index.file_of(meta.sop_instance_uid)
    if before is not None:
        index.remove(meta.sop_instance_uid)
        files.remove(before)
        report.superseded += 1
    else:
        report.instances += 1
    size = files.size(place) - meta.data_offset
    index.add(Entry(attributes, "\\".join(terms), meta.transfer_syntax_uid, place, size))

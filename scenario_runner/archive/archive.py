"""Studies at rest: what is stored stays stored, is found again, and comes back byte for byte."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from scenario_runner.archive.arriving import Beginning, read_head, understood
from scenario_runner.archive.committing import change, commit, remove_forgotten, second
from scenario_runner.archive.description import (
    check_identity,
    describe,
    header_of,
)
from scenario_runner.archive.files import Buffer
from scenario_runner.archive.index import Located
from scenario_runner.archive.missing_pixels import from_pieces, missing_pixels
from scenario_runner.archive.object_store import StoreError
from scenario_runner.archive.opening import open_folder, unusable
from scenario_runner.archive.options import ArchiveOptions
from scenario_runner.archive.outcomes import Arrived, Counts, Rebuilt, Stored
from scenario_runner.archive.recovery import (
    clear_up_after,
    index_again,
    leave_for_later,
)
from scenario_runner.archive.server_error import ServerError
from scenario_runner.dicom.element_text import character_sets
from scenario_runner.dicom.elements import Elements, Head
from scenario_runner.dicom.levels import LEVELS
from scenario_runner.dicom.part10 import FileMeta, file_meta
from scenario_runner.errors import MachineError, UsageError, of_the_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path


class Archive:
    """Instances in a folder, indexed. Every method may be called from any thread.

    An instance is acknowledged (``store`` returns) only when its file has its final name and the
    index knows it; whoever kills the process before that loses nothing that was promised. An index
    that is missing, damaged or of another version is made again from the files when the archive is
    opened. Raises MachineError when the folder cannot be used.
    """

    def __init__(self, folder: Path, options: ArchiveOptions | None = None) -> None:
        self.folder = folder
        self.options = options or ArchiveOptions()
        self.trouble: MachineError | None = None
        """Why the machine could not store something: the disk is full, say."""
        opened = open_folder(folder, self.options)
        self.files, self.index = opened.files, opened.index
        self.ownership = opened.ownership
        """Of the folder; a member lives off its owner's."""
        if not self.index.is_current and self.ownership is not None:
            try:
                self.rebuild()
            except MachineError:
                self.close()
                raise

    def cannot_store(self, error: BaseException) -> MachineError:
        """What to raise for what the machine said; the first such is kept as ``trouble``."""
        if isinstance(error, StoreError):
            failed = MachineError(f"cannot store in {error}")
        elif isinstance(error, ServerError):
            failed = MachineError(f"cannot store: {error}", hint=error.hint)
        else:
            failed = of_the_machine(f"cannot store in '{self.folder}'", error)
        self.trouble = self.trouble or failed
        return failed

    def check(self) -> None:
        """Whether it works, by looking something up that is not there, and at the folder. Raises MachineError."""
        try:
            self.index.locate("0")
        except sqlite3.Error as error:
            raise MachineError(f"the index of the archive cannot be read: {error}") from error
        if not os.access(self.files.incoming, os.W_OK):
            raise MachineError("the folder of the archive is gone, or cannot be written")

    def store(
        self,
        sop_class_uid: str,
        sop_instance_uid: str,
        transfer_syntax_uid: str,
        data: Sequence[Buffer],
        *,
        source_ae_title: str = "",
    ) -> Stored:
        """Keep an instance as it came. data: its encoded data set, in pieces, without meta.

        Returns when it is safe (see ``ArchiveOptions.durability``). Raises MismatchError when the data set
        names another instance, DuplicateError for a second one that is not wanted, DamagedDatasetError
        when it cannot be read or lacks a UID that places it, MachineError when the machine cannot keep it
        (disk full).
        """
        then: list[Head] = []
        header = header_of(data, transfer_syntax_uid, then)
        attributes = describe(header)
        check_identity(attributes, sop_class_uid, sop_instance_uid)
        if self._is_unwanted(sop_instance_uid):
            return second(sop_instance_uid, self.options.duplicates)
        meta = file_meta(sop_class_uid, sop_instance_uid, transfer_syntax_uid, source_ae_title)
        size = sum(map(len, data))
        missing = missing_pixels(header, then, transfer_syntax_uid, size, from_pieces(data))
        try:
            arrived = Arrived(
                written=self.files.write([meta, *data]),
                meta=FileMeta(sop_class_uid, sop_instance_uid, transfer_syntax_uid, len(meta)),
                attributes=attributes,
                character_set="\\".join(character_sets(header)),
                size=size,
                missing=missing,
            )
            return commit(self.files, self.index, arrived, self.options.duplicates)
        except (OSError, sqlite3.Error) as error:
            raise self.cannot_store(error) from error

    def _is_unwanted(self, sop_instance_uid: str) -> bool:
        """Whether there is a first version that stays, as far as it pays to ask before it is stored. Raises MachineError."""
        if self.options.index is not None and not self.files.far:
            return False  # a server is asked once, under its lock: a question costs more than a file in vain
        try:
            return self.options.duplicates != "overwrite" and bool(
                self.index.file_of(sop_instance_uid)
            )
        except (OSError, sqlite3.Error) as error:
            raise self.cannot_store(error) from error

    def take_in(self, chunks: Iterable[Buffer]) -> Arrived:
        """Write a Part 10 file down as it comes, never whole in memory, and read its header.

        Nothing is stored until ``keep``; ``discard`` forgets it. What ``chunks`` raises goes through, and
        nothing is left of the file then. Raises DamagedDatasetError for what is no DICOM file or lacks a
        UID that places it, which is a NamedDamageError where it says what it is; MachineError when the
        machine cannot keep it. Where File Meta Information names another instance than the data set,
        the data set counts.
        """
        beginning = Beginning(chunks)
        try:
            written = self.files.write(beginning)
        except OSError as error:
            raise self.cannot_store(error) from error
        try:
            return understood(self.files, written, beginning)
        except OSError as error:
            self.files.discard(written)
            raise self.cannot_store(error) from error
        except BaseException:
            self.files.discard(written)
            raise

    def keep(self, arrived: Arrived) -> Stored:
        """Store what was taken in; returns and raises as ``store`` does."""
        uid = arrived.meta.sop_instance_uid
        try:
            unwanted = self._is_unwanted(uid)
        except MachineError:
            self.discard(arrived)
            raise
        if unwanted:
            self.discard(arrived)
            return second(uid, self.options.duplicates)
        try:
            return commit(self.files, self.index, arrived, self.options.duplicates)
        except (OSError, sqlite3.Error) as error:
            raise self.cannot_store(error) from error

    def discard(self, arrived: Arrived) -> None:
        """Forget what was taken in."""
        self.files.discard(arrived.written)

    def change(self, sop_instance_uid: str, changed: Callable[[bytes, str], bytes | None]) -> bool:
        """Keep another version of an instance, whatever ``duplicates`` says: its patient has changed.

        changed: what becomes of its encoded data set, in its transfer syntax; None where it stays as it is. Nobody
        stores or deletes meanwhile. Returns whether it was changed; one that is not there is not. Raises
        DamagedDatasetError, MachineError, and what ``changed`` raises.
        """
        try:
            return change(self.files, self.index, sop_instance_uid, changed)
        except (OSError, sqlite3.Error) as error:
            raise self.cannot_store(error) from error

    def is_there(self, instance: Located) -> bool:
        """Whether an instance still lies where it was located."""
        return self.index.file_of(instance.sop_instance_uid) == instance.file

    def remove_forgotten(self, lain: Iterable[tuple[str, str]]) -> None:
        """Remove files of instances that do not lie there any more. lain: SOP Instance UIDs, and where each lay.

        Who has stored a deleted instance again meanwhile may have been given the place that it had. What cannot be
        removed now goes when the archive is opened again.
        """
        remove_forgotten(self.files, self.index, lain)

    def instances(
        self,
        *,
        patient_id: str | None = None,
        study_uids: Iterable[str] = (),
        series_uids: Iterable[str] = (),
        sop_uids: Iterable[str] = (),
    ) -> list[Located]:
        """The instances under all of these unique keys; a key not given does not restrict."""
        restrictions: list[tuple[str, Sequence[str]]] = [
            (keyword, values)
            for keyword, values in (
                ("PatientID", [patient_id] if patient_id is not None else []),
                ("StudyInstanceUID", list(study_uids)),
                ("SeriesInstanceUID", list(series_uids)),
                ("SOPInstanceUID", list(sop_uids)),
            )
            if values
        ]
        return list(self.index.instances(restrictions))

    def data(self, instance: Located) -> bytes:
        """The data set of an instance exactly as it was received."""
        return self.files.open_data(instance.file)

    def mapped_data(self, instance: Located) -> memoryview:
        """The same, without reading it: for who sends it on."""
        return self.files.mapped_data(instance.file)

    def header(self, file: str, *, beyond: bool = False) -> tuple[Elements, tuple[str, ...]]:
        """The elements before the pixels of a stored file, and its character sets.

        beyond: those after the pixels as well, which takes the whole file to be read.
        """
        return read_head(self.files, file, beyond=beyond)

    def delete_study(self, study_instance_uid: str) -> bool:
        """Remove a study and its files; whether there was one. Raises MachineError."""
        note: Path | None = None
        lain: list[str] = []

        def noted(places: list[str]) -> None:
            nonlocal note
            lain.extend(places)
            if places:
                with suppress(OSError):  # to delete is what a full disk needs most
                    note = self.files.note_removal(study_instance_uid, places)

        try:
            gone = self.index.remove_study(study_instance_uid, noted)
        except BaseException as error:
            if note is not None:
                self.files.discard(note)
            if isinstance(error, ServerError) and lain:  # it may have forgotten them all the same
                leave_for_later(self.files, lain)
            if isinstance(error, (OSError, sqlite3.Error)):
                raise of_the_machine(f"cannot delete in '{self.folder}'", error) from error
            raise
        self.remove_forgotten([(one.sop_instance_uid, one.file) for one in gone])
        if note is not None:
            self.files.discard(note)
        return bool(gone)

    def counts(self) -> Counts:
        """How many patients, studies, series and instances there are."""
        counts = self.index.counts()
        return Counts(*(counts[level] for level in LEVELS))

    def rebuild(self) -> Rebuilt:
        """Make the index again from the files, all in one transaction; unreadable ones are named.

        Of two versions of one instance, which a crash can leave behind, the newer one stays. Raises
        MachineError when the index cannot be written (disk full), or a store does not answer.
        """
        try:
            return index_again(self.files, self.index)
        except sqlite3.Error as error:
            raise MachineError(f"cannot write the index in '{self.folder}': {error}") from error
        except OSError as error:
            raise unusable(self.folder, error) from error

    def close(self) -> None:
        """Let go of the index and the folder. May be called twice."""
        self.index.close()
        if self.ownership is not None:
            self.ownership.end()

    def clear_up_after(self, process: int) -> None:
        """Take away what a member left half done that was killed. process: its number. Raises MachineError."""
        try:
            clear_up_after(self.files, self.index, process)
        except (OSError, sqlite3.Error) as error:
            raise unusable(self.folder, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def rebuild(folder: Path, options: ArchiveOptions | None = None) -> Rebuilt:
    """Make the index of an archive again from its files; what a command for it calls.

    Raises UsageError when there is no archive in the folder, MachineError when it cannot be used or
    another process serves it.
    """
    if not (folder / "objects").is_dir():
        raise UsageError(
            f"there is no archive in '{folder}'",
            hint="give the folder that 'fabricate pacs serve' keeps its studies in",
        )
    # Opening makes a missing or damaged index again by itself, so this may do it twice: the report
    # has to be about a whole pass over the files.
    with Archive(folder, options) as archive:
        return archive.rebuild()

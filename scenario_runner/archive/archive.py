"""Studies at rest: what is stored stays stored, is found again, and comes back byte for byte."""

from __future__ import annotations

import dataclasses
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Self

from scenario_runner.archive.description import (
    NamedDamageError,
    check_identity,
    check_place,
    describe,
    header_of,
)
from scenario_runner.archive.files import Buffer, Files
from scenario_runner.archive.index import Entry, Index, Located
from scenario_runner.archive.values import character_sets
from scenario_runner.dicom.elements import (
    DamagedDatasetError,
    Elements,
    TruncatedError,
    read_header,
    read_trailer,
)
from scenario_runner.dicom.levels import LEVELS, Level, Root
from scenario_runner.dicom.part10 import FileMeta, file_meta
from scenario_runner.errors import MachineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from pydicom import Dataset

    from scenario_runner.archive.query import Matches

_INDEX: Final = "index.sqlite"
_IDENTITY: Final = ("SOPClassUID", "SOPInstanceUID")


class DuplicateError(ValueError):
    """There is an instance with this SOP Instance UID already, and a second one is not wanted."""


@dataclass(frozen=True, slots=True)
class ArchiveOptions:
    """How an archive behaves.

    duplicates: what happens to a second instance with a SOP Instance UID that is there already.
    ``keep`` keeps the first and calls that a success, as Orthanc does by default; ``refuse`` keeps it and
    raises DuplicateError.
    durability: what an acknowledged instance survives: the death of the process, or of the power
    (slower: waits for the disk twice an instance).
    """

    duplicates: Literal["keep", "overwrite", "refuse"] = "keep"
    durability: Literal["process", "power"] = "process"


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of an instance that was handed over."""

    sop_instance_uid: str
    outcome: Literal["new", "kept", "overwritten"]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A Part 10 file that was written down and understood, and is not stored yet."""

    written: Path
    meta: FileMeta
    attributes: Mapping[str, str]
    """What the index keeps: keyword to text."""
    character_set: str
    size: int
    """Bytes of the data set."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    patients: int
    studies: int
    series: int
    instances: int


@dataclass(slots=True)
class Rebuilt:
    """What making the index again came to. unreadable: file and reason."""

    instances: int = 0
    superseded: int = 0
    unreadable: list[tuple[Path, str]] = field(default_factory=list)


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
        synced = self.options.durability == "power"
        try:
            self.files = Files(folder, synced=synced)
            self.index = self._open_index(synced=synced)
            self.files.sweep()
        except sqlite3.OperationalError as error:
            raise MachineError(
                f"cannot open the archive in '{folder}': {error}",
                hint="another process may have it open; an archive has one owner at a time",
            ) from error
        except (OSError, sqlite3.Error) as error:
            raise MachineError(
                f"cannot keep an archive in '{folder}': {error}",
                hint="give a folder that exists or can be made, and that can be written to",
            ) from error
        if not self.index.is_current:
            try:
                self.rebuild()
            except MachineError:
                self.close()
                raise

    def _open_index(self, *, synced: bool) -> Index:
        path = self.folder / _INDEX
        try:
            return Index(path, synced=synced)
        except sqlite3.OperationalError:
            raise  # locked, read-only, disk full: not the index's fault
        except sqlite3.DatabaseError:
            for suffix in ("", "-wal", "-shm"):
                (self.folder / (_INDEX + suffix)).unlink(missing_ok=True)
            return Index(path, synced=synced)

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
        header = header_of(data, transfer_syntax_uid)
        attributes = describe(header)
        check_identity(attributes, sop_class_uid, sop_instance_uid)
        if self.options.duplicates != "overwrite" and self.index.locate(sop_instance_uid):
            return self._second(sop_instance_uid)
        meta = file_meta(sop_class_uid, sop_instance_uid, transfer_syntax_uid, source_ae_title)
        try:
            return self._commit(
                attributes,
                "\\".join(character_sets(header)),
                FileMeta(sop_class_uid, sop_instance_uid, transfer_syntax_uid, len(meta)),
                self.files.write([meta, *data]),
                sum(map(len, data)),
            )
        except (OSError, sqlite3.Error) as error:
            raise MachineError(f"cannot store in '{self.folder}': {error}") from error

    def take_in(self, chunks: Iterable[Buffer]) -> Arrived:
        """Write a Part 10 file down as it comes, never whole in memory, and read its header.

        Nothing is stored until ``keep``; ``discard`` forgets it. What ``chunks`` raises goes through, and
        nothing is left of the file then. Raises DamagedDatasetError for what is no DICOM file or lacks a
        UID that places it, which is a NamedDamageError where it says what it is; MachineError when the
        machine cannot keep it. Where File Meta Information names another instance than the data set,
        the data set counts.
        """
        try:
            written = self.files.write(chunks)
        except OSError as error:
            raise MachineError(f"cannot store in '{self.folder}': {error}") from error
        try:
            arrived = self._understood(written)
            known = (arrived.meta.sop_class_uid, arrived.meta.sop_instance_uid)
            if known == tuple(arrived.attributes[one] for one in _IDENTITY):
                return arrived
            # What the data set says counts, as with C-STORE, where there is no File Meta Information.
            return self._with_meta_of_data_set(arrived)
        except OSError as error:
            self.files.discard(written)
            raise MachineError(f"cannot store in '{self.folder}': {error}") from error
        except BaseException:
            self.files.discard(written)
            raise

    def _understood(self, written: Path) -> Arrived:
        place = self.files.place(written)
        meta, _, _ = self.files.head(place)
        named = (meta.sop_class_uid, meta.sop_instance_uid)
        try:
            header, terms = self.header(place)
            attributes = describe(header)
            named = (
                attributes.get("SOPClassUID") or named[0],
                attributes.get("SOPInstanceUID") or named[1],
            )
            check_place(attributes)
        except DamagedDatasetError as error:
            if not named[1]:
                raise
            raise NamedDamageError(str(error), *named) from error
        size = self.files.size(place) - meta.data_offset
        return Arrived(written, meta, attributes, "\\".join(terms), size)

    def _with_meta_of_data_set(self, arrived: Arrived) -> Arrived:
        """The same instance in a file whose File Meta Information names it."""
        sop_class, instance = (arrived.attributes[one] for one in _IDENTITY)
        syntax = arrived.meta.transfer_syntax_uid
        head = file_meta(sop_class, instance, syntax)
        data = self.files.open_data(self.files.place(arrived.written))
        written = self.files.write([head, data])
        self.files.discard(arrived.written)
        meta = FileMeta(sop_class, instance, syntax, len(head))
        return dataclasses.replace(arrived, written=written, meta=meta)

    def keep(self, arrived: Arrived) -> Stored:
        """Store what was taken in; returns and raises as ``store`` does."""
        uid = arrived.meta.sop_instance_uid
        if self.options.duplicates != "overwrite" and self.index.locate(uid):
            self.discard(arrived)
            return self._second(uid)
        try:
            return self._commit(
                arrived.attributes,
                arrived.character_set,
                arrived.meta,
                arrived.written,
                arrived.size,
            )
        except (OSError, sqlite3.Error) as error:
            raise MachineError(f"cannot store in '{self.folder}': {error}") from error

    def discard(self, arrived: Arrived) -> None:
        """Forget what was taken in."""
        self.files.discard(arrived.written)

    def _second(self, sop_instance_uid: str) -> Stored:
        """What becomes of an instance whose first version stays."""
        if self.options.duplicates == "refuse":
            raise DuplicateError("an instance with this SOP Instance UID is there already")
        return Stored(sop_instance_uid, "kept")

    def _commit(
        self,
        attributes: Mapping[str, str],
        character_set: str,
        meta: FileMeta,
        written: Path,
        size: int,
    ) -> Stored:
        uid = meta.sop_instance_uid
        place = ""
        try:
            with self.index.transaction():
                # Looked up again: another association may have stored the same instance meanwhile.
                before = self.index.locate(uid)
                if before is not None and self.options.duplicates != "overwrite":
                    self.files.discard(written)
                    return self._second(uid)
                place = self.files.put(written, uid, avoiding=before.file if before else "")
                if before is not None:
                    self.index.remove(uid)
                self.index.add(
                    Entry(attributes, character_set, meta.transfer_syntax_uid, place, size)
                )
        except BaseException:
            self.files.discard(self.files.path(place) if place else written)
            raise
        if before is None:
            return Stored(uid, "new")
        self.files.remove(before.file)
        return Stored(uid, "overwritten")

    def find(
        self,
        level: Level,
        model: Root,
        identifier: Dataset,
        *,
        retrieve_ae_title: str = "",
        relational: bool = False,
    ) -> Matches:
        """Match an identifier (PS3.4 C.4.1). Iterating gives a ``Match`` for each response.

        relational: keys of any level may be given without the unique keys above (PS3.4 C.4.1.2.2.2).
        Raises query.InvalidIdentifierError for an identifier that breaks the rules of the model.
        """
        from scenario_runner.archive.query import Query

        query = Query.of(level, model, identifier, relational=relational)
        return query.run(self, retrieve_ae_title)

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

    def header(self, file: str, *, beyond: bool = False) -> tuple[Elements, tuple[str, ...]]:
        """The elements before the pixels of a stored file, and its character sets.

        beyond: those after the pixels as well, which takes the whole file to be read.
        """
        meta, head, complete = self.files.head(file)
        try:
            elements = read_header(head, meta.transfer_syntax_uid)
        except TruncatedError:
            if complete:
                raise
            elements = read_header(self.files.open_data(file), meta.transfer_syntax_uid)
        if beyond:
            elements |= read_trailer(self.files.open_data(file), meta.transfer_syntax_uid)
        return elements, character_sets(elements)

    def delete_study(self, study_instance_uid: str) -> bool:
        """Remove a study and its files; whether there was one."""
        files = self.index.remove_study(study_instance_uid)
        for file in files:
            self.files.remove(file)
        return bool(files)

    def counts(self) -> Counts:
        """How many patients, studies, series and instances there are."""
        counts = self.index.counts()
        return Counts(*(counts[level] for level in LEVELS))

    def rebuild(self) -> Rebuilt:
        """Make the index again from the files, all in one transaction; unreadable ones are named.

        Of two versions of one instance, which a crash can leave behind, the newer one stays. Raises
        MachineError when the index cannot be written (disk full).
        """
        report = Rebuilt()
        try:
            with self.index.transaction():
                self.index.clear()
                for place in self.files.all():
                    try:
                        self._index_file(place, report)
                    except (DamagedDatasetError, OSError) as error:
                        report.unreadable.append((self.files.path(place), str(error)))
            self.index.mark_current()
        except sqlite3.Error as error:
            raise MachineError(f"cannot write the index in '{self.folder}': {error}") from error
        return report

    def _index_file(self, place: str, report: Rebuilt) -> None:
        meta, _, _ = self.files.head(place)
        header, terms = self.header(place)
        attributes = describe(header)
        check_identity(attributes, meta.sop_class_uid, meta.sop_instance_uid)
        before = self.index.locate(meta.sop_instance_uid)
        if before is not None:
            self.index.remove(meta.sop_instance_uid)
            self.files.remove(before.file)
            report.superseded += 1
        else:
            report.instances += 1
        size = self.files.size(place) - meta.data_offset
        self.index.add(Entry(attributes, "\\".join(terms), meta.transfer_syntax_uid, place, size))

    def close(self) -> None:
        """Let go of the index. May be called twice."""
        self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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

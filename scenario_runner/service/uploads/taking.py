"""One file of an upload taken in: written down as it comes, understood, and refused in words if need be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.description import NamedDamageError
from scenario_runner.dicom.dictionary import uid_name
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.dicom.levels import UIDS, can_name_an_instance
from scenario_runner.dicom.part10 import read_meta
from scenario_runner.dicom.sop_classes import MEDIA_STORAGE_DIRECTORY
from scenario_runner.service.errors import TooLarge
from scenario_runner.service.uploads.outcome import FileOutcome
from scenario_runner.service.uploads.wholeness import check_whole

if TYPE_CHECKING:
    from scenario_runner.archive.archive import Archive
    from scenario_runner.archive.files import Buffer
    from scenario_runner.archive.outcomes import Arrived

_HEAD: Final = 1 << 16
"""Bytes of a file in which nearly all of its elements begin."""
_LONGEST_NAME: Final = 255
_KNOWN: Final = (
    (b"PK\x03\x04", "a zip archive"), (b"%PDF", "a PDF"), (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"), (b"MZ", "a program"), (b"<", "markup"), (b"{", "JSON"),
    (b"\x1f\x8b", "compressed by gzip"), (b"Rar!", "a RAR archive"), (b"7z\xbc\xaf", "a 7z archive"),
)  # fmt: skip
"""How files begin that people take for images."""


class OneTooLarge(TooLarge):
    """A single file is beyond the limit; those beside it may be fine."""


def take_file(archive: Archive, name: str, chunks: Iterable[Buffer], limit: int) -> FileOutcome:
    """Take in a file; what is wrong with it is told by the outcome.

    limit: bytes. What ``chunks`` raises goes through, and nothing is left of the file then; so does MachineError.
    """
    outcome = FileOutcome(name=shown_name(name))
    counted = _Counted(chunks, limit)
    try:
        arrived = archive.take_in(counted)
    except OneTooLarge as error:
        counted.skip()
        outcome.size = counted.size
        outcome.refuse(error.code, error.message)
        return outcome
    except DamagedDatasetError as error:
        outcome.size = counted.size
        explain(outcome, bytes(counted.head), error)
        return outcome
    outcome.size = counted.size
    try:
        _judge(archive, outcome, arrived, bytes(counted.head))
    except BaseException:
        archive.discard(arrived)
        raise
    return outcome


def shown_name(name: str) -> str:
    """A file's name for people and records: bounded, on one line, never a path to anything."""
    plain = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name
    )
    return plain[-_LONGEST_NAME:] or "file"


def _judge(archive: Archive, outcome: FileOutcome, arrived: Arrived, head: bytes) -> None:
    meta = arrived.meta
    outcome.sop_instance_uid = arrived.attributes["SOPInstanceUID"]
    outcome.study_instance_uid = arrived.attributes["StudyInstanceUID"]
    outcome.series_instance_uid = arrived.attributes["SeriesInstanceUID"]
    outcome.sop_class_uid = arrived.attributes["SOPClassUID"]
    for keyword in UIDS:
        if not can_name_an_instance(arrived.attributes[keyword]):
            archive.discard(arrived)
            outcome.refuse("damaged", f"its {keyword} is no UID")
            return
    try:
        if not arrived.is_whole:
            is_as_it_came = outcome.size == meta.data_offset + arrived.size
            check_whole(arrived.written, meta, head if is_as_it_came else b"")
    except DamagedDatasetError as error:
        archive.discard(arrived)
        outcome.refuse("damaged", f"it is damaged: {error}")
        return
    outcome.arrived = arrived


def explain(outcome: FileOutcome, head: bytes, error: DamagedDatasetError) -> None:
    """Say what was no instance, by how it begins."""
    if not head:
        outcome.refuse("empty", "the file is empty")
        return
    try:
        meta = read_meta(head)
    except DamagedDatasetError:
        if head[128:132] == b"DICM":
            outcome.refuse("damaged", f"it is damaged: {error}")
            return
        kind = next((words for begins, words in _KNOWN if head.startswith(begins)), "")
        words = f"it is {kind}, not a DICOM file" if kind else "it is not a DICOM file"
        outcome.refuse("not-dicom", words)
        return
    if meta.sop_class_uid == MEDIA_STORAGE_DIRECTORY:
        outcome.refuse("dicomdir", "it is a DICOMDIR, which lists images and is none", "skipped")
        return
    if isinstance(error, NamedDamageError):
        outcome.sop_instance_uid = error.sop_instance_uid[:64]
        outcome.sop_class_uid = error.sop_class_uid[:64]
    kind = uid_name(meta.sop_class_uid) if meta.sop_class_uid else ""
    outcome.refuse("damaged", f"it is damaged: {error}" + (f" ({kind})" if kind else ""))


class _Counted:
    """Pieces passed on and counted, with the beginning remembered."""

    def __init__(self, chunks: Iterable[Buffer], limit: int) -> None:
        self._chunks = iter(chunks)
        self._limit = limit
        self.size = 0
        self.head = bytearray()

    def __iter__(self) -> Iterator[Buffer]:
        for chunk in self._chunks:
            self.size += len(chunk)
            if len(self.head) < _HEAD:
                self.head += chunk[: _HEAD - len(self.head)]
            if self.size > self._limit:
                raise OneTooLarge(
                    "file-too-large", f"a file may have {self._limit} bytes, and this one has more"
                )
            yield chunk

    def skip(self) -> None:
        """Go on to the end, keeping nothing."""
        for chunk in self._chunks:
            self.size += len(chunk)

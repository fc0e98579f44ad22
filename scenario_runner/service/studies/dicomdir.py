"""A DICOMDIR for files of one study (PS3.3 F, PS3.10 8.6): written, not read.

Records are linked by where they begin in the file. All that is variable is text, so each record's length is known
before any offset is: the records are laid out once, and written with their links.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom import element_writing
from scenario_runner.dicom.characters import SPECIFIC_CHARACTER_SET, UTF8
from scenario_runner.dicom.dictionary import tag_of, vr_of
from scenario_runner.dicom.element_text import character_sets, encode, texts
from scenario_runner.dicom.part10 import file_meta
from scenario_runner.dicom.sop_classes import MEDIA_STORAGE_DIRECTORY
from scenario_runner.dicom.syntaxes import EXPLICIT_LE
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.studies.directory_records import body_of, kind_of

if TYPE_CHECKING:
    from scenario_runner.dicom.elements import Elements


@dataclass(frozen=True, slots=True)
class Listed:
    """A file in a file-set. path: its components, at most eight characters of A-Z, 0-9 and ``_`` each.

    said: what its records say of it, as ``directory_records.listed`` gives it.
    """

    said: Elements
    path: Sequence[str]
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str


@dataclass(slots=True)
class _Record:
    kind: str
    body: bytes
    below: list[_Record]
    at: int = 0


def dicomdir(files: Iterable[Listed], instance_uid: str) -> bytes:
    """The whole file. instance_uid: of the DICOMDIR itself. Text is in UTF-8."""
    roots = _records(files)
    meta = file_meta(MEDIA_STORAGE_DIRECTORY, instance_uid, EXPLICIT_LE)
    head = _text("FileSetID", "")
    first = len(meta) + len(head) + len(_root_links(0, 0)) + _HEAD_OF_SEQUENCE
    end = _lay_out(roots, first)
    last = roots[-1].at if roots else 0
    items = b"".join(_written(roots))
    assert first + len(items) == end
    sequence = element_writing.head(tag_of("DirectoryRecordSequence"), "SQ", len(items))
    return meta + head + _root_links(roots[0].at if roots else 0, last) + sequence + items


_HEAD_OF_SEQUENCE: Final = 12
_HEAD_OF_ITEM: Final = 8


def _records(files: Iterable[Listed]) -> list[_Record]:
    patients: dict[tuple[str, ...], _Record] = {}
    studies: dict[tuple[str, ...], _Record] = {}
    series: dict[tuple[str, ...], _Record] = {}
    for one in files:
        key: tuple[str, ...] = (_value(one, "PatientID"),)
        if key not in patients:
            patients[key] = _record("PATIENT", one)
        patient = patients[key]
        key = (*key, _value(one, "StudyInstanceUID"))
        if key not in studies:
            studies[key] = _record("STUDY", one)
            patient.below.append(studies[key])
        study = studies[key]
        key = (*key, _value(one, "SeriesInstanceUID"))
        if key not in series:
            series[key] = _record("SERIES", one, len(study.below) + 1)
            study.below.append(series[key])
        below = series[key].below
        below.append(_record(kind_of(one.sop_class_uid), one, len(below) + 1, _reference(one)))
    return list(patients.values())


def _record(
    kind: str, one: Listed, number: int = 1, reference: Mapping[int, bytes] | None = None
) -> _Record:
    """A record without its links and its type; its elements in the order of tags."""
    elements = {
        SPECIFIC_CHARACTER_SET: _text("SpecificCharacterSet", UTF8),
        **(reference or {}),
        **body_of(kind, one.said, number),
    }
    return _Record(kind, b"".join(elements[tag] for tag in sorted(elements)), [])


def _reference(one: Listed) -> dict[int, bytes]:
    """The file of an instance (PS3.3 F.3.2.2)."""
    return {
        tag_of(keyword): _text(keyword, value)
        for keyword, value in (
            ("ReferencedFileID", "\\".join(one.path)),
            ("ReferencedSOPClassUIDInFile", one.sop_class_uid),
            ("ReferencedSOPInstanceUIDInFile", one.sop_instance_uid),
            ("ReferencedTransferSyntaxUIDInFile", one.transfer_syntax_uid),
        )
    }


def _value(one: Listed, keyword: str) -> str:
    element = one.said.get(tag_of(keyword))
    if element is None:
        return ""
    return "\\".join(texts(tag_of(keyword), element, character_sets(one.said)))


def _text(keyword: str, value: str) -> bytes:
    tag = tag_of(keyword)
    encoded = encode(tag, value.split("\\") if value else [], (UTF8,))
    return element_writing.element(tag, vr_of(tag), encoded.value)


def _number(keyword: str, vr: str, value: int) -> bytes:
    size = 4 if vr == "UL" else 2
    return element_writing.element(tag_of(keyword), vr, value.to_bytes(size, "little"))


def _root_links(first: int, last: int) -> bytes:
    return (
        _number("OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity", "UL", first)
        + _number("OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity", "UL", last)
        + _number("FileSetConsistencyFlag", "US", 0)
    )


def _lay_out(records: Sequence[_Record], at: int) -> int:
    """Give every record its place, those below it right after it; returns where the next would begin."""
    for one in records:
        one.at = at
        at += _HEAD_OF_ITEM + len(_links(one, 0)) + len(one.body)
        at = _lay_out(one.below, at)
    return at


def _links(one: _Record, following: int) -> bytes:
    return (
        _number("OffsetOfTheNextDirectoryRecord", "UL", following)
        + _number("RecordInUseFlag", "US", 0xFFFF)
        + _number(
            "OffsetOfReferencedLowerLevelDirectoryEntity", "UL", one.below[0].at if one.below else 0
        )
        + _text("DirectoryRecordType", one.kind)
    )


def _written(records: Sequence[_Record]) -> Iterator[bytes]:
    for one, following in itertools.zip_longest(records, records[1:]):
        if one is None:
            return
        yield element_writing.item(_links(one, following.at if following else 0) + one.body)
        yield from _written(one.below)

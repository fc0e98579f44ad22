"""What an archive reads of a data set: the attributes of its index, and which instance it is."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.attributes import BY_KEYWORD
from scenario_runner.dicom.element_text import character_sets, texts
from scenario_runner.dicom.elements import (
    DamagedDatasetError,
    Element,
    Elements,
    TruncatedError,
    read_header,
)
from scenario_runner.dicom.levels import ATTRIBUTES, LEVELS, UIDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenario_runner.archive.files import Buffer
    from scenario_runner.dicom.elements import Head

_WINDOW: Final = 1 << 18
"""Bytes of a data set that nearly always hold everything before the pixels."""
_SHORT_VALUE: Final = 128
_COLUMNS: Final = tuple(BY_KEYWORD[keyword] for level in LEVELS for keyword in ATTRIBUTES[level])


class MismatchError(DamagedDatasetError):
    """The data set is not the SOP instance it was announced as (PS3.4 B.2.3, A9xx)."""


class NamedDamageError(DamagedDatasetError):
    """An instance that cannot be kept, though it is known which one it is.

    sop_class_uid: empty when only the instance is known.
    """

    def __init__(self, message: str, sop_class_uid: str, sop_instance_uid: str) -> None:
        super().__init__(message)
        self.sop_class_uid = sop_class_uid
        self.sop_instance_uid = sop_instance_uid


def describe(header: Elements) -> dict[str, str]:
    """The attributes of the index as text, values joined by backslashes; only those present."""
    terms = character_sets(header)
    return {
        attribute.keyword: (
            _text(attribute.tag, element, terms)
            if len(element.value) <= _SHORT_VALUE
            else _joined(attribute.tag, element, terms)
        )
        for attribute in _COLUMNS
        if (element := header.get(attribute.tag)) is not None
    }


def _joined(tag: int, element: Element, terms: tuple[str, ...]) -> str:
    return "\\".join(texts(tag, element, terms))


_text = lru_cache(4096)(_joined)
"""Most of what an instance says was said by the one before it."""


def header_of(
    data: Sequence[Buffer], transfer_syntax_uid: str, then: list[Head] | None = None
) -> Elements:
    """The elements before the pixels, joining no more of the pieces than it takes. then: gets the pixels' head."""
    window = bytearray()
    pieces = iter(data)
    for piece in pieces:
        window += piece
        if len(window) >= _WINDOW:
            break
    try:
        return read_header(bytes(window), transfer_syntax_uid, then)
    except TruncatedError:
        rest = b"".join(pieces)
        if not rest:
            raise
        return read_header(bytes(window) + rest, transfer_syntax_uid, then)


def check_identity(
    attributes: Mapping[str, str], sop_class_uid: str, sop_instance_uid: str
) -> None:
    """Raises MismatchError for another instance, DamagedDatasetError without a UID that places it."""
    for keyword, announced in (
        ("SOPInstanceUID", sop_instance_uid),
        ("SOPClassUID", sop_class_uid),
    ):
        if attributes.get(keyword) != announced:
            raise MismatchError(f"{keyword} in the data set is not the one announced")
    check_place(attributes)


def check_place(attributes: Mapping[str, str]) -> None:
    """Raises DamagedDatasetError without a UID that places the instance."""
    for keyword in ("SOPClassUID", *UIDS):
        uid = attributes.get(keyword)
        if not uid:
            raise DamagedDatasetError(f"{keyword} is missing or empty")
        if not uid.isascii():  # no command set, file meta information or URL could name it
            raise DamagedDatasetError(f"{keyword} has characters that no UID can have")

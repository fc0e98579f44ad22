"""Private attributes in queries: in whatever block and encoding they are stored (PS3.5 7.8.1, 6.2.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.element_text import texts
from scenario_runner.dicom.elements import DamagedDatasetError, Element, read_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.dicom.elements import Elements

_FIRST_BLOCK: Final = 0x10
_LAST_BLOCK: Final = 0xFF
_UNKNOWN: Final = ("", "UN")
_DAY: Final = re.compile(rb"[0-9]{8}")
_DAYS: Final = re.compile(rb"[0-9]{8}-(?:[0-9]{8})?|-[0-9]{8}")
_ITEM: Final = b"\xfe\xff\x00\xe0"
_BINARY: Final = re.compile(
    rb"(?![0-9.]*\.[0-9]+\x00\Z).*[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]", re.DOTALL
)
"""What has bytes that no text has (PS3.5 6.1.3), but for the padding of a UID."""


def is_creator(tag: int) -> bool:
    """Whether an attribute names who has reserved a block."""
    return bool(tag >> 16 & 1) and _FIRST_BLOCK <= tag & 0xFFFF <= _LAST_BLOCK


def is_owned(tag: int) -> bool:
    """Whether an attribute is one of a block that somebody has reserved."""
    return bool(tag >> 16 & 1) and tag >> 8 & 0xFF >= _FIRST_BLOCK


def creator_of(tag: int, elements: Elements, terms: Sequence[str]) -> str:
    """Who has reserved the block of a private attribute in this data set; empty when nobody has."""
    block = tag >> 8 & 0xFF
    if not tag >> 16 & 1 or block < _FIRST_BLOCK:
        return ""
    return _name(tag & 0xFFFF0000 | block, elements, terms)


def find(tag: int, creator: str, elements: Elements, terms: Sequence[str]) -> Element | None:
    """The attribute of a creator, in the block that it has in this data set."""
    for block in range(_FIRST_BLOCK, _LAST_BLOCK + 1):
        if _name(tag & 0xFFFF0000 | block, elements, terms) == creator:
            found = elements.get(tag & 0xFFFF00FF | block << 8)
            if found is not None:
                return found
    return None


def has_creator(tag: int, creator: str, elements: Elements, terms: Sequence[str]) -> bool:
    """Whether a creator has reserved any block of the group."""
    blocks = range(tag & 0xFFFF0000 | _FIRST_BLOCK, (tag & 0xFFFF0000 | _LAST_BLOCK) + 1)
    return any(_name(one, elements, terms) == creator for one in blocks)


def vr_of_private(tag: int, creator: str, value: bytes, *written: str) -> str:
    """The VR of a private attribute: by the dictionary, as it is written, or as its value looks.

    written: by the data set and by the query, of which either may be in Implicit VR. What nobody says is LO,
    and UN when it is no text: bytes are compared and answered as they are.
    """
    try:
        from pydicom.datadict import private_dictionary_VR

        known = private_dictionary_VR(tag, creator) if creator else ""
    except KeyError:
        known = ""
    return next(
        (vr[:2] for vr in (*written, known) if vr not in _UNKNOWN),
        "UN" if _BINARY.match(value) else "LO",
    )


def vr_of_days(key: bytes, value: bytes) -> str:
    """DA where a key to which nobody gives a VR is a range of days and the value a day; else empty.

    As a text such a key could match no day, since no text of eight digits has a hyphen.
    """
    return (
        "DA" if _DAYS.fullmatch(key.strip(b" \0")) and _DAY.fullmatch(value.strip(b" \0")) else ""
    )


def holds_items(element: Element) -> bool:
    """Whether what nobody gives a VR is a sequence, by its bytes: items to the end (PS3.5 7.5, 6.2.2)."""
    if element.vr not in _UNKNOWN or not element.value.startswith(_ITEM):
        return False
    try:
        return bool(read_items(element))
    except DamagedDatasetError:
        return False


def _name(tag: int, elements: Elements, terms: Sequence[str]) -> str:
    element = elements.get(tag)
    values = texts(tag, Element("LO", *element[1:]), terms) if element is not None else []
    return values[0] if values else ""

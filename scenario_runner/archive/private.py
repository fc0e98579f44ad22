"""Private attributes in queries: in whatever block and encoding they are stored (PS3.5 7.8.1, 6.2.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.element_text import texts
from scenario_runner.dicom.elements import DamagedDatasetError, Element, read_items
from scenario_runner.dicom.matching import matcher
from scenario_runner.dicom.untyped_matching import bytes_meet, text_meets
from scenario_runner.dicom.vrs import TEXT, VALUE_SIZES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.dicom.elements import Elements

_FIRST_BLOCK: Final = 0x10
_LAST_BLOCK: Final = 0xFF
UNKNOWN: Final = ("", "UN")
"""What an element is given that nobody says the VR of."""
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


def vr_of_private(tag: int, creator: str, written: str) -> str:
    """The VR of a private attribute as it is written, or by the dictionary; empty when nobody says."""
    if written not in UNKNOWN:
        return written
    try:
        from pydicom.datadict import private_dictionary_VR

        known = private_dictionary_VR(tag, creator) if creator else ""
    except KeyError:
        return ""
    return "" if known in UNKNOWN else known[:2]


def vr_in_answer(element: Element, asked: str) -> str:
    """The VR in which a private attribute is answered. asked: that of its key.

    What nobody says is LO, and UN when it is no text: bytes are answered as they are.
    """
    if element.vr not in UNKNOWN:
        return element.vr
    if asked not in UNKNOWN and len(element.value) % VALUE_SIZES.get(asked, 1) == 0:
        return asked if asked not in TEXT or not _BINARY.match(element.value) else "UN"
    return "UN" if _BINARY.match(element.value) else "LO"


def meets(
    tag: int, raw: Element | None, words: Sequence[str], found: Element, terms: Sequence[str]
) -> bool:
    """Whether a private attribute meets its key.

    raw: the key as it came, whose VR may be unknown; words: its values as text. found: the attribute, whose VR may be
    unknown, too. Of a VR that one side says the other is read as that, and what is text in a key as text as well.
    """
    vr = found.vr
    asked = "" if raw is None or raw.vr in UNKNOWN else raw.vr
    if vr in UNKNOWN and asked and asked not in TEXT:
        vr = asked
    if vr in UNKNOWN:
        if found.value and _BINARY.match(found.value):
            return (raw is not None and raw.value == found.value) or bytes_meet(words, found.value)
        return text_meets(words, texts(tag, Element("LO", *found[1:]), terms))
    keys = [words]
    if raw is not None and not asked:
        keys.append(texts(tag, Element(vr, *raw[1:]), terms))
    values = texts(tag, Element(vr, *found[1:]), terms)
    tests = [matcher(vr, key) for key in keys if key]
    return any(test is None or test(values) for test in tests)


def holds_items(element: Element) -> bool:
    """Whether what nobody gives a VR is a sequence, by its bytes: items to the end (PS3.5 7.5, 6.2.2)."""
    if element.vr not in UNKNOWN or not element.value.startswith(_ITEM):
        return False
    try:
        return bool(read_items(element))
    except DamagedDatasetError:
        return False


def _name(tag: int, elements: Elements, terms: Sequence[str]) -> str:
    element = elements.get(tag)
    values = texts(tag, Element("LO", *element[1:]), terms) if element is not None else []
    return values[0] if values else ""

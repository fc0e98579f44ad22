"""The attributes of an object as a tree: tag, keyword, name, VR and values, sequences with their items."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.dicom import vrs
from scenario_runner.dicom.dictionary import keyword_of, supplied, vr_of
from scenario_runner.dicom.element_text import character_sets, texts
from scenario_runner.dicom.elements import (
    DamagedDatasetError,
    Element,
    in_little_endian,
    is_signed,
    read_items,
)
from scenario_runner.dicom.json_model import MOST_DEPTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.archive.files import Buffer
    from scenario_runner.dicom.elements import Elements

_LONGEST: Final = 4_096
"""Characters of a value that are shown."""
_MOST_VALUES: Final = 256
_DEEPEST: Final = MOST_DEPTH


def tree(
    elements: Elements, terms: Sequence[str] = (), depth: int = 0, *, signed: bool = False
) -> list[dict[str, Any]]:
    """One entry an attribute, in the order of tags.

    terms, signed: the character sets, and the sign of pixel values, that are in force around it.

    Values are text as DICOM has it. Of bytes the length is told; of them, and of what is too long to be told whole, the
    SHA-256 of all of it, so that nobody takes what is told for the whole.
    """
    own = character_sets(elements) or terms
    signed = is_signed(elements, signed)
    return [
        _entry(tag, elements[tag], own, depth, signed=signed)
        for tag in sorted(elements)
        if tag & 0xFFFF
    ]


def _entry(
    tag: int, element: Element, terms: Sequence[str], depth: int, *, signed: bool
) -> dict[str, Any]:
    vr = vr_of(tag, element.vr, signed=signed)
    entry: dict[str, Any] = {
        "tag": f"({tag >> 16:04X},{tag & 0xFFFF:04X})",
        "keyword": keyword_of(tag) or None,
        "name": _name(tag),
        "vr": vr,
        "length": len(element.value),
        "value": [],
    }
    if vr == "SQ":
        entry["items"] = [] if depth >= _DEEPEST else _items(element, terms, depth, signed=signed)
    elif vr in vrs.BYTES:
        if element.value:
            entry["sha256"] = _digest(in_little_endian(element, vr))
    else:
        try:
            found = texts(tag, Element(vr, *element[1:]), terms)
        except (DamagedDatasetError, ValueError, UnicodeError):
            found = []
            entry["sha256"] = _digest(element.value)
        entry["value"] = [_shown(one) for one in found[:_MOST_VALUES]]
        if len(found) > _MOST_VALUES or any(len(one) > _LONGEST for one in found):
            entry["sha256"] = _digest("\\".join(found).encode("utf-8", "surrogatepass"))
    return entry


def _digest(value: Buffer) -> str:
    return hashlib.sha256(value).hexdigest()


def _name(tag: int) -> str | None:
    try:
        return str(supplied().dictionary_description(tag))
    except KeyError:
        return None


def _items(
    element: Element, terms: Sequence[str], depth: int, *, signed: bool
) -> list[list[dict[str, Any]]]:
    try:
        items = read_items(element)
    except DamagedDatasetError:
        return []
    return [tree(one, terms, depth + 1, signed=signed) for one in items]


def _shown(text: str) -> str:
    plain = text.encode("utf-8", "replace").decode("utf-8")
    return plain if len(plain) <= _LONGEST else plain[:_LONGEST] + "…"

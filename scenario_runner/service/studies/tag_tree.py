"""The attributes of an object as a tree: tag, keyword, name, VR and values, sequences with their items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scenario_runner.dicom import vrs
from scenario_runner.dicom.dictionary import keyword_of, supplied, vr_of
from scenario_runner.dicom.element_text import character_sets, texts
from scenario_runner.dicom.elements import DamagedDatasetError, Element, is_signed, read_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.dicom.elements import Elements

_LONGEST: Final = 4_096
"""Characters of a value that are shown."""
_MOST_VALUES: Final = 256
_DEEPEST: Final = 32


def tree(
    elements: Elements, terms: Sequence[str] = (), depth: int = 0, *, signed: bool = False
) -> list[dict[str, Any]]:
    """One entry an attribute, in the order of tags.

    terms, signed: the character sets, and the sign of pixel values, that are in force around it.

    Values are text as DICOM has it. Of bytes and of what is long only the length is told.
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
    elif vr not in vrs.BYTES:
        try:
            found = texts(tag, Element(vr, *element[1:]), terms)
        except (DamagedDatasetError, ValueError, UnicodeError):
            found = []
        entry["value"] = [_shown(one) for one in found[:_MOST_VALUES]]
    return entry


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

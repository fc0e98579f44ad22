"""Tags, VRs and private elements, as PS3.5 chapter 7 and the dictionary of PS3.6 have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.conformance.elements import Element, Items, name_of
from scenario_runner.conformance.rules.base import Problem
from scenario_runner.dicom.characters import SPECIFIC_CHARACTER_SET, faults
from scenario_runner.dicom.dictionary import attribute
from scenario_runner.dicom.element_heads import PIXEL_DATA

if TYPE_CHECKING:
    from collections.abc import Iterator


def dictionary_vr(items: Items, element: Element) -> Iterator[Problem]:
    """The VR in the file is the dictionary's; UN may stand for any (PS3.5 6.2.2)."""
    known = attribute(element.tag)
    if known is None or not element.written_vr or element.written_vr == "UN":
        return
    if element.written_vr not in known.vr.split(" or ") and element.tag != PIXEL_DATA:
        yield Problem(
            items.where(element), f"has VR {element.written_vr}; the dictionary says {known.vr}"
        )


def retired(items: Items, element: Element) -> Iterator[Problem]:
    """The attribute is still in the Standard."""
    known = attribute(element.tag)
    if known is not None and known.retired:
        yield Problem(items.where(element), "is retired from the Standard")


def unknown(items: Items, element: Element) -> Iterator[Problem]:
    """The tag is in the dictionary."""
    if not element.tag >> 16 & 1 and attribute(element.tag) is None:
        yield Problem(items.where(element), "is not in the data dictionary")


def private_creator(items: Items, element: Element) -> Iterator[Problem]:
    """A private element is in a block that its creator has reserved."""
    group, number = element.tag >> 16, element.tag & 0xFFFF
    if not group & 1:
        return
    if group in (1, 3, 5, 7, 0xFFFF) or number < 0x10 or 0xFF < number < 0x1000:
        if number:
            yield Problem(items.where(element), "is a tag that no private element can have")
    elif number >= 0x1000:
        creator = items.elements.get(group << 16 | number >> 8)
        if creator is None or creator.empty:
            block = f"({group:04X},{number >> 8:04X})"
            yield Problem(items.where(element), f"has no private creator: {block} is missing")


def misplaced_group(items: Items, element: Element) -> Iterator[Problem]:
    """Command and file meta elements are not part of a data set."""
    if element.tag >> 16 in (0x0000, 0x0002):
        yield Problem(items.where(element), "does not belong into a data set")


def character_set_terms(items: Items, element: Element) -> Iterator[Problem]:
    """The values of SpecificCharacterSet are defined terms that go together."""
    if element.tag != SPECIFIC_CHARACTER_SET:
        return
    for term, reason in faults(items.texts("SpecificCharacterSet"))[:1]:
        yield Problem(items.where(element), f"'{term}' {reason}", "PS3.3 C.12.1.1.2")


_CODED = ("CodeValue", "LongCodeValue", "URNCodeValue")
_CODING_SCHEMES = 0x00080110
"""CodingSchemeIdentificationSequence describes schemes, it holds no codes (PS3.3 C.12.1)."""


_CONCEPT_NAME = 0x0040A043
_OF_CODES = frozenset(
    f"{name}{modifier}Sequence"
    for name in ("AnatomicRegion", "PrimaryAnatomicStructure")
    for modifier in ("", "Modifier")
)
"""Sequences of codes whose names do not say so (PS3.3 table 10-8)."""


def codes(items: Items, element: Element) -> Iterator[Problem]:
    """An item with a code says in which scheme, and what it means; an item of a code sequence has one."""
    if element.tag == _CODING_SCHEMES or not element.items or items.is_private(element):
        return
    name = name_of(element.tag)
    of_codes = name.endswith("CodeSequence") or name in _OF_CODES
    for item in element.items:
        there = [item.get(keyword) is not None for keyword in (*_CODED, "CodeMeaning")]
        if not any(there) and not of_codes:
            continue
        if not any(item.text(keyword) for keyword in _CODED):
            yield Problem(f"{item.path}CodeValue", "is missing from a code")
        elif not item.text("CodingSchemeDesignator") and not item.text("URNCodeValue"):
            yield Problem(f"{item.path}CodingSchemeDesignator", "is missing from a code")
        if not item.text("CodeMeaning"):
            yield Problem(f"{item.path}CodeMeaning", "is missing from a code")
    count = len(element.items)
    if element.tag == _CONCEPT_NAME and count > 1:
        message = f"has {count} items; a concept has one name"
        yield Problem(items.where(element), message, "PS3.3 10.2")


_REFERENCE = ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID")


_OF_IMAGES = frozenset(("ReferencedImageSequence", "SourceImageSequence"))
"""Sequences whose items are references and nothing else (PS3.3 tables 10-3 and 10-11)."""


def references(items: Items, element: Element) -> Iterator[Problem]:
    """An item that refers to an object says of which class and which one."""
    if not element.items or items.is_private(element):
        return
    of_images = name_of(element.tag) in _OF_IMAGES
    for item in element.items:
        there = [bool(item.text(keyword)) for keyword in _REFERENCE]
        if (any(there) or of_images) and not all(there):
            missing = _REFERENCE[there.index(False)]
            yield Problem(item.path + missing, "is missing from a reference")

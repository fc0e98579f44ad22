"""A file as lines for a person: every element with its value in words, and what is wrong with it.

Whatever state the file is in; what stands in it moves no cursor.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenario_runner.amounts import amount
from scenario_runner.conformance.elements import name_of, text_of
from scenario_runner.dicom.characters import UndecodableError
from scenario_runner.dicom.dictionary import attribute, registered
from scenario_runner.dicom.vrs import STRUCT_CODES
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.conformance.api import Finding
    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Element, Items

MOST_CHARACTERS = 4096
"""Of one value; who wants more has the file."""
_MOSTSTRUCT_CODES = 64
_SHOWN_BYTES = 16


@dataclass(frozen=True, slots=True)
class Line:
    """One element, or the head of an item when ``tag`` is None.

    depth: how many sequences it is in. value: printable and on one line. faults: what the rules say.
    """

    depth: int
    tag: int | None
    vr: str
    name: str
    value: str
    faults: tuple[str, ...] = ()


def lines(file: DicomFile, findings: list[Finding]) -> Iterator[Line]:
    """All elements in file order, file meta information first.

    findings: about this file; those about an element come with its line.
    """
    faults: dict[str, list[str]] = {}
    for one in findings:
        if one.attribute:
            faults.setdefault(one.attribute, []).append(visible(one.message))
    yield from _items(file.meta, 0, faults)
    yield from _items(file.data, 0, faults)


def elsewhere(file: DicomFile, findings: list[Finding]) -> list[Finding]:
    """Findings that no line of the tree can show: about what is missing, or the file as a whole."""
    shown = {
        items.where(element) for whole in (file.meta, file.data) for items, element in whole.walk()
    }
    return [one for one in findings if one.attribute not in shown]


def visible(text: str) -> str:
    """Text whose control characters, also those that turn its direction, are written as escapes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def _items(items: Items, depth: int, faults: dict[str, list[str]]) -> Iterator[Line]:
    for element in items.elements.values():
        where = items.where(element)
        value, fault = _value(element, items)
        found = ([fault] if fault and where not in faults else []) + faults.get(where, [])
        name = _name(element.tag, items)
        yield Line(depth, element.tag, element.vr or "??", name, value, tuple(found))
        for number, item in enumerate(element.items or (), start=1):
            yield Line(depth + 1, None, "", f"item {number}", "")
            yield from _items(item, depth + 2, faults)


def _name(tag: int, items: Items) -> str:
    """The keyword; for a private element what its creator calls it."""
    known = attribute(tag)
    if known and known.keyword:
        return known.keyword
    group, number = tag >> 16, tag & 0xFFFF
    if not group & 1:
        return "GroupLength" if not number else "?"
    if 0x10 <= number <= 0xFF:
        return "PrivateCreator"
    creator = items.elements.get(group << 16 | number >> 8)
    owner = text_of(creator) if creator is not None else ""
    if not owner:
        return "private, without a creator"
    return f"{visible(owner)}: {_private_name(tag, owner)}".removesuffix(": ")


def _private_name(tag: int, creator: str) -> str:
    from pydicom.datadict import private_dictionary_description

    try:
        return private_dictionary_description(tag, creator).strip("[]")
    except KeyError:
        return ""


def _value(element: Element, items: Items) -> tuple[str, str]:
    """The value in words, and what kept it from being read."""
    if element.items is not None:
        return amount(len(element.items), "item"), ""
    if element.fragments is not None:
        total = sum(element.fragments)
        return f"{amount(len(element.fragments), 'fragment')}, {_bytes(total)}", ""
    if not element.kept:
        return _bytes(element.length or 0), ""
    if element.vr in STRUCT_CODES:
        return _numbers(element)
    if element.vr == "AT":
        tags = struct.iter_unpack("<HH", element.value[: len(element.value) // 4 * 4])
        return "\\".join(f"{name_of(group << 16 | number)}" for group, number in tags), ""
    if element.is_text:
        return _text(element, items)
    shown = element.value[:_SHOWN_BYTES].hex(" ")
    more = " …" if len(element.value) > _SHOWN_BYTES else ""
    return f"{_bytes(len(element.value))}  {shown}{more}".rstrip(), ""


def _text(element: Element, items: Items) -> tuple[str, str]:
    fault = ""
    try:
        text = items.decoded(element)
    except UndecodableError as error:
        text, fault = items.readable(element), str(error)
    text = visible(text.strip(" \0"))
    if len(text) > MOST_CHARACTERS:
        text = f"{text[:MOST_CHARACTERS]}…"
    if element.vr == "UI" and (known := registered(text).name):
        text = f"{text} = {known}"
    return text, fault


def _numbers(element: Element) -> tuple[str, str]:
    form = STRUCT_CODES[element.vr]
    size = struct.calcsize(form)
    count = len(element.value) // size
    taken = min(count, _MOSTSTRUCT_CODES)
    numbers = struct.unpack(f"<{taken}{form}", element.value[: taken * size])
    text = "\\".join(f"{number:g}" if form in "fd" else str(number) for number in numbers)
    text += f"\\… ({count} values)" if count > taken else ""
    fault = "has a length that its VR does not allow" if len(element.value) % size else ""
    return text, fault


def _bytes(count: int) -> str:
    return f"{count:,} {'byte' if count == 1 else 'bytes'}"

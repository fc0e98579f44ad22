"""Value Representations and multiplicity (PS3.5 chapter 6), one function per rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.conformance.elements import Element, Items
from scenario_runner.conformance.rules.base import Problem
from scenario_runner.dicom import forms, vrs
from scenario_runner.dicom.characters import UndecodableError
from scenario_runner.dicom.dictionary import attribute

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHARACTERS = {vr: most for vr, most in vrs.LONGEST_TEXT.items() if vr in vrs.CHARACTER_SET}
"""Longest value in characters; of PN, longest component group."""
_BYTES = {vr: most for vr, most in vrs.LONGEST_TEXT.items() if vr in vrs.ASCII - {"AS", "DA"}}
"""Longest value in bytes, for VRs that are ASCII; two have one length only, which is their form."""
_SHOWN = 40


def values_of(element: Element, items: Items) -> list[str]:
    """The values of a text element without padding at the end. Raises UndecodableError."""
    if element.values is None:
        element.values = _values_of(element, items)
    return element.values


def readable_values(element: Element, items: Items) -> list[str]:
    """The same; none of what cannot be decoded, which a rule of its own tells."""
    try:
        return values_of(element, items)
    except UndecodableError:
        return []


def _values_of(element: Element, items: Items) -> list[str]:
    whole = items.decoded(element).rstrip(" \0")
    if not whole:
        return []
    return [whole] if element.vr in vrs.ONE_TEXT else whole.split("\\")


def length(items: Items, element: Element) -> Iterator[Problem]:
    """No value is longer than its VR allows."""
    limit = _BYTES.get(element.vr) or _CHARACTERS.get(element.vr)
    if limit is None or len(element.value) <= limit:
        return
    values = readable_values(element, items)
    unit = "characters" if element.vr in _CHARACTERS else "bytes"
    if element.vr == "PN":
        values = [group for value in values for group in value.split("=")]
    for value in values:
        if len(value) > limit and len(value := value.rstrip(" ")) > limit:
            yield Problem(
                items.where(element),
                f"{quoted_value(value)} has {len(value)} {unit}; VR {element.vr} allows {limit}",
            )
            return


def form(items: Items, element: Element) -> Iterator[Problem]:
    """Each value is of the characters and the form of its VR."""
    if not element.value:
        return
    for value in readable_values(element, items):
        if value and (fault := forms.form_fault(value, element.vr)):
            yield Problem(items.where(element), f"{quoted_value(value)} {fault}")
            return


def uid(items: Items, element: Element) -> Iterator[Problem]:
    """A UID is digits and dots, at most 64, no component with a leading zero, a root there can be."""
    if element.vr != "UI" or not element.value:
        return
    for value in values_of(element, items):
        fault = forms.uid_fault(value)
        if value and fault:
            yield Problem(items.where(element), f"{quoted_value(value)} {fault}")
            return


_TIMEZONE = 0x00080201


def timezone(items: Items, element: Element) -> Iterator[Problem]:
    """TimezoneOffsetFromUTC is one."""
    if element.tag != _TIMEZONE:
        return
    for value in readable_values(element, items):
        if fault := forms.timezone_fault(value):
            yield Problem(items.where(element), f"{quoted_value(value)} {fault}")


def size(items: Items, element: Element) -> Iterator[Problem]:
    """A binary value is a whole number of its units."""
    unit = vrs.UNIT_SIZES.get(element.vr)
    if unit and element.length and element.length % unit and element.length % 2 == 0:
        yield Problem(
            items.where(element), f"has {element.length} bytes; VR {element.vr} takes {unit} each"
        )


def padding(items: Items, element: Element) -> Iterator[Problem]:
    """A text is padded with one space, a UID with one NULL."""
    if not element.value or not element.is_text:
        return
    last = element.value[-1:]
    if element.vr == "UI":
        if last == b" " or element.value.endswith(b"\0\0"):
            yield Problem(items.where(element), "is not padded with one NULL")
    elif last == b"\0":
        yield Problem(items.where(element), "is padded with NULL instead of a space")


def multiplicity(items: Items, element: Element) -> Iterator[Problem]:
    """There are as many values as the dictionary says."""
    known = attribute(element.tag)
    if known is None or element.empty or not element.kept or element.items is not None:
        return
    if element.vr in vrs.VALUE_SIZES:
        count, rest = divmod(len(element.value), vrs.UNIT_SIZES[element.vr])
        if rest:
            return  # said by the rule about sizes
    elif element.is_text:
        if b"\\" not in element.value and (known.vm == "1" or known.vm[:2] == "1-"):
            return
        try:
            count = len(values_of(element, items))
        except UndecodableError:
            return
    else:
        return
    if not forms.allowed(known.vm, count):
        noun = "value" if count == 1 else "values"
        yield Problem(items.where(element), f"has {count} {noun}; the dictionary says {known.vm}")


def characters(items: Items, element: Element) -> Iterator[Problem]:
    """Text decodes by the character set that is declared for it; other VRs are ASCII."""
    if not element.is_text or (element.value.isascii() and b"\x1b" not in element.value):
        return
    if element.vr in vrs.CHARACTER_SET:
        try:
            values_of(element, items)
        except UndecodableError as error:
            yield Problem(items.where(element), str(error))


def quoted_value(value: str) -> str:
    """A value as a message quotes it."""
    cut = value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
    return "'" + "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in cut) + "'"

"""Data elements as a file has them: raw values, with what was wrong with their encoding.

pydicom forgives: it strips padding, guesses, and replaces what it cannot decode. A judge must see
the bytes, so they are read here (PS3.5 chapter 7, PS3.10 7.1). Only small values are kept.
"""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING

from scenario_runner.dicom import vrs
from scenario_runner.dicom.characters import (
    SPECIFIC_CHARACTER_SET,
    decode,
    decode_strictly,
    faults,
)
from scenario_runner.dicom.dictionary import attribute, tag_of
from scenario_runner.dicom.vrs import CHARACTER_SET
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def words(text: str) -> frozenset[str]:
    """A set of names, written as one text."""
    return frozenset(text.split())


_REMEMBERED = 128
"""Bytes of a value whose numbers are remembered."""
_INTEGER = re.compile(r"[+-]?[0-9]{1,11}")


@dataclass(slots=True)
class Element:
    """One data element.

    written_vr: empty in Implicit VR. vr: the one to read the value by, empty when nobody knows.
    value: its bytes, empty for sequences, for encapsulated pixel data and when longer than what is
    kept. length: bytes as declared, None when undefined. items: of a sequence. fragments: lengths
    of the fragments of encapsulated pixel data, without the offset table. offsets: what that says.
    """

    tag: int
    vr: str
    written_vr: str
    value: bytes
    length: int | None
    kept: bool = True
    items: list[Items] | None = None
    fragments: list[int] | None = None
    offsets: Sequence[int] = ()
    values: list[str] | None = None
    """The decoded values while the element is judged; many rules ask for them."""

    @property
    def empty(self) -> bool:
        """Without a value: zero length, only padding, or a sequence without items."""
        if self.items is not None:
            return not self.items
        return self.length == 0 or (self.kept and not self.value.strip(b" \0") and self.is_text)

    @property
    def is_text(self) -> bool:
        """Whether the value is characters rather than numbers or bytes."""
        return self.vr in vrs.TEXT


@dataclass(slots=True)
class Items:
    """A data set: the one of the file or, with the other three fields, an item of a sequence.

    sequence: its tag. index: of the item, from 0.
    """

    elements: dict[int, Element] = field(default_factory=dict)
    parent: Items | None = None
    sequence: int = 0
    index: int = 0

    @property
    def path(self) -> str:
        """``ReferencedStudySequence[0].``, empty for the data set of the file."""
        if self.parent is None:
            return ""
        return f"{self.parent.path}{name_of(self.sequence)}[{self.index}]."

    def get(self, keyword: str) -> Element | None:
        """An element of this data set, not of its items."""
        return self.elements.get(tag_of(keyword))

    def items_of(self, keyword: str) -> list[Items]:
        """The items of a sequence; [] when it is absent or none."""
        element = self.get(keyword)
        return (element.items if element is not None else None) or []

    def text(self, keyword: str) -> str:
        """An ASCII value without padding; empty when absent."""
        element = self.elements.get(tag_of(keyword))
        return "" if element is None else text_of(element)

    def texts(self, keyword: str) -> list[str]:
        """The values, without padding; [] when absent or empty."""
        whole = self.text(keyword)
        return [value.strip(" \0") for value in whole.split("\\")] if whole else []

    def character_sets(self) -> list[str]:
        """The defined terms that apply: its own, else those of what it is in; [] when none do."""
        here: Items | None = self
        while here is not None:
            if SPECIFIC_CHARACTER_SET in here.elements:
                return here.texts("SpecificCharacterSet")
            here = here.parent
        return []

    def is_signed(self) -> bool:
        """Whether pixels are signed by its own Pixel Representation, else by that of what it is in."""
        here: Items | None = self
        while here is not None:
            if (number := here.number("PixelRepresentation")) is not None:
                return number == 1
            here = here.parent
        return False

    def is_private(self, element: Element) -> bool:
        """Whether an element of it, or a sequence that it is in, is private: its items mean what its maker says."""
        here, tag = self, element.tag
        while not tag & 0x10000:
            if here.parent is None:
                return False
            here, tag = here.parent, here.sequence
        return True

    def readable(self, element: Element) -> str:
        """The text of an element of it as far as it can be read, backslashes and padding included."""
        if element.vr not in CHARACTER_SET:
            return element.value.decode("latin-1")
        return decode(element.value, element.vr, self.character_sets())

    def decoded(self, element: Element) -> str:
        """The same, strictly: raises UndecodableError.

        A wrong declaration is said once and about that; its text is read as far as it can be.
        """
        terms = self.character_sets()
        if element.vr not in CHARACTER_SET or faults(terms):
            return self.readable(element)
        return decode_strictly(element.value, element.vr, terms)

    def number(self, keyword: str) -> int | None:
        """The first value of an attribute that is US, SS, UL, SL or IS."""
        element = self.get(keyword)
        return number_of(element) if element else None

    def decimals(self, keyword: str) -> list[float] | None:
        """Values of a DS attribute, [] when absent; None when one is no finite number."""
        element = self.elements.get(tag_of(keyword))
        if element is None:
            return []
        short = len(element.value) <= _REMEMBERED
        numbers = (_decimals if short else _decimals.__wrapped__)(element.value)
        return None if numbers is None else list(numbers)

    def where(self, element: Element) -> str:
        """How a finding calls the element."""
        return self.path + name_of(element.tag)

    def walk(self) -> Iterator[tuple[Items, Element]]:
        """All elements, those of items after the sequence they are in."""
        for element in self.elements.values():
            yield self, element
            for item in element.items or ():
                yield from item.walk()


def name_of(tag: int) -> str:
    """The keyword of a tag, or ``(gggg,eeee)``."""
    known = attribute(tag)
    return known.keyword if known and known.keyword else f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def text_of(element: Element) -> str:
    """An ASCII value without padding; what is not ASCII is there as Latin-1."""
    return element.value.decode("latin-1").strip(" \0")


@lru_cache(maxsize=4096)
def _decimals(value: bytes) -> tuple[float, ...] | None:
    """The values of a DS; those of directions and spacings are alike in all images of a series."""
    whole = value.decode("latin-1").strip(" \0")
    try:
        numbers = tuple(float(text.strip(" \0")) for text in whole.split("\\")) if whole else ()
    except ValueError:
        return None
    return numbers if all(abs(number) < float("inf") for number in numbers) else None


def number_of(element: Element) -> int | None:
    """The first value of US, SS, UL, SL or IS; None when there is none. Binary is in native order."""
    if element.vr in vrs.BINARY_INTEGERS:
        size = vrs.VALUE_SIZES[element.vr]
        if len(element.value) < size:
            return None
        return int.from_bytes(element.value[:size], "little", signed=element.vr[0] == "S")
    if element.vr == "IS":
        text = text_of(element).split("\\")[0].strip()
        return int(text) if _INTEGER.fullmatch(text) else None
    return None

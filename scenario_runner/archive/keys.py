"""Keys of a query held against any data set, and what is answered of it (PS3.4 C.2.2.2).

This is the part that a stored instance's header and a worklist item have in common: no levels, no
index, just attributes and sequences.
"""

from __future__ import annotations

import struct
from functools import lru_cache, partial
from io import BytesIO
from typing import TYPE_CHECKING, Final, cast

from scenario_runner.archive import private
from scenario_runner.archive.periods import moved
from scenario_runner.dicom import element_writing
from scenario_runner.dicom.characters import SPECIFIC_CHARACTER_SET
from scenario_runner.dicom.dictionary import vr_of
from scenario_runner.dicom.element_text import character_sets, encoded_value, texts
from scenario_runner.dicom.elements import (
    DamagedDatasetError,
    Element,
    Elements,
    read_items,
)
from scenario_runner.dicom.matching import Matcher, matcher
from scenario_runner.dicom.part10 import file_meta
from scenario_runner.dicom.syntaxes import EXPLICIT_LE, Encoding
from scenario_runner.dicom.vrs import BYTES
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydicom import Dataset

    from scenario_runner.archive.periods import Period, Zones

QUERY_RETRIEVE_LEVEL: Final = 0x00080052
RETRIEVE_AE_TITLE: Final = 0x00080054
_TIMEZONE_OFFSET: Final = 0x00080201
_NOT_KEYS: Final = frozenset(
    (SPECIFIC_CHARACTER_SET, QUERY_RETRIEVE_LEVEL, RETRIEVE_AE_TITLE, _TIMEZONE_OFFSET)
)
_NOT_GROUPS: Final = frozenset((0x0000, 0x0002))
"""Of messages and of files, which are no part of a data set (PS3.5 7.1, PS3.10 7.1)."""
_LONGEST_VALUE: Final = 1 << 16
"""Bytes; a longer value is answered empty, for a response is no way to fetch bulk data."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a query. test is None for universal matching; items: the keys of a sequence.

    period: what the date and the time beside it have to lie in together. creator: of a private
    attribute, in whatever block; raw: its key as it came, to be read as the data set's VR has it.
    """

    tag: int
    vr: str
    values: tuple[str, ...] = ()
    test: Matcher | None = None
    items: tuple[tuple[Key, ...], ...] = ()
    period: Period | None = None
    creator: str = ""
    raw: Element | None = None

    @property
    def is_universal(self) -> bool:
        """Whether everything matches (PS3.4 C.2.2.2.3)."""
        return self.test is None and all(key.is_universal for keys in self.items for key in keys)

    def found(self, elements: Elements, terms: Sequence[str]) -> Element | None:
        """The attribute in a data set, with its VR; a private one of which nobody says it has none."""
        if not private.is_owned(self.tag):
            return elements.get(self.tag)
        creator = self.creator or private.creator_of(self.tag, elements, terms)
        if self.creator:
            element = private.find(self.tag, self.creator, elements, terms)
        else:
            element = elements.get(self.tag)
        if element is None:
            return None
        return Element(private.vr_of_private(self.tag, creator, element.vr), *element[1:])

    def fits(
        self,
        element: Element | None,
        elements: Elements,
        terms: Sequence[str],
        zones: Zones | None = None,
    ) -> bool:
        """Whether an attribute of a data set, which may lack it, matches.

        zones: of the whole data set, as which dates and times are compared where they are given.
        """
        if self.creator and private.is_creator(self.tag):
            return private.has_creator(self.tag, self.creator, elements, terms)
        if element is None or self.test is None:
            return self.test is None
        if private.is_owned(self.tag):
            return private.meets(self.tag, self.raw, self.values, element, terms)
        values: Sequence[str] = texts(self.tag, element, terms)
        if zones is not None and zones.concern(self.vr, self.values):
            values = zones.told(self.tag, self.vr, values, partial(_texts_of, elements))
        return self.test(values)

    def is_within(self, elements: Elements, zones: Zones | None = None) -> bool:
        """Whether the date and the time of a data set lie in the period, if there is one."""
        if self.period is None:
            return True
        found = {tag: _texts_of(elements, tag) for tag in (self.tag, self.period.time)}
        if zones is not None and zones.asked:
            found = moved(found, zones.stored, zones.asked)
        return self.period.has(found[self.tag], found[self.period.time])


def _texts_of(elements: Elements, tag: int) -> Sequence[str]:
    element = elements.get(tag)
    return texts(tag, element) if element is not None else []


Answer = dict[int, tuple[str, "list[str] | list[Answer]"]]
"""Tag to VR and values, or to VR and items: a response before it has a character set."""


@dataclass(frozen=True, slots=True)
class Match:
    """One response: what was asked for, of one patient, study, series or instance."""

    answer: Answer
    terms: tuple[str, ...]
    """Specific Character Set; empty when ASCII is enough."""

    def encode(self, *, implicit: bool) -> bytes:
        """The identifier as a data set in Little Endian."""
        return _encode(self.answer, self.terms, Encoding(implicit))

    def dataset(self) -> Dataset:
        """The identifier, decoded."""
        from scenario_runner.dicom.datasets import read_file

        encoded = self.encode(implicit=False)
        found = read_file(BytesIO(file_meta("", "", EXPLICIT_LE) + encoded))
        del found.file_meta
        return found


def keys_of(elements: Elements, terms: Sequence[str]) -> Iterator[Key]:
    """The keys of an identifier. terms: its character sets."""
    creators = {tag & 0xFFFF0000 | tag >> 8 & 0xFF for tag in elements if private.is_owned(tag)}
    for tag, element in elements.items():
        if tag in _NOT_KEYS or tag & 0xFFFF == 0 or tag >> 16 in _NOT_GROUPS:
            continue
        vr = vr_of(tag, element.vr)
        creator = private.creator_of(tag, elements, terms)
        if private.is_creator(tag):
            values = tuple(texts(tag, Element("LO", *element[1:]), terms))
            # One with attributes of its own in the query only says whose they are.
            creator = values[0] if len(values) == 1 and tag not in creators else ""
            test = matcher("LO", values) if creator else None
            yield Key(tag, "LO", values, test, creator=creator)
            continue
        if private.is_owned(tag) and private.holds_items(element):
            vr = "SQ"
        if private.is_owned(tag) and vr != "SQ":
            said = element if element.vr not in private.UNKNOWN else Element("LO", *element[1:])
            words = tuple(texts(tag, said, terms))
            test = matcher("LO", words) if element.value else None
            yield Key(tag, element.vr, words, test, creator=creator, raw=element)
            continue
        if vr == "SQ":
            items = tuple(
                tuple(keys_of(item, character_sets(item) or terms)) for item in read_items(element)
            )
            yield Key(tag, vr, items=items, creator=creator)
        else:
            values = tuple(texts(tag, element, terms))
            yield Key(tag, vr, values, matcher(vr, values))


def holds(
    keys: Sequence[Key],
    elements: Elements,
    terms: Sequence[str],
    zones: Zones | None = None,
) -> bool:
    """Whether a data set in these character sets matches all keys. zones: as of ``Key.fits``."""
    for key in keys:
        if key.is_universal:
            continue
        element = key.found(elements, terms)
        if key.vr == "SQ":
            if element is None or not _matching(key, element, terms, zones):
                return False
        elif not (key.fits(element, elements, terms, zones) and key.is_within(elements, zones)):
            return False
    return True


def _matching(
    key: Key, element: Element, terms: Sequence[str], zones: Zones | None
) -> list[Elements]:
    """The items of a sequence that match all keys of an item of the key (PS3.4 C.2.2.2.6)."""
    items = _items(element)
    if key.is_universal:
        return items
    return [
        item
        for item in items
        if any(holds(inner, item, character_sets(item) or terms, zones) for inner in key.items)
    ]


def _items(element: Element) -> list[Elements]:
    try:
        return read_items(element)
    except DamagedDatasetError:
        return []


def answer_of(
    keys: Sequence[Key],
    elements: Elements,
    terms: Sequence[str],
    zones: Zones | None = None,
) -> Answer:
    """What is answered of a data set: the attributes that were asked for, empty where it has none.

    zones: as of ``Key.fits``; what is answered is as it is stored.
    """
    answer: Answer = {}
    for key in keys:
        element = key.found(elements, terms)
        if key.values and private.is_creator(key.tag):
            answer[key.tag] = ("LO", list(key.values))  # of the block that was asked for
        elif element is None or len(element.value) > _LONGEST_VALUE:
            answer[key.tag] = (key.vr or "UN", [])
        elif key.vr == "SQ":
            wanted = [one for inner in key.items for one in inner]
            answer[key.tag] = (
                "SQ",
                [
                    answer_of(
                        wanted or _everything(item), item, character_sets(item) or terms, zones
                    )
                    for item in _matching(key, element, terms, zones)
                ],
            )
        else:
            if private.is_owned(key.tag):
                vr = private.vr_in_answer(element, key.vr)
            else:
                vr = vr_of(key.tag, element.vr) if key.vr in ("", "UN") else key.vr
            answer[key.tag] = (vr, texts(key.tag, Element(vr, *element[1:]), terms))
    return answer


def _everything(elements: Elements) -> list[Key]:
    return [
        Key(tag, vr_of(tag, element.vr))
        for tag, element in elements.items()
        if tag != SPECIFIC_CHARACTER_SET
    ]


def all_texts(answer: Answer) -> Iterator[str]:
    """Every text in an answer, to find a character set that can say them all."""
    for vr, values in answer.values():
        for value in values:
            if isinstance(value, dict):
                yield from all_texts(value)
            elif vr not in BYTES:
                yield value


def _encode(answer: Answer, terms: Sequence[str], encoding: Encoding) -> bytes:
    whole: Answer = answer
    if terms:
        whole = {SPECIFIC_CHARACTER_SET: ("CS", list(terms)), **answer}
    encoded = []
    for tag in sorted(whole):
        vr, values = whole[tag]
        if not values:
            encoded.append(_known(tag, vr, "", (), encoding))
        elif vr not in DIFFERING and len(values) == 1 and len(values[0]) <= _SHORT:
            encoded.append(_known(tag, vr, cast("str", values[0]), tuple(terms), encoding))
        else:
            encoded.append(encoded_element(tag, vr, values, terms, encoding))
    return b"".join(encoded)


DIFFERING: Final = frozenset(("SQ", "UI", "SH"))
"""What one match says in these no other one does; in others the next one often says it again."""
_SHORT: Final = 64


@lru_cache(4096)
def _known(tag: int, vr: str, text: str, terms: tuple[str, ...], encoding: Encoding) -> bytes:
    return encoded_element(tag, vr, [text] if text else [], terms, encoding)


def encoded_element(
    tag: int, vr: str, values: list[str] | list[Answer], terms: Sequence[str], encoding: Encoding
) -> bytes:
    """One element of an answer, in these character sets; empty where they cannot say it."""
    if vr == "SQ":
        items = [
            element_writing.item(_encode(one, terms, encoding))
            for one in cast("list[Answer]", values)
        ]
        return element_writing.element(tag, vr, b"".join(items), encoding)
    try:
        value = encoded_value(vr, cast("list[str]", values), terms) if values else b""
    except (ValueError, struct.error):
        value = b""
    return element_writing.element(tag, vr, value, encoding)

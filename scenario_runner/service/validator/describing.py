"""``metadata.json``: what a study says of patient, study, equipment, exposure, institution, series, images."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import to_json

from scenario_runner.conformance.elements import name_of, text_of
from scenario_runner.dicom import vrs
from scenario_runner.dicom.dictionary import tag_for_keyword
from scenario_runner.dicom.element_text import split
from scenario_runner.dicom.forms import is_date
from scenario_runner.dicom.json_model import printable

if TYPE_CHECKING:
    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Element, Items
    from scenario_runner.service.validator.events import Event
    from scenario_runner.service.validator.settings import Mappings

_FUNCTIONAL_GROUPS: Final = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
_PRIVATE: Final = re.compile(r"\(([0-9A-Fa-f]{4}),[xX]{2}([0-9A-Fa-f]{2})\) +(\S.*)")
_TIME: Final = re.compile(r"(\d{2})(\d{2})(\d{2})(\.\d{1,6})?")
_SHORT: Final = 128
"""Bytes of a value that is remembered."""
_CODE: Final = ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")


def metadata_of(request: Event, file: DicomFile, mappings: Mappings) -> bytes:
    """The description of a study, as JSON in UTF-8.

    A key without a value in the file is null. Dates are ISO 8601 where they are dates. What belongs to a single
    image of an enhanced object is taken from its functional groups (PS3.3 C.7.6.16), of the first frame.
    """
    sections = mappings.model_dump()
    places = [file.data, *_of_first_frame(file.data)]
    images = _section(places, sections.pop("images"))
    images["transfer_syntax_uid"] = file.transfer_syntax
    series = _section(places, sections.pop("series"))
    described = {
        "study_id": request.study,
        "file": {"size": request.data.get("size"), "sha256": request.data.get("sha256")},
        **{name: _section(places, section) for name, section in sections.items()},
        "series": [series],
        "images": [images],
    }
    return to_json(described, indent=1) + b"\n"


def element_named(items: Items, name: str) -> Element | None:
    """An element by its keyword, or as ``(gggg,xxee) CREATOR`` where it is private (PS3.5 7.8.1)."""
    meant = _meant_by(name)
    if meant is None or isinstance(meant, int):
        return None if meant is None else items.elements.get(meant)
    group, number, maker = meant
    for block in range(0x10, 0x100):
        creator = items.elements.get(group << 16 | block)
        if creator is not None and text_of(creator) == maker:
            return items.elements.get(group << 16 | block << 8 | number)
    return None


@lru_cache(maxsize=1024)
def _meant_by(name: str) -> int | tuple[int, int, str] | None:
    """The tag of a name of the settings; of a private one its group, the last byte of its element and the creator."""
    tag = tag_for_keyword(name)
    if tag is not None:
        return tag
    match = _PRIVATE.fullmatch(name)
    return None if match is None else (int(match[1], 16), int(match[2], 16), match[3].strip())


def _of_first_frame(data: Items) -> list[Items]:
    """The functional groups of an enhanced object's first frame, those that all frames share before its own."""
    return [
        inner
        for sequence in _FUNCTIONAL_GROUPS
        for group in data.items_of(sequence)[:1]
        for one in group.elements.values()
        for inner in (one.items or [])[:1]
    ]


def _section(places: Sequence[Items], section: Mapping[str, str]) -> dict[str, Any]:
    return {key: _found(places, name) for key, name in section.items()}


def _found(places: Sequence[Items], name: str) -> Any:
    for items in places:
        element = element_named(items, name)
        if element is not None and not element.empty:
            return _value(items, element)
    return None


def _value(items: Items, element: Element) -> Any:
    """Plain values: text, numbers, several as a list, a sequence as a list of mappings."""
    if element.items is not None:
        return [_item(one) for one in element.items]
    if not element.kept:
        return None
    if element.is_text and element.vr not in vrs.CHARACTER_SET:
        return (_codes if len(element.value) <= _SHORT else _codes.__wrapped__)(
            element.value, element.vr
        )
    if element.is_text:
        values: Iterable[Any] = _texts(items.readable(element), element.vr)
    elif element.vr in vrs.STRUCT_CODES:
        values = _numbers(element)
    else:
        values = [printable(element.value)]
    return _told(values)


def _told(values: Iterable[Any]) -> Any:
    found = tuple(values)
    return found[0] if len(found) == 1 else found or None


def _texts(text: str, vr: str) -> Iterator[Any]:
    return (_text(one, vr) for one in split(text, vr))


@lru_cache(maxsize=4096)
def _codes(value: bytes, vr: str) -> Any:
    """The values of a text that no character set matters for: most files say what those before them said."""
    return _told(_texts(value.decode("latin-1"), vr))


def _item(items: Items) -> dict[str, Any]:
    return {
        name_of(element.tag): _value(items, element)
        for element in items.elements.values()
        if not element.empty
    }


def _text(text: str, vr: str) -> Any:
    """A text as its VR means it; what breaks its VR stays as it is."""
    if not text:
        return None
    try:
        if vr == "DA" and is_date(text):
            return f"{text[:4]}-{text[4:6]}-{text[6:]}"
        if vr == "TM" and (match := _TIME.fullmatch(text)):
            return f"{match[1]}:{match[2]}:{match[3]}{match[4] or ''}"
        if vr == "IS":
            return int(text)
        if vr == "DS":
            number = float(text)
            return number if abs(number) < float("inf") else text
    except ValueError:
        return text
    return text


def _numbers(element: Element) -> list[Any]:
    form = vrs.STRUCT_CODES[element.vr]
    size = struct.calcsize(form)
    count = len(element.value) // size
    numbers = struct.unpack(f"<{count}{form}", element.value[: count * size])
    return [one if math.isfinite(one) else str(one) for one in numbers]

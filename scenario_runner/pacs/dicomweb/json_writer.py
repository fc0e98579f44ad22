"""DICOM JSON (PS3.18 F) from data elements as the archive knows them, whatever they hold.

Values are not judged: a number that is none goes out as the text it is, so that a damaged instance
can still be looked at.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final, cast

from scenario_runner.archive.transcoding import in_little_endian, is_signed
from scenario_runner.archive.values import character_sets, texts
from scenario_runner.dicom import vrs
from scenario_runner.dicom.characters import SPECIFIC_CHARACTER_SET, UTF8
from scenario_runner.dicom.dictionary import vr_of
from scenario_runner.dicom.elements import DamagedDatasetError, Element, Elements, read_items
from scenario_runner.dicom.json_model import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scenario_runner.archive.keys import Answer

Json = dict[str, Any]
"""A data set in the DICOM JSON model: tag of eight digits to ``{"vr": …, "Value": …}``."""

_INLINE_MAX: Final = 1024
"""Bytes; a longer binary value is fetched by its BulkDataURI."""


def encode(data: Json | list[Json]) -> bytes:
    """As it goes over the wire."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(
        "utf-8", "replace"
    )


def array(items: Iterable[Json]) -> Iterator[bytes]:
    """A JSON array, one item at a time."""
    separator = b"["
    for item in items:
        yield separator + encode(item)
        separator = b","
    yield b"[]" if separator == b"[" else b"]"


def of_answer(answer: Answer) -> Json:
    """A response to a query."""
    return {f"{tag:08X}": _member(*answer[tag]) for tag in sorted(answer)}


def _member(vr: str, values: list[str] | list[Answer]) -> Json:
    if vr == "SQ":
        return attribute(vr, [of_answer(item) for item in cast("list[Answer]", values)])
    if vr in vrs.BYTES:
        return _inline(vr, "".join(cast("list[str]", values)).encode("latin-1"))
    return attribute(vr, [value_of(vr, one) for one in cast("list[str]", values)])


def of_elements(
    elements: Elements, bulk_url: str, terms: Sequence[str] = (), *, signed: bool = False
) -> Json:
    """A data set. bulk_url: what the BulkDataURI of its long values begins with.

    terms: the character sets it stands in when it does not say. signed: of the data set around an item.
    """
    terms = character_sets(elements) or terms
    signed = signed or is_signed(elements)
    data: Json = {}
    for tag in sorted(elements):
        if tag & 0xFFFF == 0:
            continue  # group lengths, retired and about an encoding that is left behind here
        element = elements[tag]
        vr = vr_of(tag, element.vr, signed=signed)
        name = f"{tag:08X}"
        if tag == SPECIFIC_CHARACTER_SET:
            data[name] = attribute(vr, [UTF8])
        elif vr == "SQ":
            data[name] = attribute(vr, _items(element, f"{bulk_url}/{name}", terms, signed=signed))
        elif vr in vrs.BYTES:
            long = len(element.value) > _INLINE_MAX
            inline = in_little_endian(element, vr)  # PS3.18 F.2.7
            data[name] = bulk(vr, f"{bulk_url}/{name}") if long else _inline(vr, inline)
        else:
            known = Element(vr, element.value, element.encoding)
            data[name] = attribute(vr, [value_of(vr, one) for one in texts(tag, known, terms)])
    return data


def _items(element: Element, bulk_url: str, terms: Sequence[str], *, signed: bool) -> list[Json]:
    try:
        items = read_items(element)
    except DamagedDatasetError:
        return []
    return [
        of_elements(item, f"{bulk_url}/{number}", terms, signed=signed)
        for number, item in enumerate(items, start=1)
    ]


def attribute(vr: str, values: Sequence[Any]) -> Json:
    """One attribute; without values it has none (PS3.18 F.2.5)."""
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}


def bulk(vr: str, url: str) -> Json:
    """An attribute whose value is fetched from a URL (PS3.18 F.2.6)."""
    return {"vr": vr, "BulkDataURI": url}


def _inline(vr: str, data: bytes) -> Json:
    return (
        {"vr": vr, "InlineBinary": base64.b64encode(data).decode("ascii")} if data else {"vr": vr}
    )

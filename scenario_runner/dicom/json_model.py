"""The DICOM JSON Model (PS3.18 annex F): read into plain values, and written from them.

Plain values are what a query gives whatever the protocol: ``{KEYWORD: value}``, text as text, IS as
int, DS as float, several values as a list, an empty attribute as None, a sequence as a list of the
same. All that a peer sent is read, for whoever compares it must not take a part of it for the whole: its size is bounded
where it is received, and what is nested without end is refused. A value that breaks its VR stays text.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from scenario_runner.dicom import vrs
from scenario_runner.dicom.characters import SPECIFIC_CHARACTER_SET, UTF8
from scenario_runner.dicom.dictionary import keyword_of, tag_for_keyword, vr_of
from scenario_runner.dicom.element_heads import PIXEL_DATA
from scenario_runner.dicom.element_text import character_sets, texts
from scenario_runner.dicom.elements import (
    DamagedDatasetError,
    Element,
    Elements,
    in_little_endian,
    is_signed,
    read_items,
)
from scenario_runner.dicom.long_cells import words_of_pixels

MOST_DEPTH: Final = 64
"""Sequences within sequences, as many as elements are read in (``dicom.elements``)."""
MOST_INLINE: Final = 1024
"""Bytes; a longer binary value stands behind its BulkDataURI."""

Json = dict[str, Any]
"""A data set in the model, as it is written here."""

JsonObject = Mapping[str, Any]
"""A data set in the model: ``{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "A^B"}]}}``."""

_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_PERSON_NAME = ("Alphabetic", "Ideographic", "Phonetic")


class JsonModelError(ValueError):
    """The text is no DICOM JSON."""


def loads(text: bytes | str) -> list[JsonObject]:
    """Data sets of a JSON body; one object alone counts as a list of one.

    Raises JsonModelError, also for an object that has something and no attribute of DICOM in it:
    ``{"error": "quota exceeded"}`` under status 200 is no empty answer.
    """
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise JsonModelError("this is no JSON") from error
    return data_sets(body)


def data_sets(body: object) -> list[JsonObject]:
    """The same of a body that was parsed, or of a part of it."""
    members = [body] if isinstance(body, dict) else body
    if not isinstance(members, list) or not all(isinstance(one, dict) for one in members):
        raise JsonModelError("this JSON is no list of data sets")
    if any(one and not any(map(_TAG.fullmatch, one)) for one in members):
        raise JsonModelError("this JSON has no attribute of DICOM")
    return members


def values_by_keyword(item: JsonObject, depth: int = 0) -> dict[str, Any]:
    """A data set as ``{KEYWORD: value}``; an attribute without a keyword under its tag, ``ggggeeee``.

    Bytes without a meaning are hexadecimal; a BulkDataURI is itself the value. What is no attribute at
    all is left out. Raises JsonModelError for sequences more than ``MOST_DEPTH`` deep.
    """
    result: dict[str, Any] = {}
    for tag, element in item.items():
        if not _TAG.fullmatch(tag) or not isinstance(element, Mapping) or tag.endswith("0000"):
            continue
        result[keyword_of(int(tag, 16))] = _plain_value(tag, element, depth)
    return result


def encode(values: Mapping[str, Any]) -> Json:
    """A data set in the JSON model from ``{KEYWORD: value}``, in tag order.

    A key is a keyword or ``ggggeeee``. Sequences are lists of such mappings. Raises ValueError for
    an unknown keyword.
    """
    result: dict[str, Any] = {}
    for key, value in values.items():
        number = int(key, 16) if _TAG.fullmatch(key) else tag_for_keyword(key)
        if number is None:
            raise ValueError(f"'{key}' is no DICOM keyword")
        result[f"{number:08X}"] = _encoded(vr_of(number), value)
    return dict(sorted(result.items()))


def of_elements(
    elements: Elements,
    bulk_uri: str,
    terms: Sequence[str] = (),
    *,
    signed: bool = False,
    most_inline: int | None = MOST_INLINE,
) -> Json:
    """A data set as it was read, in tag order, whatever it holds; private attributes included.

    bulk_uri: what the BulkDataURI of values of more than ``most_inline`` bytes begins with; None for
    all bytes as base64. terms: the character sets the data set stands in when it does not say.
    signed: of the data set around an item. Group lengths are left out, and SpecificCharacterSet says
    UTF-8, which JSON is. A value that breaks its VR is written as the text it is.
    """
    terms = character_sets(elements) or terms
    signed = is_signed(elements, signed)
    data: Json = {}
    for tag in sorted(elements):
        if tag & 0xFFFF == 0:
            continue
        element = elements[tag]
        vr = vr_of(tag, element.vr, signed=signed)
        name = f"{tag:08X}"
        if tag == SPECIFIC_CHARACTER_SET:
            data[name] = attribute(vr, [UTF8])
        elif vr == "SQ":
            items = [
                of_elements(
                    item, f"{bulk_uri}{name}/{at}/", terms, signed=signed, most_inline=most_inline
                )
                for at, item in enumerate(_items(element), start=1)
            ]
            data[name] = attribute(vr, items)
        elif vr in vrs.BYTES:
            if most_inline is not None and len(element.value) > most_inline:
                data[name] = {"vr": vr, "BulkDataURI": bulk_uri + name}
            else:
                words = words_of_pixels(elements, element) if tag == PIXEL_DATA else vr
                data[name] = inline(vr, in_little_endian(element, words))  # PS3.18 F.2.7
        else:
            known = Element(vr, element.value, element.encoding)
            data[name] = attribute(vr, [value_of(vr, one) for one in texts(tag, known, terms)])
    return data


def _items(element: Element) -> list[Elements]:
    try:
        return read_items(element)
    except DamagedDatasetError:
        return []


def attribute(vr: str, values: Sequence[Any]) -> Json:
    """One attribute; without values it has none (PS3.18 F.2.5)."""
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}


def inline(vr: str, data: bytes | bytearray | memoryview) -> Json:
    """One attribute of bytes, as base64 (PS3.18 F.2.7)."""
    text = base64.b64encode(data).decode("ascii")
    return {"vr": vr, "InlineBinary": text} if text else {"vr": vr}


def printable(raw: bytes) -> str:
    """Bytes whose meaning is unknown: the text they are, or hexadecimal."""
    words = raw.rstrip(b" \0")
    if words.isascii() and words.decode("ascii").isprintable():
        return words.decode("ascii")
    return raw.hex()


def _plain_value(tag: str, element: Mapping[str, Any], depth: int) -> Any:
    vr = element.get("vr")
    if not isinstance(vr, str) or vr == "UN":
        vr = vr_of(int(tag, 16))
    uri, inlined, values = (element.get(key) for key in ("BulkDataURI", "InlineBinary", "Value"))
    if isinstance(uri, str):
        return uri
    if isinstance(inlined, str):
        return _binary(inlined)
    if not isinstance(values, list):
        # Against the model, and seen: one value without its list.
        values = [] if values is None else [values]
    if vr == "SQ":
        # An empty item may be written as null, as an empty value of another VR is (PS3.18 F.2.5).
        items = [
            {} if one is None else one for one in values if one is None or isinstance(one, Mapping)
        ]
        if items and depth >= MOST_DEPTH:
            raise JsonModelError(f"sequences are nested more than {MOST_DEPTH} deep")
        return [values_by_keyword(one, depth + 1) for one in items] or None
    found = [part for one in values for part in _parts(one, vr)]
    return found[0] if len(found) == 1 else found or None


def _binary(text: str) -> str | None:
    try:
        raw = base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return text
    return printable(raw) if raw else None


def _parts(value: Any, vr: str) -> Iterable[Any]:
    """One member of ``Value`` as plain values: several when a server did not split at backslashes."""
    if vr == "PN" and isinstance(value, Mapping):
        groups = [str(value.get(group) or "") for group in _PERSON_NAME]
        return [_text("=".join(groups).rstrip("="), vr)]
    if isinstance(value, str):
        if vr in vrs.ONE_TEXT:
            return [_text(value, vr)]
        return [_number(_text(part, vr), vr) for part in value.split("\\")]
    return [_number(value, vr)]


def _text(words: str, vr: str) -> str | None:
    stripped = words.rstrip(" \0") if vr in vrs.ONE_TEXT else words.strip(" \0")
    return stripped or None


def _number(value: Any, vr: str) -> Any:
    """A JSON scalar as its VR has it; text and number both do for IS and DS (PS3.18 F.2.3)."""
    if value is None or isinstance(value, bool | Mapping | list):
        return None if value is None else str(value)
    if isinstance(value, str) and (vr not in vrs.INTEGERS | vrs.REALS or len(value) > 32):
        return value
    try:
        if vr in vrs.INTEGERS:
            whole = int(value)
            return whole if isinstance(value, str) or whole == value else value
        number = float(value)
    except (ValueError, OverflowError):
        return str(value)
    if not math.isfinite(number):
        return str(number)
    return number if vr in vrs.REALS else str(value)


def _encoded(vr: str, value: Any) -> Json:
    if isinstance(value, bytes | bytearray | memoryview):
        return inline(vr, value)
    several = isinstance(value, Sequence) and not isinstance(value, str)
    values = list(value) if several else [value]
    if not any(one is not None and one != "" for one in values):
        return {"vr": vr}
    if vr == "SQ":
        return attribute(vr, [encode(one) for one in values])
    return attribute(vr, [value_of(vr, one) for one in values])


def value_of(vr: str, value: Any) -> Any:
    """One value (PS3.18 table F.2.3-1), of text or a number; an empty one among several is null."""
    if value is None or value == "":
        return None
    if vr == "PN":
        groups = zip(_PERSON_NAME, str(value).split("="), strict=False)
        return {name: group for name, group in groups if group}
    if vr in vrs.INTEGERS or vr in vrs.REALS:
        number = _number(value if isinstance(value, int | float) else str(value), vr)
        return number if isinstance(number, int | float) else str(value)
    return str(value)

"""The DICOM JSON Model (PS3.18 annex F): read into plain values, and written from them.

Plain values are what a query gives whatever the protocol: ``{KEYWORD: value}``, text as text, IS as
int, DS as float, several values as a list, an empty attribute as None, a sequence as a list of the
same. What a peer sent is bounded in number, size and depth; a value that breaks its VR stays text.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.dicom import vrs
from scenario_runner.dicom.dictionary import keyword_of, vr_of

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

MOST_ELEMENTS: Final = 1000
MOST_VALUES: Final = 1000
MOST_CHARACTERS: Final = 10_240
MOST_DEPTH: Final = 8

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
        body: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise JsonModelError("this is no JSON") from error
    members = [body] if isinstance(body, dict) else body
    if not isinstance(members, list) or not all(isinstance(one, dict) for one in members):
        raise JsonModelError("this JSON is no list of data sets")
    if any(one and not any(map(_TAG.fullmatch, one)) for one in members):
        raise JsonModelError("this JSON has no attribute of DICOM")
    return members


def plain(item: JsonObject, depth: int = 0) -> dict[str, Any]:
    """A data set as ``{KEYWORD: value}``; an attribute without a keyword under its tag, ``ggggeeee``.

    Bytes without a meaning are hexadecimal; a BulkDataURI is itself the value. Beyond the bounds of
    this module things are left out, as is what is no attribute at all.
    """
    result: dict[str, Any] = {}
    for tag, element in list(item.items())[:MOST_ELEMENTS]:
        if not _TAG.fullmatch(tag) or not isinstance(element, Mapping) or tag.endswith("0000"):
            continue
        result[keyword_of(int(tag, 16))] = _plain_value(tag, element, depth)
    return result


def encode(values: Mapping[str, Any]) -> dict[str, Any]:
    """A data set in the JSON model from ``{KEYWORD: value}``, in tag order.

    A key is a keyword or ``ggggeeee``. Sequences are lists of such mappings. Raises ValueError for
    an unknown keyword.
    """
    from scenario_runner.dicom.dictionary import tag_for_keyword

    result: dict[str, Any] = {}
    for key, value in values.items():
        number = int(key, 16) if _TAG.fullmatch(key) else tag_for_keyword(key)
        if number is None:
            raise ValueError(f"'{key}' is no DICOM keyword")
        result[f"{number:08X}"] = _encoded(vr_of(number), value)
    return dict(sorted(result.items()))


def of_dataset(
    data_set: Dataset, bulk_data: Callable[[DataElement], str | None] | None = None
) -> dict[str, Any]:
    """A data set in the JSON model, in tag order, private attributes included.

    bulk_data: the URI under which a binary element's value can be had, or None to put it inline as
    base64. Group lengths are left out, and SpecificCharacterSet says UTF-8, which JSON is. A value
    that breaks its VR is written as the text it is.
    """
    from pydicom.tag import Tag

    result: dict[str, Any] = {}
    for number in sorted(data_set.keys()):
        tag = Tag(number)
        if tag.element == 0:
            continue
        if tag == 0x00080005:
            result["00080005"] = {"vr": "CS", "Value": ["ISO_IR 192"]}
            continue
        result[f"{int(tag):08X}"] = _element(data_set, tag, bulk_data)
    return result


def printable(raw: bytes) -> str:
    """Bytes whose meaning is unknown: the text they are, or hexadecimal; bounded."""
    words = raw.rstrip(b" \0")
    if words.isascii() and words.decode("ascii").isprintable():
        return words.decode("ascii")[:MOST_CHARACTERS]
    return raw[: MOST_CHARACTERS // 2].hex()


def _plain_value(tag: str, element: Mapping[str, Any], depth: int) -> Any:
    vr = element.get("vr")
    if not isinstance(vr, str) or vr == "UN":
        vr = vr_of(int(tag, 16))
    uri, inline, values = (element.get(key) for key in ("BulkDataURI", "InlineBinary", "Value"))
    if isinstance(uri, str):
        return uri[:MOST_CHARACTERS]
    if isinstance(inline, str):
        return _binary(inline)
    if not isinstance(values, list):
        # Against the model, and seen: one value without its list.
        values = [] if values is None else [values]
    if vr == "SQ":
        items = [one for one in values[:MOST_VALUES] if isinstance(one, Mapping)]
        return None if depth >= MOST_DEPTH else [plain(one, depth + 1) for one in items] or None
    found = [part for one in values[:MOST_VALUES] for part in _parts(one, vr)][:MOST_VALUES]
    return found[0] if len(found) == 1 else found or None


def _binary(inline: str) -> str | None:
    try:
        raw = base64.b64decode(inline[: MOST_CHARACTERS * 2], validate=False)
    except (binascii.Error, ValueError):
        return inline[:MOST_CHARACTERS]
    return printable(raw) if raw else None


def _parts(value: Any, vr: str) -> Iterable[Any]:
    """One member of ``Value`` as plain values: several when a server did not split at backslashes."""
    if vr == "PN" and isinstance(value, Mapping):
        groups = [str(value.get(group) or "") for group in _PERSON_NAME]
        return [_text("=".join(groups).rstrip("="), vr)]
    if isinstance(value, str):
        if vr in vrs.ONE_TEXT:
            return [_text(value, vr)]
        return [_number(_text(part, vr), vr) for part in value.split("\\", MOST_VALUES)]
    return [_number(value, vr)]


def _text(words: str, vr: str) -> str | None:
    stripped = words.rstrip(" \0") if vr in vrs.ONE_TEXT else words.strip(" \0")
    return stripped[:MOST_CHARACTERS] or None


def _number(value: Any, vr: str) -> Any:
    """A JSON scalar as its VR has it; text and number both do for IS and DS (PS3.18 F.2.3)."""
    if value is None or isinstance(value, bool | Mapping | list):
        return None if value is None else str(value)[:MOST_CHARACTERS]
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


def _encoded(vr: str, value: Any) -> dict[str, Any]:
    if isinstance(value, bytes | bytearray | memoryview):
        inline = base64.b64encode(value).decode("ascii")
        return {"vr": vr, "InlineBinary": inline} if inline else {"vr": vr}
    several = isinstance(value, Sequence) and not isinstance(value, str)
    values = list(value) if several else [value]
    if not any(one is not None and one != "" for one in values):
        return {"vr": vr}
    if vr == "SQ":
        return {"vr": vr, "Value": [encode(one) for one in values]}
    return {"vr": vr, "Value": [value_of(vr, one) for one in values]}


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


def _element(
    data_set: Dataset, tag: Any, bulk_data: Callable[[DataElement], str | None] | None
) -> dict[str, Any]:
    from pydicom import DataElement

    try:
        element = data_set[tag]
        value, vr = element.value, str(element.VR)
    except Exception:  # noqa: BLE001 - the decoder raises whatever a damaged value leads it into
        raw: Any = data_set.get_item(tag)
        vr = str(raw.VR or vr_of(tag))
        words = raw.value.decode("latin-1") if isinstance(raw.value, bytes) else str(raw.value)
        return {"vr": vr, "Value": [words.strip(" \0")]}
    vr = vr.split(" or ")[0]
    if vr == "SQ":
        items = [of_dataset(item, bulk_data) for item in value or ()]
        return {"vr": vr, "Value": items} if items else {"vr": vr}
    if isinstance(value, bytes):
        uri = (
            bulk_data(element)
            if bulk_data is not None and isinstance(element, DataElement)
            else None
        )
        return {"vr": vr, "BulkDataURI": uri} if uri else _encoded(vr, value)
    if vr == "AT":
        numbers = value if isinstance(value, Sequence) else [value]
        tags = [f"{int(one):08X}" for one in numbers if one is not None]
        return {"vr": vr, "Value": tags} if tags else {"vr": vr}
    return _encoded(vr, value)

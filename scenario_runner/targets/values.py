"""A data set from a peer becomes plain values, bounded in number and size.

Reads the encoded values itself: pydicom's conversion warns or raises where a peer's value breaks
its VR, and here a wrong value is evidence, not an accident.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

from scenario_runner.dicom import vrs
from scenario_runner.dicom.dictionary import vr_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydicom import Dataset

MOST_ELEMENTS = 1000
MOST_VALUES = 1000
MOST_CHARACTERS = 10_240
MOST_DEPTH = 8

_CHARACTER_SET = 0x00080005


def plain(
    data_set: Dataset, decode: Callable[[bytes], str] | None = None, depth: int = 0
) -> dict[str, Any]:
    """A data set as ``{KEYWORD: value}``; an attribute without a keyword under its tag, ``ggggeeee``.

    Text stays text, IS becomes int, DS float, binary numbers numbers, a sequence a list of dicts;
    several values are a list, an empty attribute None. A value that breaks its VR stays text; bytes
    without a meaning are hexadecimal. Beyond the bounds of this module things are left out.
    """
    from scenario_runner.dicom.dictionary import supplied

    own = data_set.get_item(_CHARACTER_SET)
    if own is not None or decode is None:
        decode = decoder(_terms(getattr(own, "value", None)))
    result: dict[str, Any] = {}
    for tag in list(data_set.keys())[:MOST_ELEMENTS]:
        if tag.element == 0:
            continue
        key = supplied().keyword_for_tag(tag) or f"{tag.group:04X}{tag.element:04X}"
        result[key] = _value(data_set, tag, decode, depth)
    return result


def _value(data_set: Dataset, tag: Any, decode: Callable[[bytes], str], depth: int) -> Any:
    item: Any = data_set.get_item(tag)
    vr = item.VR
    if vr in (None, "UN") and not tag.is_private:
        vr = vr_of(tag)
    if vr == "SQ":
        return _items(data_set, tag, decode, depth)
    raw = item.value
    if not raw:
        return None
    if not isinstance(raw, bytes):
        return str(raw)[:MOST_CHARACTERS]
    if vr in vrs.STRUCT_CODES:
        return _numbers(raw, vrs.STRUCT_CODES[vr])
    if vr == "AT":
        pairs = struct.iter_unpack("<HH", raw[: len(raw) // 4 * 4])
        return _single([f"{g:04X}{e:04X}" for g, e in pairs][:MOST_VALUES])
    if vr in vrs.TEXT:
        return _text(raw, vr, decode)
    return _unknown(raw)


def _items(data_set: Dataset, tag: Any, decode: Callable[[bytes], str], depth: int) -> Any:
    if depth >= MOST_DEPTH:
        return None
    try:
        items = list(data_set[tag].value or ())
    except Exception:  # noqa: BLE001 - the decoder raises whatever hostile bytes lead it into
        return None
    return [plain(item, decode, depth + 1) for item in items[:MOST_VALUES]] or None


def _numbers(raw: bytes, code: str) -> Any:
    size = struct.calcsize(code)
    count = min(len(raw) // size, MOST_VALUES)
    values = list(struct.unpack_from(f"<{count}{code}", raw))
    return _single([v if not isinstance(v, float) or math.isfinite(v) else str(v) for v in values])


def _text(raw: bytes, vr: str, decode: Callable[[bytes], str]) -> Any:
    words = decode(raw) if vr in vrs.CHARACTER_SET else raw.decode("latin-1")
    if vr in vrs.ONE_TEXT:
        return words.rstrip(" \0")[:MOST_CHARACTERS] or None
    parts = [part.strip(" \0")[:MOST_CHARACTERS] for part in words.split("\\", MOST_VALUES)]
    return _single([_number(part, vr) for part in parts[:MOST_VALUES]])


def _number(words: str, vr: str) -> Any:
    """IS as int and DS as float where the peer kept to the VR, None for an empty value."""
    if not words:
        return None
    if vr not in ("IS", "DS") or len(words) > 16:
        return words
    try:
        number = int(words) if vr == "IS" else float(words)
    except ValueError:
        return words
    return number if math.isfinite(number) else words


def _unknown(raw: bytes) -> str:
    words = raw.rstrip(b" \0")
    if words.isascii() and words.decode("ascii").isprintable():
        return words.decode("ascii")[:MOST_CHARACTERS]
    return raw[: MOST_CHARACTERS // 2].hex()


def _single(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values or None


def _terms(raw: Any) -> list[str]:
    words = raw.decode("latin-1") if isinstance(raw, bytes) else str(raw or "")
    return [term.strip(" \0") for term in words.split("\\")][:16]


def decoder(terms: Sequence[str]) -> Callable[[bytes], str]:
    """How to read text under these values of SpecificCharacterSet (PS3.3 C.12.1.1.2).

    Never fails: without a declared character set UTF-8 is tried before Latin-1; what cannot be
    read comes out as replacement characters.
    """
    from pydicom.charset import convert_encodings, decode_bytes, python_encoding

    if len(terms) == 1 and not terms[0].startswith("ISO 2022"):
        codec = python_encoding.get(terms[0])
        if terms[0] in ("", "ISO_IR 6") or codec is None:
            return _undeclared
        return lambda raw: raw.decode(codec, "replace")
    if not all(term in python_encoding for term in terms):
        return _undeclared
    encodings = convert_encodings(list(terms))

    def escaped(raw: bytes) -> str:
        try:
            return decode_bytes(raw, encodings, {0x5C, 0x5E, 0x3D, 0x0A, 0x0C, 0x0D, 0x09})
        except (UnicodeError, LookupError, UserWarning):
            return raw.decode("latin-1")

    return escaped


def _undeclared(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")

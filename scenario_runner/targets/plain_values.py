"""A data set from a peer becomes plain values, all of them: its size is bounded where it is received.

Reads the encoded values itself: pydicom's conversion warns or raises where a peer's value breaks
its VR, and here a wrong value is evidence, not an accident.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

from scenario_runner.dicom import vrs
from scenario_runner.dicom.characters import UndeclaredText, decode
from scenario_runner.dicom.dictionary import keyword_of, vr_of
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.dicom.json_model import MOST_DEPTH, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydicom import Dataset


def values_by_keyword(
    data_set: Dataset,
    terms: Sequence[str] = (),
    undeclared: Callable[[UndeclaredText], Any] | None = None,
) -> dict[str, Any]:
    """A data set as ``{KEYWORD: value}``; an attribute without a keyword under its tag, ``ggggeeee``.

    Text stays text, IS becomes int, DS float, binary numbers numbers, a sequence a list of dicts;
    several values are a list, an empty attribute None. A value that breaks its VR stays text; bytes
    without a meaning are hexadecimal. Raises DamagedDatasetError for a sequence that cannot be read, or is nested more
    than ``MOST_DEPTH`` deep.
    terms: the character sets where the data set declares none; without them text is read as what it
    can be. undeclared: told each text that this concerns.
    """
    return _plain(data_set, tuple(terms), undeclared, 0)


def _plain(
    data_set: Dataset,
    terms: Sequence[str],
    undeclared: Callable[[UndeclaredText], Any] | None,
    depth: int,
) -> dict[str, Any]:
    from scenario_runner.dicom.datasets import character_sets

    if own := character_sets(data_set):
        terms, undeclared = own, None
    result: dict[str, Any] = {}
    for tag in list(data_set.keys()):
        if tag.element == 0:
            continue
        key = keyword_of(tag)
        result[key] = _value(data_set, tag, terms, undeclared, depth)
    return result


def _value(
    data_set: Dataset,
    tag: Any,
    terms: Sequence[str],
    undeclared: Callable[[UndeclaredText], Any] | None,
    depth: int,
) -> Any:
    item: Any = data_set.get_item(tag)
    vr = item.VR
    if vr in (None, "UN") and not tag.is_private:
        vr = vr_of(tag)
    if vr == "SQ":
        return _items(data_set, tag, terms, undeclared, depth)
    raw = item.value
    if not raw:
        return None
    if not isinstance(raw, bytes):
        return str(raw)
    if vr in vrs.STRUCT_CODES:
        return _numbers(raw, vrs.STRUCT_CODES[vr])
    if vr == "AT":
        pairs = struct.iter_unpack("<HH", raw[: len(raw) // 4 * 4])
        return _single([f"{g:04X}{e:04X}" for g, e in pairs])
    if vr in vrs.TEXT:
        if undeclared is not None and vr in vrs.CHARACTER_SET and not _is_ascii(raw):
            undeclared(UndeclaredText(keyword_of(tag), raw, vr))
        return _text(raw, vr, terms)
    return printable(raw)


def _is_ascii(raw: bytes) -> bool:
    return raw.isascii() and b"\x1b" not in raw


def _items(
    data_set: Dataset,
    tag: Any,
    terms: Sequence[str],
    undeclared: Callable[[UndeclaredText], Any] | None,
    depth: int,
) -> Any:
    try:
        items = list(data_set[tag].value or ())
    except Exception as error:  # the decoder raises whatever hostile bytes lead it into
        raise DamagedDatasetError(f"{keyword_of(tag)} cannot be read") from error
    if items and depth >= MOST_DEPTH:
        raise DamagedDatasetError(f"sequences are nested more than {MOST_DEPTH} deep")
    return [_plain(item, terms, undeclared, depth + 1) for item in items] or None


def _numbers(raw: bytes, code: str) -> Any:
    size = struct.calcsize(code)
    count = len(raw) // size
    values = list(struct.unpack_from(f"<{count}{code}", raw))
    return _single([v if not isinstance(v, float) or math.isfinite(v) else str(v) for v in values])


def _text(raw: bytes, vr: str, terms: Sequence[str]) -> Any:
    words = decode(raw, vr, terms) if vr in vrs.CHARACTER_SET else raw.decode("latin-1")
    if vr in vrs.ONE_TEXT:
        return words.rstrip(" \0") or None
    return _single([_number(part.strip(" \0"), vr) for part in words.split("\\")])


def _number(words: str, vr: str) -> Any:
    """IS as int and DS as float where the peer kept to the VR, None for an empty value."""
    if not words:
        return None
    if vr == "PN":
        # As DICOM JSON has it: empty groups at the end of a name say nothing (PS3.5 6.2.1.2).
        return words.rstrip("=") or None
    if vr not in ("IS", "DS") or len(words) > 16:
        return words
    try:
        number = int(words) if vr == "IS" else float(words)
    except ValueError:
        return words
    return number if math.isfinite(number) else words


def _single(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values or None

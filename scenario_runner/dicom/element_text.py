"""Values between bytes and text: what a data element says, and how to say it again.

Everything is compared and indexed as text in Unicode, whatever Specific Character Set it came in
(PS3.5 6.1, PS3.3 C.12.1.1.2). Numbers in binary become their decimal text.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom import vrs
from scenario_runner.dicom.characters import SPECIFIC_CHARACTER_SET, decode, parse
from scenario_runner.dicom.characters import encode as encode_text
from scenario_runner.dicom.dictionary import vr_of
from scenario_runner.dicom.elements import Element, Elements
from scenario_runner.dicom.syntaxes import Encoding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LITTLE: Final = Encoding(implicit=False)


def character_sets(elements: Elements) -> tuple[str, ...]:
    """The defined terms of Specific Character Set; empty when there is none."""
    element = elements.get(SPECIFIC_CHARACTER_SET)
    return parse(element.value) if element is not None else ()


def texts(tag: int, element: Element, terms: Sequence[str] = ()) -> list[str]:
    """The values of an element as text, insignificant padding removed; [] when it is empty.

    terms: the defined terms of the Specific Character Set in force. Bytes of a VR that is neither
    text nor number come as Latin-1, so that equal bytes are equal text.
    """
    vr = vr_of(tag, element.vr)
    value = element.value
    if not value:
        return []
    if vr in vrs.STRUCT_CODES:
        return _numbers(vrs.STRUCT_CODES[vr], value, little=element.encoding.little)
    if vr == "AT":
        order = "<" if element.encoding.little else ">"
        pairs = struct.iter_unpack(order + "HH", value[: len(value) // 4 * 4])
        return [f"{group:04X}{number:04X}" for group, number in pairs]
    if vr in vrs.BYTES:
        return [value.decode("latin-1")]
    text = decode(value, vr, terms) if vr in vrs.CHARACTER_SET else value.decode("latin-1")
    return split(text, vr)


def split(text: str, vr: str) -> list[str]:
    """Values of a text, padding removed (PS3.5 6.2); [] when nothing is left."""
    if vr in vrs.ONE_TEXT:
        stripped = text.rstrip(" \0")
        return [stripped] if stripped else []
    if "\\" not in text:
        stripped = text.strip(" \0")
        return [stripped] if stripped else []
    values = [value.strip(" \0") for value in text.split("\\")]
    return values if any(values) else []


def encode(tag: int, values: Iterable[str], terms: Sequence[str], *, vr: str = "") -> Element:
    """An element in Little Endian from text, as ``texts`` gives it. Raises as ``encoded_value`` does."""
    vr = vr_of(tag, vr)
    return Element(vr, encoded_value(vr, list(values), terms), _LITTLE)


def encoded_value(vr: str, values: Sequence[str], terms: Sequence[str]) -> bytes:
    """The value of an element in Little Endian, padded.

    Raises UnencodableError for text these character sets lack, ValueError for a number that is none and
    for what is beyond Latin-1 in a VR that no character set is for.
    """
    if vr in vrs.CHARACTER_SET:
        return vrs.pad(encode_text("\\".join(values), vr, terms), vr)
    if vr in vrs.STRUCT_CODES:
        kind = vrs.STRUCT_CODES[vr]
        numbers = [float(text) if kind in "df" else int(text) for text in values]
        return struct.pack(f"<{len(numbers)}{kind}", *numbers)
    if vr == "AT":
        pairs = [(int(text[:4], 16), int(text[4:], 16)) for text in values]
        return b"".join(struct.pack("<HH", *pair) for pair in pairs)
    return vrs.pad("\\".join(values).encode("latin-1"), vr)


def _numbers(kind: str, value: bytes, *, little: bool) -> list[str]:
    one = struct.Struct(("<" if little else ">") + kind)
    whole = value[: len(value) // one.size * one.size]
    return [repr(number) for (number,) in one.iter_unpack(whole)]

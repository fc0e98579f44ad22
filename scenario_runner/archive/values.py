"""Values between bytes and text: what a data element says, and how to say it again.

Everything is compared and indexed as text in Unicode, whatever Specific Character Set it came in
(PS3.5 6.1, PS3.3 C.12.1.1.2). Numbers in binary become their decimal text.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final

from pydicom.charset import decode_bytes, encode_string, python_encoding
from pydicom.datadict import dictionary_VR

from scenario_runner.dicom.elements import Element, Elements, Encoding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SPECIFIC_CHARACTER_SET: Final = 0x00080005
UTF8: Final = "ISO_IR 192"

CHARSET_VRS: Final = frozenset(["LO", "LT", "PN", "SH", "ST", "UC", "UT"])
"""Value Representations that Specific Character Set governs (PS3.5 6.1.2.3)."""
SINGLE_VALUE_VRS: Final = frozenset(["LT", "ST", "UR", "UT"])
"""Text in which a backslash is just a character."""
_NUMBERS: Final[Mapping[str, str]] = {
    "FD": "d", "FL": "f", "SL": "i", "SS": "h", "SV": "q", "UL": "I", "US": "H", "UV": "Q",
}  # fmt: skip
_BYTES: Final = frozenset(["OB", "OD", "OF", "OL", "OV", "OW", "UN"])
_DELIMITERS: Final[Mapping[str, set[int]]] = {"PN": {0x5C, 0x5E, 0x3D, 0x0A, 0x0D, 0x0C, 0x09}}
_DEFAULT_DELIMITERS: Final = {0x5C, 0x0A, 0x0D, 0x0C, 0x09}
_ESCAPE: Final = 0x1B
_DESIGNATION: Final = re.compile(r"\x1b\$?[()\-]?[0-9A-Z]")
"""An escape sequence that designates a character set (PS3.3 C.12.1.1.2)."""
_LITTLE: Final = Encoding(implicit=False)


def vr_of(tag: int, written: str = "") -> str:
    """The VR of an element: as written, else from the dictionary, else UN.

    Of a choice ("US or SS") the first is taken: it only decides how numbers compare.
    """
    if written and written != "UN":
        return written
    if tag >> 16 & 1:
        # PS3.5 7.8.1: private creators are LO, what they reserve is unknown without a dictionary.
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else "UN"
    try:
        return dictionary_VR(tag)[:2]
    except KeyError:
        return "UN"


def character_sets(elements: Elements) -> tuple[str, ...]:
    """The defined terms of Specific Character Set; empty when there is none."""
    element = elements.get(SPECIFIC_CHARACTER_SET)
    if element is None:
        return ()
    terms = element.value.decode("latin-1").strip(" \0").split("\\")
    return tuple(term.strip() for term in terms) if any(terms) else ()


def python_encodings(terms: Sequence[str]) -> list[str]:
    """The codecs of these defined terms. A term nobody knows is read as UTF-8."""
    return [python_encoding.get(term, "utf8") for term in terms] or ["latin-1"]


def texts(tag: int, element: Element, terms: Sequence[str] = ()) -> list[str]:
    """The values of an element as text, insignificant padding removed; [] when it is empty.

    terms: the defined terms of the Specific Character Set in force. Bytes of a VR that is neither
    text nor number come as Latin-1, so that equal bytes are equal text.
    """
    vr = vr_of(tag, element.vr)
    value = element.value
    if not value:
        return []
    if vr in _NUMBERS:
        return _numbers(_NUMBERS[vr], value, little=element.encoding.little)
    if vr == "AT":
        order = "<" if element.encoding.little else ">"
        pairs = struct.iter_unpack(order + "HH", value[: len(value) // 4 * 4])
        return [f"{group:04X}{number:04X}" for group, number in pairs]
    if vr in _BYTES:
        return [value.decode("latin-1")]
    text = decode(value, vr, terms) if vr in CHARSET_VRS else value.decode("latin-1")
    return split(text, vr)


def split(text: str, vr: str) -> list[str]:
    """Values of a text, padding removed (PS3.5 6.2); [] when nothing is left."""
    if vr in SINGLE_VALUE_VRS:
        stripped = text.rstrip(" \0")
        return [stripped] if stripped else []
    values = [value.strip(" \0") for value in text.split("\\")]
    return values if any(values) else []


def decode(value: bytes, vr: str, terms: Sequence[str]) -> str:
    """Decode text in these character sets; what cannot be decoded becomes U+FFFD."""
    if value.isascii() and _ESCAPE not in value:
        return value.decode("ascii")
    encodings = python_encodings(terms)
    if _ESCAPE in value:
        try:
            text = decode_bytes(value, encodings, _DELIMITERS.get(vr, _DEFAULT_DELIMITERS))
            # pydicom decodes ISO 2022 IR 58 with its designation left in place.
            return _DESIGNATION.sub("", text)
        except (UnicodeError, LookupError, Warning):
            # Said in a set it was not written in: replacement below, as without escapes.
            encodings = encodings[:1]
    return value.decode(encodings[0], errors="replace")


def encode(tag: int, values: Iterable[str], terms: Sequence[str], *, vr: str = "") -> Element:
    """An element in Little Endian from text, as ``texts`` gives it.

    Raises UnicodeError for text these character sets lack, ValueError for a number that is none.
    """
    vr = vr_of(tag, vr)
    texts_ = list(values)
    if vr in _NUMBERS:
        kind = _NUMBERS[vr]
        numbers = [float(text) if kind in "df" else int(text) for text in texts_]
        return Element(vr, struct.pack(f"<{len(numbers)}{kind}", *numbers), _LITTLE)
    if vr == "AT":
        pairs = [(int(text[:4], 16), int(text[4:], 16)) for text in texts_]
        return Element(vr, b"".join(struct.pack("<HH", *pair) for pair in pairs), _LITTLE)
    text = "\\".join(texts_)
    if vr in _BYTES or vr not in CHARSET_VRS:
        value = text.encode("latin-1", errors="replace")
    elif text.isascii():
        value = text.encode("ascii")
    else:
        value = _encode_text(text, vr, terms)
    if len(value) % 2:
        value += b"\0" if vr == "UI" or vr in _BYTES else b" "
    return Element(vr, value, _LITTLE)


def fitting_terms(values: Iterable[str], candidates: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The first of these character sets that can say all the values; UTF-8 when none can.

    Empty when ASCII is enough, so that Specific Character Set may be left out (PS3.3 C.12.1.1.2).
    """
    beyond = [value for value in values if not value.isascii()]
    if not beyond:
        return ()
    for terms in candidates:
        if terms and all(_can_say(value, terms) for value in beyond):
            return tuple(terms)
    return (UTF8,)


def _can_say(value: str, terms: Sequence[str]) -> bool:
    try:
        return decode(_encode_text(value, "PN", terms), "PN", terms) == value
    except (UnicodeError, LookupError):
        return False


def _encode_text(text: str, vr: str, terms: Sequence[str]) -> bytes:
    encodings = python_encodings(terms)
    if len(encodings) == 1:
        return text.encode(encodings[0])
    # Every delimiter switches back to the first character set (PS3.5 6.1.2.5.3).
    delimiters = {chr(code) for code in _DELIMITERS.get(vr, _DEFAULT_DELIMITERS)}
    parts: list[bytes] = []
    run = ""
    for character in text:
        if character in delimiters:
            parts += [_encode_run(run, encodings), character.encode("ascii")]
            run = ""
        else:
            run += character
    return b"".join([*parts, _encode_run(run, encodings)])


def _encode_run(run: str, encodings: Sequence[str]) -> bytes:
    if run.isascii():
        return run.encode("ascii")
    try:
        return encode_string(run, encodings)
    except Warning as warning:
        raise UnicodeError(str(warning)) from warning


def _numbers(kind: str, value: bytes, *, little: bool) -> list[str]:
    one = struct.Struct(("<" if little else ">") + kind)
    whole = value[: len(value) // one.size * one.size]
    return [repr(number) for (number,) in one.iter_unpack(whole)]

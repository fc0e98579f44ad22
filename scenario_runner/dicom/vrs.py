"""Value Representations (PS3.5 6.2, table 6.2-1): what each holds and how it lies in a data set.

Light, for ``validate`` reads it. A test holds every set to pydicom's own tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BYTES: Final = _words("OB OD OF OL OV OW UN")
"""A stream of bytes or words without values."""
CHARACTER_SET: Final = _words("LO LT PN SH ST UC UT")
"""Text that Specific Character Set governs (PS3.5 6.1.2.3)."""
ASCII: Final = _words("AE AS CS DA DS DT IS TM UI UR")
"""Text that it does not govern."""
TEXT: Final = CHARACTER_SET | ASCII
ONE_TEXT: Final = _words("LT ST UR UT")
"""Text of one value: a backslash is a character, and spaces at its beginning count."""
SEVERAL_LINES: Final = _words("LT ST UT")
"""Text that may hold TAB, LF, FF and CR (PS3.5 6.1.3)."""

STRUCT_CODES: Final[Mapping[str, str]] = {
    "FD": "d", "FL": "f", "SL": "i", "SS": "h", "SV": "q", "UL": "I", "US": "H", "UV": "Q",
}  # fmt: skip
"""Binary numbers, with the code that ``struct`` has for one of them."""
BINARY_INTEGERS: Final = _words("SL SS SV UL US UV")
BINARY_REALS: Final = _words("FD FL")
INTEGERS: Final = BINARY_INTEGERS | {"IS"}
"""Whole numbers, written in binary or in decimal."""
REALS: Final = BINARY_REALS | {"DS"}

ALL: Final = BYTES | TEXT | {*STRUCT_CODES, "AT", "SQ"}

LONG: Final = BYTES | _words("SQ SV UC UR UT UV")
"""With a length of 32 bits after two reserved bytes in Explicit VR (PS3.5 7.1.2)."""

VALUE_SIZES: Final[Mapping[str, int]] = {
    "AT": 4, "FD": 8, "FL": 4, "SL": 4, "SS": 2, "SV": 8, "UL": 4, "US": 2, "UV": 8,
}  # fmt: skip
"""Bytes of one value, where all have the same."""
_STREAM_WORDS: Final = {"OD": 8, "OF": 4, "OL": 4, "OV": 8, "OW": 2}
UNIT_SIZES: Final[Mapping[str, int]] = {**VALUE_SIZES, **_STREAM_WORDS}
"""Bytes that a value is a whole number of."""
WORD_SIZES: Final[Mapping[str, int]] = {**UNIT_SIZES, "AT": 2}
"""Bytes that change places with the byte order (PS3.5 7.3); an AT is two words."""

LONGEST_TEXT: Final[Mapping[str, int]] = {
    "AE": 16, "AS": 4, "CS": 16, "DA": 8, "DS": 16, "DT": 26, "IS": 12, "LO": 64, "LT": 10240,
    "PN": 64, "SH": 16, "ST": 1024, "TM": 14, "UI": 64,
}  # fmt: skip
"""Characters of one value at most, of PN of one component group; others have no limit of their own."""

NULL_PADDED: Final = BYTES | {"UI"}


def pad(value: bytes, vr: str) -> bytes:
    """A value made even in length: with NULL for UIDs and bytes, else with a space (PS3.5 6.2)."""
    if len(value) % 2 == 0:
        return value
    return value + (b"\0" if vr in NULL_PADDED else b" ")


def swapped(value: bytes, vr: str) -> bytes:
    """A value in the other byte order (PS3.5 7.3); bytes over at the end stay as they are."""
    size = WORD_SIZES.get(vr, 1)
    if size == 1:
        return value
    whole = len(value) // size * size
    turned = bytearray(value)
    for place in range(size):
        turned[place:whole:size] = value[size - 1 - place : whole : size]
    return bytes(turned)

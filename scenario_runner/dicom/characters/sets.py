"""The graphic character sets behind Specific Character Set (PS3.5 6.1.2, PS3.3 tables C.12-2 to C.12-5).

Each is named by its number in the ISO International Register, and is in the lower half of the code
table (G0, bytes below 80H) or in the upper one (G1). Characters come from Python's codecs; what those
have beyond the registered edition is left out. Tables are made when a set is first used.
"""

from __future__ import annotations

import codecs
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ESC: Final = 0x1B
REPLACEMENT: Final = "\ufffd"
_UNDEFINED: Final = "\ufffe"
"""What ``codecs.charmap_decode`` takes for a byte that is not in the table."""


class GraphicSet:
    """One set that an escape sequence can put into G0 or G1.

    number: of its registration, ``100`` for Latin alphabet No. 1. escape: the whole sequence. size:
    bytes of a character. g1: whether it is in the upper half.
    """

    def __init__(
        self,
        number: str,
        escape: bytes,
        codec: str,
        *,
        size: int = 1,
        lacks: frozenset[bytes] = frozenset(),
    ) -> None:
        self.number, self.escape, self.size = number, escape, size
        self.g1 = escape[-2:-1] in (b"-", b")")
        self.codec, self._lacks = codec, lacks

    def __repr__(self) -> str:
        return f"ISO IR {self.number}"

    @cached_property
    def characters(self) -> Mapping[bytes, str]:
        """Bytes of a character, as they are in its half, to the character."""
        return dict(self._all())

    @cached_property
    def codes(self) -> Mapping[str, bytes]:
        """A character to its bytes; ASCII is never written in two."""
        return {
            character: code
            for code, character in self.characters.items()
            if self.size == 1 or not character.isascii()
        }

    def _all(self) -> Iterator[tuple[bytes, str]]:
        high = 0x80 if self.g1 else 0
        if self.size == 1:
            # A set of 96 may use A0H and FFH, too; in G0 those are the space and DEL.
            for byte in range(0x20 + high, 0x80 + high):
                code = bytes([byte])
                if character := self._character(code):
                    yield code, character
            return
        for row in range(0x21 + high, 0x7F + high):
            for cell in range(0x21 + high, 0x7F + high):
                code = bytes([row, cell])
                if character := self._character(code):
                    yield code, character

    def _character(self, code: bytes) -> str:
        if code in self._lacks:
            return ""
        if self.codec == "jis-roman":
            return {b"\\": "¥", b"~": "\u203e"}.get(code) or code.decode("ascii")
        # The EUC codecs have the Japanese sets in the upper half, the second of them behind 8FH.
        prefix = b"\x8f" if self.number == "159" else b""
        if self.size == 2 and not self.g1:
            code = prefix + bytes(byte | 0x80 for byte in code)
        try:
            character = code.decode(self.codec)
        except UnicodeDecodeError:
            return ""
        return character if len(character) == 1 else ""


ASCII: Final = GraphicSet("6", b"\x1b(B", "ascii")
"""The Default Character Repertoire."""
JIS_ROMAN: Final = GraphicSet("14", b"\x1b(J", "jis-roman")
"""JIS X 0201, lower half: ASCII but for the yen sign and the overline."""

_SINGLE_BYTE: Final = (
    GraphicSet("100", b"\x1b-A", "iso8859_1"),
    GraphicSet("101", b"\x1b-B", "iso8859_2"),
    GraphicSet("109", b"\x1b-C", "iso8859_3"),
    GraphicSet("110", b"\x1b-D", "iso8859_4"),
    GraphicSet("144", b"\x1b-L", "iso8859_5"),
    GraphicSet("127", b"\x1b-G", "iso8859_6"),
    # Python has the edition of 2003, with the euro, the drachma and the iota below (ISO IR 227).
    GraphicSet("126", b"\x1b-F", "iso8859_7", lacks=frozenset((b"\xa4", b"\xa5", b"\xaa"))),
    # Python has the edition of 1999, with two marks of direction (ISO IR 198).
    GraphicSet("138", b"\x1b-H", "iso8859_8", lacks=frozenset((b"\xfd", b"\xfe"))),
    GraphicSet("148", b"\x1b-M", "iso8859_9"),
    GraphicSet("203", b"\x1b-b", "iso8859_15"),
    GraphicSet("166", b"\x1b-T", "tis_620"),
)
KATAKANA: Final = GraphicSet("13", b"\x1b)I", "shift_jis")
"""JIS X 0201, upper half."""
_MULTI_BYTE: Final = (
    GraphicSet("87", b"\x1b$B", "euc_jp", size=2),
    GraphicSet("159", b"\x1b$(D", "euc_jp", size=2),
    # Python has the edition of 1998, with the euro and the registered sign.
    GraphicSet("149", b"\x1b$)C", "euc_kr", size=2, lacks=frozenset((b"\xa2\xe6", b"\xa2\xe7"))),
    GraphicSet("58", b"\x1b$)A", "gb2312", size=2),
)

Half = GraphicSet | None
ROWS: Final[Mapping[str, tuple[Half, Half]]] = {
    "6": (ASCII, None),
    **{one.number: (ASCII, one) for one in _SINGLE_BYTE},
    "13": (JIS_ROMAN, KATAKANA),
    **{one.number: (None, one) if one.g1 else (one, None) for one in _MULTI_BYTE},
}
"""G0 and G1 of each row of tables C.12-2 to C.12-4, by the number in its defined term."""
MULTI_BYTE: Final = frozenset(one.number for one in _MULTI_BYTE)

BY_ESCAPE: Final[Mapping[bytes, GraphicSet]] = {
    one.escape: one for one in (ASCII, JIS_ROMAN, *_SINGLE_BYTE, KATAKANA, *_MULTI_BYTE)
}
"""Every escape sequence of tables C.12-3 and C.12-4."""

WHOLE: Final[Mapping[str, str]] = {"ISO_IR 192": "utf_8", "GB18030": "gb18030", "GBK": "gbk"}
"""Table C.12-5: sets that are used alone, and Python's codec."""


@cache
def decoding_table(g0: GraphicSet, g1: Half) -> str:
    """The 256 characters of two single-byte halves for ``codecs.charmap_decode``; controls included."""
    table = [chr(code) if code < 0x20 or code == 0x7F else _UNDEFINED for code in range(256)]
    for half in (g0, g1):
        for code, character in half.characters.items() if half else ():
            table[code[0]] = character
    return "".join(table)


def charmap(value: bytes, table: str) -> str:
    """Decode bytes by a table. Raises UnicodeDecodeError."""
    return codecs.charmap_decode(value, "strict", table)[0]

"""A second reading of ISO 2022 text, from the tables of PS3.3 C.12.1.1.2 and nothing of the program.

Slow and simple: one character at a time, each decoded by Python with its escape sequence before it.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SINGLE_BYTE = {
    "100": ("-A", "latin_1"),
    "101": ("-B", "latin2"),
    "109": ("-C", "latin3"),
    "110": ("-D", "latin4"),
    "144": ("-L", "cyrillic"),
    "127": ("-G", "arabic"),
    "126": ("-F", "greek"),
    "138": ("-H", "hebrew"),
    "148": ("-M", "latin5"),
    "203": ("-b", "latin9"),
    "166": ("-T", "cp874"),
    "13": (")I", "cp932"),
}
"""Number of a set to the escape sequence of G1 and a codec of Python that has its upper half."""

MULTI_BYTE = {"87": "$B", "159": "$(D", "149": "$)C", "58": "$)A"}
_UPPER = {"149": "cp949", "58": "gb2312"}
_ESCAPES = {
    "(B": (0, "6"),
    "(J": (0, "14"),
    "$B": (0, "87"),
    "$(D": (0, "159"),
    "$)C": (1, "149"),
    "$)A": (1, "58"),
    **{escape: (1, number) for number, (escape, _) in SINGLE_BYTE.items()},
}

WITHOUT_EXTENSION = [f"ISO_IR {number}" for number in SINGLE_BYTE]
ALONE = ["ISO_IR 192", "GB18030", "GBK"]
FIRST = ["", *(f"ISO 2022 IR {number}" for number in ("6", *SINGLE_BYTE))]
FURTHER = [f"ISO 2022 IR {number}" for number in ("6", *SINGLE_BYTE, *MULTI_BYTE)]

# What is said in each set, mixed with ASCII.
WORDS = {
    "": "Smith",
    "6": "Jones",
    "100": "Jérôme Größe ÿ §¥",
    "101": "Wałęsa Dvořák",
    "109": "Ġużeppi Ĥo",
    "110": "Kārlis Ņiklāvs",
    "144": "Люкceмбypг Ивaнoв",
    "127": "قباني لنزار",
    "126": "Διονυσιος ώ",
    "138": "שרון דבורה",
    "148": "Çavuşoğlu İş",
    "203": "Œuvre ZOŸ 25 € Žižka",
    "166": "สมชาย ใจดี",
    "13": "ﾔﾏﾀﾞ ﾀﾛｳ",
    "87": "山田 本表 やまだ たろう",
    "159": "丂侄",
    "149": "김희중 洪吉洞",
    "58": "王小东 第一行文字",
    "192": "Œ Ж 山 김 王 😀",
    "GB18030": "王小东 € 😀 ｱ",
    "GBK": "王小东 壜",
}
"""Texts of each set by its number, with letters of which one byte is that of a delimiter (本, 表)."""


def combinations() -> Iterator[tuple[str, ...]]:
    """Every legal list of one or two defined terms, and those of three that begin with each first."""
    yield ()
    for term in (*WITHOUT_EXTENSION, *ALONE, *FIRST[1:]):
        yield (term,)
    for first, second in itertools.product(FIRST, FURTHER):
        yield first, second
    for first in FIRST:
        for second, third in itertools.pairwise(FURTHER):
            yield first, second, third
    yield "", *FURTHER


def words_of(terms: Sequence[str]) -> str:
    """Words of every declared set, one after the other."""
    numbers = [term.split()[-1] if term else "" for term in terms] or [""]
    return " ".join(WORDS[number] for number in numbers)


def read(value: bytes, vr: str, terms: Sequence[str]) -> str:
    """The text of a value. Raises AssertionError where it is not written as PS3.5 6.1.2.5.3 asks."""
    if terms and terms[0] in ALONE:
        return value.decode({"ISO_IR 192": "utf-8"}.get(terms[0], terms[0].lower()))
    numbers = [term.split()[-1] if term else "6" for term in terms] or ["6"]
    first = ["14" if numbers[0] == "13" else "6", numbers[0] if numbers[0] != "6" else ""]
    extended = len(terms) > 1 or any("2022" in term for term in terms)
    delimiters = {"PN": b"\\^=\r\n\f\t", "LT": b"\r\n\f\t"}.get(vr, b"\\\r\n\f\t")
    declared = {*numbers, "6" if set(numbers) - {"13"} else "14", "14" if "13" in numbers else "6"}
    active, text, at = list(first), "", 0
    while at < len(value):
        byte = value[at]
        if byte == 0x1B:
            assert extended, "an escape sequence without code extension"
            name = next(name for name in _ESCAPES if value[at + 1 :].startswith(name.encode()))
            half, number = _ESCAPES[name]
            assert number in declared, f"ESC {name} is not declared"
            active[half], at = number, at + 1 + len(name)
        elif byte >= 0x80:
            size = 2 if active[1] in _UPPER else 1
            codec = _UPPER.get(active[1]) or SINGLE_BYTE[active[1]][1]
            text, at = text + value[at : at + size].decode(codec), at + size
        elif active[0] in ("87", "159") and byte > 0x20:
            escape = MULTI_BYTE[active[0]]
            pair = b"\x1b" + escape.encode() + value[at : at + 2] + b"\x1b(B"
            text, at = text + pair.decode("iso2022_jp_2"), at + 2
        else:
            delimits = byte in delimiters
            if delimits:
                assert active[0] == first[0], f"G0 is not back before {bytes([byte])!r}"
                assert active[1] == first[1] or not first[1], "G1 is not back before a delimiter"
                active = list(first)
            yen = active[0] == "14" and not delimits
            character = chr(byte)
            text += {"\\": "¥", "~": "‾"}.get(character, character) if yen else character
            at += 1
    assert active[0] == first[0], "G0 is not back at the end"
    assert active[1] == first[1] or not first[1], "G1 is not back at the end"
    return text

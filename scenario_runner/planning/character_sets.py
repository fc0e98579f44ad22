"""Defined terms of SpecificCharacterSet and what each can hold (PS3.3 C.12.1.1.2, PS3.5 6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SINGLE_BYTE = {
    "ISO_IR 100": "latin_1",
    "ISO_IR 101": "iso8859_2",
    "ISO_IR 109": "iso8859_3",
    "ISO_IR 110": "iso8859_4",
    "ISO_IR 144": "iso8859_5",
    "ISO_IR 127": "iso8859_6",
    "ISO_IR 126": "iso8859_7",
    "ISO_IR 138": "iso8859_8",
    "ISO_IR 148": "iso8859_9",
    "ISO_IR 166": "tis_620",
    "ISO_IR 203": "iso8859_15",
}
"""Defined terms without code extension, in the order they are tried."""

CODECS = {
    "": "ascii",
    "ISO_IR 6": "ascii",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 192": "utf_8",
    "GB18030": "gb18030",
    "GBK": "gbk",
    "ISO 2022 IR 6": "ascii",
    "ISO 2022 IR 13": "shift_jis",
    "ISO 2022 IR 87": "iso2022_jp",
    "ISO 2022 IR 159": "iso2022_jp_2",
    "ISO 2022 IR 149": "euc_kr",
    "ISO 2022 IR 58": "gb2312",
    **SINGLE_BYTE,
    **{term.replace("ISO_IR", "ISO 2022 IR"): codec for term, codec in SINGLE_BYTE.items()},
}
"""Every defined term, with Python's name of the encoding that has its characters."""


ALONE = frozenset({"ISO_IR 192", "GB18030", "GBK"})
"""Sets that know no code extensions, so that no other may stand beside them."""


def unknown(terms: Sequence[str]) -> list[str]:
    """Those that are no defined terms."""
    return [term for term in terms if term not in CODECS]


def unencodable(text: str, terms: Sequence[str]) -> str:
    """The characters of text that none of the declared sets can hold."""
    codecs = [CODECS.get(term, "ascii") for term in terms] or ["ascii"]
    missing = (
        character
        for character in text
        if not character.isascii() and not any(encodes(character, codec) for codec in codecs)
    )
    return "".join(dict.fromkeys(missing))


def encodes(character: str, codec: str) -> bool:
    """Whether a Python codec has a character."""
    try:
        return bool(character.encode(codec))
    except UnicodeError:
        return False

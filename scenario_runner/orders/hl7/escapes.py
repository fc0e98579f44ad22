"""Escape sequences in values (HL7 v2.5.1 2.7): read into text, and written where text needs them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from scenario_runner.orders.hl7.delimiters import USUAL

if TYPE_CHECKING:
    from scenario_runner.orders.hl7.delimiters import Delimiters

_KNOWN = (
    r"[FSTREPHN]"
    r"|X(?:[0-9A-Fa-f]{2})+"
    r"|\.(?:br|BR|sp|SP)\s?\+?\d{0,2}"
    r"|\.(?:sk|SK)\s?\+?\d{1,2}"
    r"|\.(?:ce|CE)"
    r"|\.(?:in|ti|IN|TI)\s?[+-]?\d{1,3}|\.(?:fi|nf|FI|NF)"
    r"|[CM][0-9A-Fa-f]{4,6}"
)
"""Between two escape characters. Others keep theirs, so that a Windows path in a feed survives."""
_LINES = ("br", "sp")
_LONG = 16
"""Characters of a sequence; the meaning of shorter ones is remembered."""
_MOST_REMEMBERED = 1024
"""Sequences, of one set of delimiters."""
_AT_ONCE = 2 * 50_000
"""Escape characters; a text of millions is read piece by piece, so that the pieces take no memory."""


@lru_cache(maxsize=64)
def _pattern(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    return re.compile(f"{mark}({_KNOWN}){mark}", re.ASCII)


_known = re.compile(_KNOWN, re.ASCII).fullmatch


def unescape(text: str, delimiters: Delimiters, codec: str = "utf-8") -> str:
    r"""The text that a value means.

    A line break is a line feed. codec: in which the bytes of ``\X..\`` are read. What is no escape
    sequence known here, or none at all, stays as it stands; highlighting goes, plain text has none,
    and so do the switches of character sets, which MSH-18 has decided.
    """
    mark = delimiters.escape
    if not mark or mark not in text:
        return text
    meanings = _meanings(delimiters, codec)
    found: list[str] = []
    while mark in text:
        # Every other part is a sequence, as long as each of them is known.
        *parts, rest = text.split(mark, _AT_ONCE)
        said = [meanings[one] for one in parts[1::2]]
        if len(parts) % 2 or None in said:
            text = _pattern(mark).sub(lambda one: meanings[one[1]] or "", text)
            break
        parts[1::2] = said  # type: ignore[assignment]  # None is not among them
        found.append("".join(parts))
        text = rest
    return "".join((*found, text))


class _Meanings(dict[str, str | None]):
    """What stands between two escape characters, and what it means; None where it is no sequence."""

    def __init__(self, delimiters: Delimiters, codec: str) -> None:
        self._codec = codec
        self._plain = {
            "F": delimiters.field,
            "S": delimiters.component,
            "T": delimiters.subcomponent or USUAL.subcomponent,
            "R": delimiters.repetition or USUAL.repetition,
            "E": delimiters.escape,
            "P": delimiters.truncation or "#",
        }

    def __missing__(self, sequence: str) -> str | None:
        meaning = self._read(sequence) if _known(sequence) else None
        if len(sequence) <= _LONG and len(self) < _MOST_REMEMBERED:
            self[sequence] = meaning
        return meaning

    def _read(self, sequence: str) -> str:
        if len(sequence) == 1:
            return self._plain.get(sequence, "")
        if sequence[0] == "X":
            return _decoded(bytes.fromhex(sequence[1:]), self._codec)
        if sequence[0] != ".":
            return ""
        command, number = sequence[1:3].lower(), sequence[3:].strip().removeprefix("+")
        if command in _LINES:
            return "\n" * int(number or 1)
        if command == "sk":
            return " " * int(number)
        return "\n" if command == "ce" else ""


_meanings = lru_cache(maxsize=16)(_Meanings)


def _decoded(data: bytes, codec: str) -> str:
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        text = data.decode("iso8859-1")
    return text.replace("\r\n", "\n")


def escape(text: str, delimiters: Delimiters) -> str:
    """A value that ``unescape`` reads as this text.

    Raises ValueError for a delimiter in the text when the message has no escape character.
    """
    special = {
        delimiters.field: "F",
        delimiters.component: "S",
        delimiters.subcomponent: "T",
        delimiters.repetition: "R",
        delimiters.escape: "E",
        delimiters.truncation: "P",
        "\n": ".br",
        "\r": "X0D",
    }
    special.pop("", None)
    if not any(character in special for character in text):
        return text
    mark = delimiters.escape
    if not mark:
        raise ValueError("the text holds a delimiter, and the message declares no escape character")
    return "".join(
        f"{mark}{special[one]}{mark}" if one in special else one
        for one in text.replace("\r\n", "\n")
    )

"""Escape sequences in values (HL7 v2.5.1 2.7): read into text, and written where text needs them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from scenario_runner.orders.hl7.delimiters import USUAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.orders.hl7.delimiters import Delimiters

_KNOWN = (
    r"(?P<one>[FSTREPHN])"
    r"|X(?P<bytes>(?:[0-9A-Fa-f]{2})+)"
    r"|\.(?:br|BR|sp|SP)\s?\+?(?P<lines>\d{0,2})"
    r"|\.(?:sk|SK)\s?\+?(?P<spaces>\d{1,2})"
    r"|\.(?P<centred>ce|CE)"
    r"|\.(?:in|ti|IN|TI)\s?[+-]?\d{1,3}|\.(?:fi|nf|FI|NF)"
    r"|[CM][0-9A-Fa-f]{4,6}"
)
"""Between two escape characters. Others keep theirs, so that a Windows path in a feed survives."""


@lru_cache(maxsize=64)
def _pattern(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    return re.compile(f"{mark}(?:{_KNOWN}){mark}", re.ASCII)


def unescape(text: str, delimiters: Delimiters, codec: str = "utf-8") -> str:
    r"""The text that a value means.

    A line break is a line feed. codec: in which the bytes of ``\X..\`` are read. What is no escape
    sequence known here, or none at all, stays as it stands; highlighting goes, plain text has none,
    and so do the switches of character sets, which MSH-18 has decided.
    """
    mark = delimiters.escape
    if not mark or mark not in text:
        return text
    return _pattern(mark).sub(_reader(delimiters, codec), text)


def _reader(delimiters: Delimiters, codec: str) -> Callable[[re.Match[str]], str]:
    plain = {
        "F": delimiters.field,
        "S": delimiters.component,
        "T": delimiters.subcomponent or USUAL.subcomponent,
        "R": delimiters.repetition or USUAL.repetition,
        "E": delimiters.escape,
        "P": delimiters.truncation or "#",
    }

    def read(match: re.Match[str]) -> str:
        if match["one"]:
            return plain.get(match["one"], "")
        if match["bytes"]:
            return _decoded(bytes.fromhex(match["bytes"]), codec)
        if match["lines"] is not None:
            return "\n" * int(match["lines"] or 1)
        if match["spaces"] is not None:
            return " " * int(match["spaces"])
        if match["centred"]:
            return "\n"
        return ""

    return read


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

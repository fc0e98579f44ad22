"""Characters that nobody sees and that steer whoever shows a text: a terminal, or the way it runs.

C1 controls begin commands of terminals (ECMA-48); bidirectional controls let a line read otherwise
than it is (Unicode Standard Annex 9). What a PACS says may hold any of them.
"""

from __future__ import annotations

import json
import re

_STEERING = re.compile(
    "[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\U000e0000-\U000e007f]"
)
"""With what takes no room, tags (a text that only programs read) and what is no character at all."""


def is_plain(data: bytes) -> bool:
    """Whether there is nothing to escape in a text of UTF-8 that was seen without a search: it is ASCII."""
    return data.isascii() and b"\x7f" not in data


def escaped(text: str) -> str:
    """A text with those written as JSON escapes them, as ``u202e`` behind a backslash.

    Whoever parses JSON gets the same values; elsewhere they can be seen.
    """
    return _STEERING.sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]

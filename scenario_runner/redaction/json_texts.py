"""Secrets in JSON that is written in pieces: it is JSON afterwards, too, and can be read as what it was."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

_TEXT = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?')
_FIELD = re.compile(r'"[a-z_]+"')
"""Names of fields of our own, which hold nothing that anybody has given."""


def within_texts(clean: Callable[[str], str]) -> Callable[[str], str]:
    """The same for texts in JSON alone. What is cleaned begins and ends between two values.

    A variable of the environment such as a port of 512 would take the size out of an image, and leave no number.
    """

    def one(found: re.Match[str]) -> str:
        text, colon = found[1], found[2] or ""
        if colon and _FIELD.fullmatch(text):
            return found[0]
        said = json.loads(text)
        masked = clean(said)
        return found[0] if masked == said else json.dumps(masked, ensure_ascii=False) + colon

    def cleaned(piece: str) -> str:
        # Most pieces hold none, which is found out at once.
        return piece if clean(piece) == piece else _TEXT.sub(one, piece)

    return cleaned

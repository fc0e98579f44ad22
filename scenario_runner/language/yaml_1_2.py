"""What libyaml and PyYAML read by YAML 1.1, or not at all, read as YAML 1.2 says.

They take NEL and the two separators of Unicode for line breaks (YAML 1.2, 5.4: they are text),
refuse a character that JSON escapes as two halves (YAML 1.2 takes every JSON document), and within
brackets take a question mark for a key and a colon for a value where they belong to a text (YAML 1.2,
7.3.3: they begin one when neither space, comma nor bracket follows: ``{PatientName: ?MITH}``,
``{host: ::1}``). Each such place is given other characters, as many as were there, while the text is
parsed, so that no position moves.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_NO_BREAKS = re.compile("[\x85\u2028\u2029]")
# A backslash after an odd number of others is itself escaped, and starts nothing.
_PAIR = re.compile(
    r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)
# Not the question mark of "? key". A colon behind a quoted key belongs to that key, wherever it stands.
_TEXT = re.compile(r"(?<=[^\s\[{,])\?|\?(?=[^\s,\[\]{}])|(?:[\[{,]\s*|:[ \t]+):(?=[^\s,\[\]{}])")
_COLON = re.compile(r":(?<=[\s\[{,]:)(?=[^\s,\[\]{}])")
"""Quickly found, and in whatever is a text by its colon."""
_FIRST, _LAST = 0xF0000, 0x10FFFF
"""Where stand-ins are taken from first: nobody writes private characters of plane 15."""

Restore = Callable[[str, bool], str]
"""The text as it was written, of a scalar; the second says that it stands in double quotes."""


def stand_in(text: str) -> tuple[str, Restore]:
    """The text for the parser, as long as the one given, and how to read a scalar of it."""
    if not (
        (not text.isascii() and _NO_BREAKS.search(text))
        or ("\\u" in text and _PAIR.search(text))
        or (("?" in text or _COLON.search(text)) and _TEXT.search(text))
    ):
        return text, lambda value, _: value
    used = set(text)
    free = (
        character
        for number in (*range(_FIRST, _LAST + 1), *range(0x10000, _FIRST))
        if (character := chr(number)) not in used
    )
    written: dict[str, str] = {}
    """What stands for what; a pair by as many characters as it has."""

    def replaced(found: str) -> str:
        if found not in written:
            written[found] = next(free) * len(found)
        return written[found]

    parsed = _NO_BREAKS.sub(lambda found: replaced(found[0]), text)
    parsed = _PAIR.sub(lambda found: found[1] + replaced(found[2]), parsed)
    parsed = _TEXT.sub(lambda found: found[0][:-1] + replaced(found[0][-1]), parsed)

    def restore(value: str, double_quoted: bool) -> str:
        for found, stands in written.items():
            if stands in value:
                escaped = double_quoted and len(found) > 1
                value = value.replace(stands, _joined(found) if escaped else found)
        return value

    return parsed, restore


def _joined(pair: str) -> str:
    r"""The character that a pair of escapes means: ``\\ud83d\\ude00``."""
    high, low = int(pair[2:6], 16), int(pair[8:12], 16)
    return chr(0x10000 + ((high & 0x3FF) << 10 | low & 0x3FF))

"""The words that diagnostics share: what a value is, what was meant, what is allowed."""

from __future__ import annotations

import itertools
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_TYPES = {
    "string": "text", "integer": "a whole number", "number": "a number",
    "boolean": "true or false", "null": "null", "array": "a list", "object": "a mapping",
}  # fmt: skip
_SHOWN = 8
CUT = 57
"""Where a message cuts a long text."""


def type_word(name: str) -> str:
    """What a JSON type is called in messages."""
    return _TYPES.get(name, name)


def either(words: Iterable[str]) -> str:
    """``a, b or c``, each once."""
    listed = list(dict.fromkeys(words))
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}"


def value_words(value: Any) -> str:
    """A value as a message names it: short, with its type where that is what matters."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        text = str(value)
        return f"the number {text if len(text) <= 30 else text[:27] + '…'}"
    if isinstance(value, str):
        return quoted(value)
    return "a list" if isinstance(value, list | tuple) else "a mapping"


def quoted(text: str) -> str:
    """Text in quotes, cut when it is long."""
    return f"'{text if len(text) <= CUT + 3 else text[:CUT] + '…'}'"


def beginning(description: str) -> str:
    """The first line of a description, with the rest of a sentence that goes on."""
    lines = description.splitlines()
    if len(lines) < 2 or lines[0].endswith((".", ":", ";")):
        return lines[0] if lines else ""
    paragraph = " ".join(itertools.takewhile(str.strip, lines))
    more = paragraph.find(". ", len(lines[0]))
    return paragraph if more < 0 else paragraph[: more + 1]


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """``; did you mean 'level'?`` when something allowed is close, else nothing."""
    listed = list(options)
    key, colon, rest = name.partition(":")
    if colon and rest and key in listed:
        return f"; did you mean '{key}: {rest}', with a space?"
    near = nearest(name, listed)
    return "" if near is None else f"; did you mean '{near}'?"


def nearest(name: str, options: Iterable[str]) -> str | None:
    """The option that is close enough to have been meant."""
    folded = {option.casefold(): option for option in reversed(list(options))}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    if not close and len(name) >= 2:
        # An abbreviation: its letters in order, starting alike (lvl for level).
        near = [key for key in folded if key[:1] == name[0].casefold()]
        close = [key for key in near if len(key) <= 2 * len(name) and _within(name, key)][:1]
    return folded[close[0]] if close else None


def _within(short: str, long: str) -> bool:
    letters = iter(long)
    return all(letter in letters for letter in short.casefold())


def some_of(options: Iterable[str], most: int = _SHOWN) -> str:
    """A list for a hint, cut with an ellipsis."""
    listed = [str(option) for option in options]
    return ", ".join(listed[:most]) + (", …" if len(listed) > most else "")

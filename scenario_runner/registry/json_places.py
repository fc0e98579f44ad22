"""Where in the text of a JSON file its keys and items stand: looked up when one of them is wrong."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator

JsonPath = tuple[str | int, ...]
"""The keys, and the places of items from 0, that lead to a value."""

_BLANK = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder(parse_int=str)  # what numbers are is nobody's question here


def places(text: str, depth: int) -> Iterator[tuple[JsonPath, int]]:
    """Each key of an object and each item of a list, no deeper than ``depth``, with its offset.

    text: JSON that ``json.loads`` reads. A key that is repeated comes as often as it is there.
    """
    waiting: list[tuple[JsonPath, int]] = [((), _after_blank(text, 0))]
    # A stack of open objects and lists instead of calls: a file may be nested as deeply as it likes.
    while waiting:
        path, at = waiting.pop()
        if text[at] not in "{[" or len(path) >= depth:
            continue
        inner: list[tuple[JsonPath, int]] = []
        for key, named, value in _members(text, at):
            yield (*path, key), named
            inner.append(((*path, key), value))
        waiting += reversed(inner)


class Lines:
    """Lines and columns of a text, both from 1; for many offsets the text is read once."""

    def __init__(self, text: str) -> None:
        self._ends = [found.start() for found in re.finditer("\n", text)]

    def at(self, offset: int) -> tuple[int, int]:
        """(line, column) of an offset."""
        line = bisect_left(self._ends, offset)
        return line + 1, offset - (self._ends[line - 1] if line else -1)


def _members(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    """(key or place, where it stands, where its value begins) of what an object or a list holds."""
    named = text[at] == "{"
    at = _after_blank(text, at + 1)
    number = 0
    while text[at] not in "}]":
        start = at
        key: str | int = number
        if named:
            key, at = _DECODER.raw_decode(text, at)
            at = _after_blank(text, _after_blank(text, at) + 1)
        yield key, start, at
        _, at = _DECODER.raw_decode(text, at)
        at = _after_blank(text, at)
        if text[at] == ",":
            at = _after_blank(text, at + 1)
        number += 1


def _after_blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return at if found is None else found.end()

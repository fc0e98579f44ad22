"""JSON files of other makers: read with the place of what is wrong."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scenario_runner.errors import Diagnostic, InvalidInput, Where
from scenario_runner.registry.json_places import JsonPath, Lines, places

MAX_BYTES = 256 * 1024 * 1024
MOST_DIGITS = 4300
"""Of a number, as Python has it unless told otherwise: longer ones take a time that grows with the square."""
_HALF = re.compile(
    r"\\u[dD](?:[89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F]..)"
)
"""Half of a pair of surrogates, as JSON escapes it: no character, and nothing that can be stored."""


def read_json(path: Path) -> Any:
    """What a file holds. Raises InvalidInput with line and column, OSError."""
    text = _text(path)
    try:
        data = json.loads(text, object_pairs_hook=_unrepeated, parse_int=_whole)
    except json.JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:]
        raise wrong(path, f"this is no JSON: {reason}", None, error.lineno, error.colno) from None
    except _Repeated as error:
        message = f"the key '{error}' is there twice in one object"
        raise wrong(path, message, "leave one out", *_second(text)) from None
    except _TooLong as error:
        message = f"a number has {len(str(error))} digits"
        at = Lines(text).at(text.find(str(error)))
        raise wrong(path, message, f"{MOST_DIGITS} are read", *at) from None
    except RecursionError:
        raise wrong(path, "this is nested too deeply", None) from None
    if (half := _HALF.search(text)) and _is_unwritable(data):
        message = f"{half[0]} is half of a character: the other surrogate is missing"
        raise wrong(path, message, "write the character itself", *Lines(text).at(half.start()))
    return data


def places_in(path: Path, depth: int) -> dict[JsonPath, tuple[int, int]]:
    """Line and column of each key and item of a file that ``read_json`` has read. Raises as it does."""
    text = _text(path)
    lines = Lines(text)
    return {key: lines.at(offset) for key, offset in places(text, depth)}


def _second(text: str) -> tuple[int, int]:
    """Where a key stands for the second time."""
    seen: set[JsonPath] = set()
    for path, offset in places(text, sys.maxsize):
        if path in seen:
            return Lines(text).at(offset)
        seen.add(path)
    return 1, 1


def _text(path: Path) -> str:
    with path.open("rb") as stream:
        raw = stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise wrong(path, f"the file is larger than {MAX_BYTES // 2**20} MiB", "split it")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise wrong(path, f"this is not UTF-8: {error.reason}", "save it as UTF-8", line) from None


def wrong(
    path: Path, message: str, hint: str | None = None, line: int = 1, column: int = 1
) -> InvalidInput:
    """What is the matter with a file."""
    return InvalidInput(
        [Diagnostic("FAB317", Where(str(path), line, column, line, column), message, hint)]
    )


def folded_key(key: str) -> str:
    """A key without what people spell differently: ``Birth-Year Range`` and ``birthYearRange`` are one."""
    return "".join(character for character in key.lower() if character.isalnum())


def renamed(tree: Mapping[str, Any], names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What a mapping has of these names, under ours, whichever spelling it uses; the rest as it is."""
    spelt = {
        folded_key(spelling): ours for ours, each in names.items() for spelling in (ours, *each)
    }
    return {spelt.get(folded_key(str(key)), str(key)): value for key, value in tree.items()}


class _Repeated(Exception):
    pass


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Repeated(key)
        found[key] = value
    return found


class _TooLong(Exception):
    pass


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise _TooLong(digits)
    return int(digits)


def _is_unwritable(data: Any) -> bool:
    """Whether some text is none: an escape may be escaped itself, so that the file alone does not say."""
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False

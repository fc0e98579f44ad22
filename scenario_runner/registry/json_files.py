"""JSON files of other makers: read with the place of what is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scenario_runner.errors import Diagnostic, InvalidInput, Where
from scenario_runner.registry.json_places import JsonPath, Lines, places

MAX_BYTES = 256 * 1024 * 1024


def read_json(path: Path) -> Any:
    """What a file holds. Raises InvalidInput with line and column, OSError."""
    text = _text(path)
    try:
        return json.loads(text, object_pairs_hook=_unrepeated)
    except json.JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:]
        raise wrong(path, f"this is no JSON: {reason}", None, error.lineno, error.colno) from None
    except _Repeated as error:
        message = f"the key '{error}' is there twice in one object"
        raise wrong(path, message, "leave one out", *_second(text)) from None
    except RecursionError:
        raise wrong(path, "this is nested too deeply", None) from None


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

"""Walks data along its schema and finds what the schema marks: names, expressions, entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scenario_runner.language.scalars import as_written
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.language.document import Path

MARKS = ("x-name-of", "x-expression", "x-entry-of", "x-way", "x-ae-title", "deprecated")
_MARKS = frozenset(MARKS)


@dataclass(frozen=True, slots=True)
class Mark:
    """A value whose schema says more about it than its type."""

    kind: str
    """One of MARKS."""
    what: Any
    """What the mark says: ``target``, ``attribute``, ``step``, …; of something deprecated, its description."""
    path: Path
    value: Any
    """As it stands there; a name in the characters that were written."""


def marks(schema: Mapping[str, Any], data: Any) -> list[Mark]:
    """All marked values of a document, each once; schema: a whole one with its ``$defs``."""
    found: dict[tuple[str, Any, Path], Mark] = {}
    _walk(schema, schema["$defs"], data, (), found)
    return list(found.values())


def _walk(
    schema: Any, defs: Mapping[str, Any], data: Any, path: Path, found: dict[Any, Mark]
) -> None:
    if type(schema) is not dict:
        return
    for kind in _MARKS & schema.keys():
        # A name is text: 2024 names the folder of that year.
        value = as_written(data) if kind == "x-name-of" else data
        what = schema[kind]
        if kind == "deprecated":
            what = what and (schema.get("description") or True)
        found[kind, _hashable(what), path] = Mark(kind, what, path, value)
    if "$ref" in schema:
        _walk(defs[schema["$ref"].removeprefix("#/$defs/")], defs, data, path, found)
    for branch in schema.get("anyOf", ()):
        _walk(branch, defs, data, path, found)
    if isinstance(data, dict):
        known = schema.get("properties", {})
        others = schema.get("additionalProperties")
        for key, value in data.items():
            if (inner := known.get(key, others)) is not None:
                _walk(inner, defs, value, (*path, key), found)
    elif isinstance(data, list) and (items := schema.get("items")) is not None:
        for index, value in enumerate(data):
            _walk(items, defs, value, (*path, index), found)


def _hashable(what: Any) -> Any:
    return what if isinstance(what, str | bool) else str(what)

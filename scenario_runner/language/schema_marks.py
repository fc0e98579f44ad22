"""Walks data along its schema and finds what the schema marks: names, expressions, entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scenario_runner.fields.scalars import as_written
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.origins import Path

MARKS = ("x-name-of", "x-holds", "x-expression", "x-entry-of", "x-way", "x-ae-title", "deprecated")
_MARKS = frozenset(MARKS)
_LEADING = _MARKS | {"$ref", "anyOf", "properties", "additionalProperties", "items"}
"""Keys by which a part of a schema marks something or leads on: half of all parts have none of them."""


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
    _Walk(schema["$defs"], found).walk(schema, data, ())
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Walk:
    """Along one document."""

    defs: Mapping[str, Any]
    found: dict[Any, Mark]

    def walk(self, schema: Any, data: Any, path: Path) -> None:
        """What is marked of a value and below it."""
        if not _MARKS.isdisjoint(schema):
            self._note(schema, data, path)
        if reference := schema.get("$ref"):
            self.walk(self.defs[reference.removeprefix("#/$defs/")], data, path)
        for branch in schema.get("anyOf", ()):
            if _leads(branch):
                self.walk(branch, data, path)
        if isinstance(data, dict):
            known = schema.get("properties", {})
            others = schema.get("additionalProperties")
            for key, value in data.items():
                if _leads(inner := known.get(key, others)):
                    self.walk(inner, value, (*path, key))
        elif isinstance(data, list) and _leads(items := schema.get("items")):
            for index, value in enumerate(data):
                self.walk(items, value, (*path, index))

    def _note(self, schema: Mapping[str, Any], data: Any, path: Path) -> None:
        for kind in _MARKS & schema.keys():
            # A name is text: 2024 names the folder of that year.
            value = as_written(data) if kind in ("x-name-of", "x-holds") else data
            what = schema[kind]
            if kind == "deprecated":
                what = what and (schema.get("description") or True)
            self.found[kind, _hashable(what), path] = Mark(kind, what, path, value)


def _leads(schema: Any) -> bool:
    """Whether a part of a schema need be looked at at all."""
    return type(schema) is dict and not _LEADING.isdisjoint(schema)


def _hashable(what: Any) -> Any:
    return what if isinstance(what, str | bool) else str(what)

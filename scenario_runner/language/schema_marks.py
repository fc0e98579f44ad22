"""Walks data along its schema and finds what the schema marks: names, expressions, entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Any

from scenario_runner.fields.scalars import as_written
from scenario_runner.language.same import Same
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.origins import Path

MARKS = ("x-name-of", "x-holds", "x-expression", "x-entry-of", "x-way", "x-ae-title", "deprecated")


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
    ways = _ways_through(Same(schema))
    if (way := ways.of(schema)) is not None:
        ways.walk(way, data, (), found)
    return list(found.values())


@lru_cache(maxsize=16)
def _ways_through(schema: Same[Mapping[str, Any]]) -> _Ways:
    return _Ways(schema.thing["$defs"])


@dataclass(slots=True)
class _Way:
    """A part of a schema that marks its value, or may lead on to one that does."""

    notes: list[tuple[str, Any]]
    """Kinds of marks, with what each says."""
    also: list[_Way]
    """Other parts that are about the same value."""
    properties: Mapping[str, Any]
    others: Any
    items: Any
    known: dict[str, _Way | None] = field(default_factory=dict)
    """Where those properties lead that were come to."""


class _Ways:
    """The ways through one schema, each made ready when it is first come to; most parts lead nowhere."""

    def __init__(self, defs: Mapping[str, Any]) -> None:
        self._defs = defs
        self._made: dict[int, _Way | None] = {}
        """By the id of the part."""
        self._begun: set[int] = set()
        self._making = RLock()

    def of(self, schema: Any) -> _Way | None:
        """The way that begins with a part; None where it leads nowhere."""
        if type(schema) is not dict:
            return None
        part = id(schema)
        if part not in self._made:
            # A server validates in several threads: none may take what is half made for what leads nowhere.
            with self._making:
                if part not in self._made:
                    if part in self._begun:
                        return None  # it is about itself
                    self._begun.add(part)
                    self._made[part] = self._new(schema)
        return self._made[part]

    def _new(self, schema: Mapping[str, Any]) -> _Way | None:
        notes = []
        for kind in filter(schema.__contains__, MARKS):
            what = schema[kind]
            if kind == "deprecated":
                what = what and (schema.get("description") or True)
            notes.append((kind, what))
        referred = schema.get("$ref")
        further = [self._defs[referred.removeprefix("#/$defs/")]] if referred else []
        also = [*filter(None, map(self.of, (*further, *schema.get("anyOf", ()))))]
        inside = [
            schema.get(key) or None for key in ("properties", "additionalProperties", "items")
        ]
        if not any(isinstance(one, dict) for one in inside):
            if not notes and len(also) < 2:
                return also[0] if also else None
            return _Way(notes, also, {}, None, None)
        properties, others, items = inside
        return _Way(notes, also, properties or {}, others, items)

    def walk(self, way: _Way, data: Any, path: Path, found: dict[Any, Mark]) -> None:
        """What is marked of a value and below it."""
        for kind, what in way.notes:
            # A name is text: 2024 names the folder of that year.
            value = as_written(data) if kind in ("x-name-of", "x-holds") else data
            found[kind, _hashable(what), path] = Mark(kind, what, path, value)
        for one in way.also:
            self.walk(one, data, path, found)
        if isinstance(data, dict):
            for key, value in data.items():
                if (inner := self._below(way, key)) is not None:
                    self.walk(inner, value, (*path, key), found)
        elif isinstance(data, list) and (inner := self.of(way.items)) is not None:
            for index, value in enumerate(data):
                self.walk(inner, value, (*path, index), found)

    def _below(self, way: _Way, key: str) -> _Way | None:
        if key in way.known:
            return way.known[key]
        if key not in way.properties:
            return self.of(way.others)
        found = way.known[key] = self.of(way.properties[key])
        return found


def _hashable(what: Any) -> Any:
    return what if isinstance(what, str | bool) else str(what)

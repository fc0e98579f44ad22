"""Walks data along its schema and finds what the schema marks: names, expressions, entries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scenario_runner.language.same import Same
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
    _Walk(schema["$defs"], _unmarked(Same(schema)), found).walk(schema, data, ())
    return list(found.values())


@lru_cache(maxsize=16)
def _unmarked(schema: Same[Mapping[str, Any]]) -> frozenset[int]:
    """The parts of a schema below which nothing is marked, by ``id``; they live as long as the schema does."""
    defs = schema.thing["$defs"]
    holders: dict[int, list[int]] = {}
    """Of each part, the parts that it is directly below."""
    marked: list[int] = []
    waiting: list[Any] = [schema.thing, *defs.values()]
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if type(part) is not dict or id(part) in seen:
            continue
        seen.add(id(part))
        below = [*part.get("anyOf", ()), *part.get("properties", {}).values()]
        below += [part.get("additionalProperties"), part.get("items")]
        if "$ref" in part:
            below.append(defs[part["$ref"].removeprefix("#/$defs/")])
        for each in below:
            holders.setdefault(id(each), []).append(id(part))
        if not _MARKS.isdisjoint(part):
            marked.append(id(part))
        waiting += below
    unmarked = set(seen)
    while marked:
        if (part := marked.pop()) in unmarked:
            unmarked.remove(part)
            marked += holders.get(part, ())
    return frozenset(unmarked)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Along one document."""

    defs: Mapping[str, Any]
    unmarked: frozenset[int]
    found: dict[Any, Mark]

    def walk(self, schema: Any, data: Any, path: Path) -> None:
        """What is marked of a value and below it."""
        if type(schema) is not dict or id(schema) in self.unmarked:
            return
        for kind in _MARKS & schema.keys():
            # A name is text: 2024 names the folder of that year.
            value = as_written(data) if kind == "x-name-of" else data
            what = schema[kind]
            if kind == "deprecated":
                what = what and (schema.get("description") or True)
            self.found[kind, _hashable(what), path] = Mark(kind, what, path, value)
        if "$ref" in schema:
            self.walk(self.defs[schema["$ref"].removeprefix("#/$defs/")], data, path)
        for branch in schema.get("anyOf", ()):
            self.walk(branch, data, path)
        if isinstance(data, dict):
            known = schema.get("properties", {})
            others = schema.get("additionalProperties")
            for key, value in data.items():
                if (inner := known.get(key, others)) is not None:
                    self.walk(inner, value, (*path, key))
        elif isinstance(data, list) and (items := schema.get("items")) is not None:
            for index, value in enumerate(data):
                self.walk(items, value, (*path, index))


def _hashable(what: Any) -> Any:
    return what if isinstance(what, str | bool) else str(what)

"""Walks data along its schema and finds what the schema marks: names, expressions, entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scenario_runner.language.scalars import as_written

if TYPE_CHECKING:
    from scenario_runner.language.document import Path

MARKS = ("x-name-of", "x-expression", "x-entry-of", "x-way", "x-ae-title")


@dataclass(frozen=True, slots=True)
class Mark:
    """A value whose schema says more about it than its type."""

    kind: str
    """One of MARKS."""
    what: Any
    """What the mark says: ``target``, ``attribute``, ``step``, …"""
    path: Path
    value: Any
    """As it stands there; a name in the characters that were written."""


def marks(schema: Mapping[str, Any], data: Any) -> list[Mark]:
    """All marked values of a document, each once; schema: a whole one with its ``$defs``."""
    found = {(mark.kind, mark.what, mark.path): mark for mark in _walk(schema, schema, data, ())}
    return list(found.values())


def _walk(schema: Any, whole: Mapping[str, Any], data: Any, path: Path) -> Iterator[Mark]:
    if not isinstance(schema, Mapping):
        return
    for kind in MARKS:
        if kind in schema:
            # A name is text: 2024 names the folder of that year.
            value = as_written(data) if kind == "x-name-of" else data
            yield Mark(kind, schema[kind], path, value)
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        yield from _walk(whole["$defs"][name], whole, data, path)
    for branch in schema.get("anyOf", ()):
        yield from _walk(branch, whole, data, path)
    if isinstance(data, dict):
        known = schema.get("properties", {})
        for key, value in data.items():
            inner = known.get(key, schema.get("additionalProperties"))
            yield from _walk(inner, whole, value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _walk(schema.get("items"), whole, value, (*path, index))

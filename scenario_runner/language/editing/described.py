"""What a schema says of the place at a path: all branches that a value there can be of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenario_runner.origins import Path

Schema = Mapping[str, Any]
_SEQUENCE: Schema = {"type": "array", "items": {"type": "object", "x-name-of": "attribute"}}


def branches(schema: Schema, defs: Schema) -> Iterator[Schema]:
    """The schema and what it refers to or is any of, templates aside."""
    yield schema
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    if name and name not in ("template", "whole_template"):
        yield from branches(defs[name], defs)
    for branch in schema.get("anyOf", ()):
        yield from branches(branch, defs)


def described(schema: Schema, path: Path) -> list[Schema]:
    """The branches at a path; none where the schema says nothing of it."""
    defs = schema.get("$defs", {})
    here = [schema]
    for part in path:
        here = [
            inner
            for each in here
            for branch in branches(each, defs)
            for inner in _below(branch, part)
        ]
    return [branch for each in here for branch in branches(each, defs)]


def _below(schema: Schema, part: str | int) -> Iterator[Schema]:
    if isinstance(part, int):
        if isinstance(schema.get("items"), Mapping):
            yield schema["items"]
        return
    if part in schema.get("properties", {}):
        yield schema["properties"][part]
    elif patterns := [
        each for form, each in schema.get("patternProperties", {}).items() if re.search(form, part)
    ]:
        yield from patterns
    elif isinstance(schema.get("additionalProperties"), Mapping):
        yield schema["additionalProperties"]
    elif schema.get("x-name-of") == "attribute":
        yield _SEQUENCE


def words_about(schema: Schema, path: Path) -> tuple[str, str]:
    """The description of what is at a path, and the page that says more; both may be empty."""
    found = described(schema, path)
    text = next((one["description"] for one in found if one.get("description")), "")
    page = next((one["x-docs"] for one in found if one.get("x-docs")), "")
    return text, page

"""The schema of an entry of steps or checks: which it knows, and what the parameters of each are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def parameters(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Collection[str]:
    """The parameters of a step or check; of one that is a list of entries, what those may be."""
    own = resolved(schema, definitions)
    items = resolved(own.get("items", {}), definitions)
    return entry_names(items) if "x-entry-of" in items else own.get("properties", {})


def resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema, or what its ``$ref`` refers to. definitions: by name."""
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    found: Mapping[str, Any] = definitions[name] if name else schema
    return found


def entry_names(schema: Mapping[str, Any]) -> list[str]:
    """The steps or checks that an entry's schema knows."""
    return [branch["required"][0] for branch in schema["oneOf"]]

"""What jsonschema says of a document, in the one shape that our words are made from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.origins import Path


@dataclass(frozen=True, slots=True)
class SchemaError:
    """What jsonschema says of one value, without its optional attributes."""

    keyword: str
    limit: Any
    """What the schema gives for the keyword."""
    schema: Mapping[str, Any]
    instance: Any
    path: Path
    message: str
    branches: Mapping[int, list[SchemaError]]
    """Of a union: the errors in each of its branches."""
    definitions: Mapping[str, Any]
    """What ``$ref`` of the schema refers to, by name."""


def schema_error(error: Any, definitions: Mapping[str, Any]) -> SchemaError:
    """As jsonschema says it, with what it found in the branches of a union."""
    branches: dict[int, list[SchemaError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(schema_error(inner, definitions))
    return SchemaError(
        error.validator,
        error.validator_value,
        error.schema,
        error.instance,
        tuple(error.absolute_path),
        error.message,
        branches,
        definitions,
    )


def _is_readable(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _readable(schema: Any) -> Any:
    """Without patterns that are pydantic's alone, as a plugin's for all letters: the model searches for them all the same."""
    if isinstance(schema, list):
        return [_readable(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    kept = {name: _readable(value) for name, value in schema.items()}
    pattern, of_keys = kept.get("pattern"), kept.get("patternProperties")
    if isinstance(pattern, str) and not _is_readable(pattern):
        del kept["pattern"]
    if isinstance(of_keys, dict) and not all(map(_is_readable, of_keys)):
        del kept["patternProperties"]
        kept.pop("additionalProperties", None)
    return kept


def explaining_validator(schema: Mapping[str, Any]) -> Any:
    """A validator that explains. A decimal such as 1.0 is no whole number: pydantic refuses it too."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    strict = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    return extend(Draft202012Validator, type_checker=strict)(_readable(schema))  # type: ignore[no-untyped-call]

"""Whether a document is valid at all, said at once by what its schema asks for.

Nearly every file that is read is valid, and then nothing has to be explained. What is not said to be
valid here is looked at again by ``check``, whose validator takes longer to load than such a file to
run. So one side may err: what is called valid is valid, and a keyword that is not known here makes
nothing valid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

_Test = Callable[[Any], bool]
"""Whether a value keeps to one keyword of a schema."""


class Validity:
    """One schema, each part of which is made ready when it is first come to."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._definitions: Mapping[str, Any] = schema.get("$defs", {})
        self._ready: dict[int, list[_Test]] = {}
        self._structural: dict[str, Callable[[Any, Any], bool]] = {
            "$ref": self._reference,
            "anyOf": self._any_of,
            "oneOf": self._one_of,
            "items": self._items,
            "propertyNames": self._names,
        }

    def is_certain(self, data: Any) -> bool:
        """Whether plain values are valid beyond doubt; False decides nothing."""
        try:
            return self._holds(self._schema, data)
        except (_UnknownKeywordError, RecursionError, re.error):
            return False

    def _holds(self, schema: Any, value: Any) -> bool:
        if isinstance(schema, bool):
            return schema
        tests = self._ready.get(id(schema))
        if tests is None:
            tests = self._ready[id(schema)] = self._tests(schema)
        for test in tests:  # noqa: SIM110 - a third faster than all() of a generator
            if not test(value):
                return False
        return True

    def _tests(self, schema: Mapping[str, Any]) -> list[_Test]:
        tests: list[_Test] = []
        for keyword, limit in schema.items():
            if keyword in _SILENT or keyword in _OF_KEYS or keyword.startswith("x-"):
                continue
            if simple := _SIMPLE.get(keyword):
                tests.append(partial(simple, limit))
            elif keyword == "oneOf" and all(each.keys() == {"required"} for each in limit):
                alternatives = [frozenset(each["required"]) for each in limit]
                single = frozenset(one for each in alternatives for one in each)
                alone = len(single) == len(limit) and all(len(each) == 1 for each in alternatives)
                tests.append(
                    partial(_one_of_names, single) if alone else partial(_one_of_keys, alternatives)
                )
            elif inner := self._structural.get(keyword):
                tests.append(partial(inner, limit))
            else:
                raise _UnknownKeywordError(keyword)
        if not _OF_KEYS.isdisjoint(schema):
            tests.append(self._keys(schema))
        return tests

    def _keys(self, schema: Mapping[str, Any]) -> _Test:
        """What is asked of the values of a mapping by their keys."""
        patterns = [
            (re.compile(pattern), inner)
            for pattern, inner in schema.get("patternProperties", {}).items()
        ]
        others = schema.get("additionalProperties", True)
        return partial(self._of_keys, schema.get("properties", {}), patterns, others)

    def _of_keys(
        self,
        known: Mapping[str, Any],
        patterns: Collection[tuple[re.Pattern[str], Any]],
        others: Any,
        value: Any,
    ) -> bool:
        if not isinstance(value, dict):
            return True
        for key, inner in value.items():
            schema = known.get(key)
            fitting = patterns and [each for pattern, each in patterns if pattern.search(key)]
            if schema is not None and not self._holds(schema, inner):
                return False
            if fitting and not all(self._holds(each, inner) for each in fitting):
                return False
            if schema is None and not fitting and not self._holds(others, inner):
                return False
        return True

    def _items(self, schema: Any, value: Any) -> bool:
        return not isinstance(value, list) or all(self._holds(schema, each) for each in value)

    def _names(self, schema: Any, value: Any) -> bool:
        return not isinstance(value, dict) or all(self._holds(schema, key) for key in value)

    def _reference(self, name: str, value: Any) -> bool:
        definition = self._definitions.get(name.removeprefix("#/$defs/"))
        if definition is None:
            raise _UnknownKeywordError(name)
        return self._holds(definition, value)

    def _any_of(self, branches: Collection[Any], value: Any) -> bool:
        return any(self._holds(branch, value) for branch in branches)

    def _one_of(self, branches: Collection[Any], value: Any) -> bool:
        return sum(self._holds(branch, value) for branch in branches) == 1


class _UnknownKeywordError(Exception):
    """A schema asks for something that is not looked at here."""


def _number(value: Any) -> bool:
    """Whether it is one, which true is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: dict[str, _Test] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "null": lambda value: value is None,
    "number": _number,
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}


def _type(names: str | list[str], value: Any) -> bool:
    if isinstance(names, str):
        return _TYPES[names](value)
    return any(_TYPES[name](value) for name in names)


def _is(limit: Any, value: Any) -> bool:
    """Whether two scalars are the same, which 1 and true are not."""
    if isinstance(limit, dict | list):
        raise _UnknownKeywordError("of more than a scalar")
    return bool(limit == value) and isinstance(limit, bool) is isinstance(value, bool)


def _enum(limits: Collection[Any], value: Any) -> bool:
    return any(_is(limit, value) for limit in limits)


def _required(names: Collection[str], value: Any) -> bool:
    return not isinstance(value, dict) or all(name in value for name in names)


def _pattern(pattern: str, value: Any) -> bool:
    return not isinstance(value, str) or re.search(pattern, value) is not None


def _one_of_keys(alternatives: Collection[frozenset[str]], value: Any) -> bool:
    """Exactly one of sets of keys is there: how steps and checks say which one they are."""
    if not isinstance(value, dict):
        return len(alternatives) == 1
    return sum(names <= value.keys() for names in alternatives) == 1


def _one_of_names(names: frozenset[str], value: Any) -> bool:
    """The same of keys that each stand alone."""
    if not isinstance(value, dict):
        return len(names) == 1
    return len(names.intersection(value)) == 1


def _length(kind: type, least: bool) -> Callable[[int, Any], bool]:
    def holds(limit: int, value: Any) -> bool:
        if not isinstance(value, kind):
            return True
        size = len(value)  # type: ignore[arg-type]
        return size >= limit if least else size <= limit

    return holds


_SILENT = frozenset(
    ("$schema", "$defs", "title", "description", "default", "examples", "deprecated")
)
"""Keywords that ask for nothing, as those do that begin with x-."""
_OF_KEYS = frozenset(("properties", "patternProperties", "additionalProperties"))
_SIMPLE: dict[str, Callable[[Any, Any], bool]] = {
    "type": _type,
    "const": _is,
    "enum": _enum,
    "required": _required,
    "pattern": _pattern,
    "minimum": lambda limit, value: not (_number(value) and value < limit),
    "maximum": lambda limit, value: not (_number(value) and value > limit),
    "exclusiveMinimum": lambda limit, value: not (_number(value) and value <= limit),
    "exclusiveMaximum": lambda limit, value: not (_number(value) and value >= limit),
    "minLength": _length(str, least=True),
    "maxLength": _length(str, least=False),
    "minItems": _length(list, least=True),
    "maxItems": _length(list, least=False),
    "minProperties": _length(dict, least=True),
    "maxProperties": _length(dict, least=False),
}

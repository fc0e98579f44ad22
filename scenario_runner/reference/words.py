"""A piece of JSON Schema in words: what a person may write there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from scenario_runner.fields.types import Date, Duration, Name, Time
from scenario_runner.language.model import Age
from scenario_runner.language.quantities import Rate, Share

Schema = Mapping[str, Any]
_UNITS = ("duration", "rate", "share")


class Words:
    """Describes the schemas of one document.

    defs: its ``$defs``. links: definition name to Markdown, for those that have a section of their own.
    """

    def __init__(self, defs: Mapping[str, Schema], links: Mapping[str, str]) -> None:
        self._defs = defs
        self._links = links
        self._forms = {
            _pattern(Name): "name of letters, digits and `_`",
            _pattern(Duration): "duration",
            _pattern(Date): "date",
            _pattern(Time): "time",
            _pattern(Age): "age",
            _pattern(Rate): "rate",
            _pattern(Share): "share",
        }

    def of(self, schema: Schema) -> str:
        """``whole number from 1 to 64``, ``list of text``, ``duration such as `30s` ``."""
        if "$ref" in schema:
            return self._reference(str(schema["$ref"]))
        if "anyOf" in schema or "oneOf" in schema:
            return self._either(schema.get("anyOf") or schema["oneOf"])
        if named := _named(schema):
            return named
        if "const" in schema:
            return _code(schema["const"])
        if "enum" in schema:
            return _list([_code(value) for value in schema["enum"] if value is not None])
        types = schema.get("type", [])
        kinds = [types] if isinstance(types, str) else [kind for kind in types if kind != "null"]
        if "pattern" in schema:
            return self._form(schema)
        if "string" in kinds:
            return "text"
        if kinds == ["array"]:
            return self._array(schema)
        return " or ".join(self._simple(kind, schema) for kind in kinds) or "any value"

    def target(self, schema: Schema) -> tuple[str, Schema] | None:
        """The definition with keys that stands in this place, and ``[]`` when it is a list's item."""
        suffix = ""
        if schema.get("type") == "array" or schema.get("type") == ["array", "null"]:
            schema, suffix = schema.get("items", {}), "[]"
        for branch in schema.get("anyOf", [schema]):
            if branch.get("type") == "array" and "items" in branch:
                branch, suffix = branch["items"], "[]"
            name = str(branch.get("$ref", "")).removeprefix("#/$defs/")
            found = self._defs.get(name)
            if found is not None and found.get("properties") and name not in self._links:
                return suffix, found
        return None

    def _reference(self, reference: str) -> str:
        name = reference.removeprefix("#/$defs/")
        if name in self._links:
            return self._links[name]
        found = self._defs[name]
        return "mapping" if found.get("properties") else self.of(found)

    def _either(self, branches: list[Schema]) -> str:
        words: list[str] = []
        for branch in branches:
            reference = str(branch.get("$ref", ""))
            if reference.endswith("template") or branch.get("type") == "null":
                continue
            word = self.of(branch)
            if word not in words:
                words.append(word)
        if any(word.startswith(_UNITS) for word in words):
            # The other branch is a plain number of seconds and the like, which the introduction mentions.
            words = [word for word in words if word.startswith(_UNITS)]
        return " or ".join(words)

    def _array(self, schema: Schema) -> str:
        least, most = schema.get("minItems", 0), schema.get("maxItems")
        count = f"{least} " if least and least == most else ""
        return f"list of {count}{_plural(self.of(schema.get('items', {})))}"

    def _form(self, schema: Schema) -> str:
        form = self._forms.get(str(schema["pattern"]))
        examples = ", ".join(_code(example) for example in schema.get("examples", ()))
        if examples:
            return f"{form or 'text'} such as {examples}"
        return form or f"text that matches {_code(schema['pattern'])}"

    def _simple(self, kind: str, schema: Schema) -> str:
        if kind == "boolean":
            return "`true` or `false`"
        if kind == "object":
            inner = schema.get("additionalProperties")
            return (
                f"mapping of name to {self.of(inner)}" if isinstance(inner, Mapping) else "mapping"
            )
        noun = "whole number" if kind == "integer" else "number"
        low, high = schema.get("minimum"), schema.get("maximum")
        if "exclusiveMinimum" in schema:
            return f"{noun} above {schema['exclusiveMinimum']:g}"
        if low is not None and high is not None:
            return f"{noun} from {low} to {high}"
        return f"{noun} ({low} or more)" if low is not None else noun


def default_of(schema: Schema) -> str:
    """What holds when the key is left out: a value, or nothing to tell."""
    if "default" not in schema:
        return ""
    value = schema["default"]
    if isinstance(value, Mapping):
        return ""
    if not isinstance(value, float):
        return _code(value)
    shares = any("%" in one.get("pattern", "") for one in schema.get("anyOf", ()))
    return f"`{100 * value:g}%`" if shares else f"`{value:g}s`"


def _named(schema: Schema) -> str:
    """Words for what is marked as a name or an expression."""
    kind = schema.get("x-name-of")
    if schema.get("x-expression"):
        return "expression"
    if schema.get("x-entry-of") == "check":
        return "[check](checks.md)"
    if kind == "target":
        return "name of a target"
    if kind == "attribute":
        types = schema.get("type")
        if types == "object" or (isinstance(types, list) and "object" in types):
            return "mapping of attributes"
        if "array" in str(types):
            return "list of attribute keywords"
        return "attribute keyword"
    return ""


def allows_null(schema: Schema) -> bool:
    """Whether null may stand there."""
    branches = [schema, *schema.get("anyOf", ())]
    return any(
        branch.get("type") == "null" or "null" in branch.get("type", ()) for branch in branches
    )


def _plural(words: str) -> str:
    for noun in ("whole number", "number", "attribute keyword", "mapping"):
        if words.startswith(noun):
            return f"{noun}s{words.removeprefix(noun)}"
    return words


def _pattern(kind: Any) -> str:
    """The pattern that tells a type of ``language.fields`` in any schema."""
    schema = TypeAdapter(kind).json_schema()
    return str(
        next(each["pattern"] for each in [schema, *schema.get("anyOf", ())] if "pattern" in each)
    )


def _list(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _code(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value}`"

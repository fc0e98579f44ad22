"""A document's data against its JSON Schema: every error as a diagnostic in the user's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

from scenario_runner.errors import MOST_DIAGNOSTICS, Diagnostic
from scenario_runner.language.document import Document, Origins, Path
from scenario_runner.language.schema import TEMPLATE, WHOLE
from scenario_runner.language.validity import Validity
from scenario_runner.language.words import (
    did_you_mean,
    either,
    quoted,
    some_of,
    type_word,
    value_words,
)


@dataclass(frozen=True, slots=True)
class _Error:
    """What jsonschema says of one value, without its optional attributes."""

    keyword: str
    limit: Any
    """What the schema gives for the keyword."""
    schema: Mapping[str, Any]
    instance: Any
    path: Path
    message: str
    branches: Mapping[int, list[_Error]]
    """Of a union: the errors in each of its branches."""


def _plain(error: Any) -> _Error:
    branches: dict[int, list[_Error]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(_plain(inner))
    return _Error(
        error.validator,
        error.validator_value,
        error.schema,
        error.instance,
        tuple(error.absolute_path),
        error.message,
        branches,
    )


def _validator(schema: Mapping[str, Any]) -> Any:
    """A validator that explains. A decimal such as 1.0 is no whole number: pydantic refuses it too."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    strict = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    return extend(Draft202012Validator, type_checker=strict)(schema)  # type: ignore[no-untyped-call]


_TEMPLATES = (TEMPLATE["pattern"], WHOLE["pattern"])


class SchemaCheck:
    """One schema, ready to check many documents."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self._validity = Validity(schema)

    def __call__(self, document: Document) -> list[Diagnostic]:
        """Everything that is wrong with the structure, in file order, each thing once."""
        if self._validity.is_certain(document.data):
            return []
        every = (
            diagnostic
            for error in self._validator.iter_errors(document.data)
            for diagnostic in self._explain(_plain(error), document)
        )
        return in_file_order(islice(every, MOST_DIAGNOSTICS))

    @cached_property
    def _validator(self) -> Any:
        return _validator(self.schema)

    def _explain(self, error: _Error, document: Document) -> Iterator[Diagnostic]:
        if error.keyword == "anyOf":
            yield from self._union(error, document)
            return
        yield from _FORMATTERS.get(error.keyword, _anything_else)(error, document)

    def _union(self, error: _Error, document: Document) -> Iterator[Diagnostic]:
        """The errors of the branch that was meant: the one whose type fits and that came furthest."""
        meant = [
            errors
            for errors in error.branches.values()
            if not any(each.keyword == "type" and each.path == error.path for each in errors)
            and not any(each.limit in _TEMPLATES for each in errors if each.keyword == "pattern")
        ]
        if meant:
            described = _first_line(error.schema)
            beside = ", or a list" if "array" in self._types(error.schema) else ""
            for each in max(meant, key=lambda errors: max(len(e.path) for e in errors)):
                for diagnostic in self._explain(each, document):
                    hint = diagnostic.hint
                    if each.path == error.path:
                        words = each.keyword in ("enum", "const")
                        hint = f"{hint}{beside}" if words else hint or described
                    yield replace(diagnostic, hint=hint)
            return
        types = either(type_word(name) for name in self._types(error.schema))
        found = type_diagnostic(document, error.path, error.instance, types)
        mapping = next(filter(None, map(self._with_keys, error.schema["anyOf"])), None)
        yield replace(found, hint=takes(mapping, error.path)) if mapping else found

    def _with_keys(self, branch: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """A branch that is a mapping with keys of its own."""
        name = branch.get("$ref", "").removeprefix("#/$defs/")
        schema: Mapping[str, Any] = self.schema["$defs"][name] if name else branch
        return schema if schema.get("properties") else None

    def _types(self, schema: Any) -> Iterator[str]:
        """The types that a schema takes, templates aside."""
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/$defs/")
            if not name.endswith("template"):
                yield from self._types(self.schema["$defs"][name])
            return
        for branch in schema.get("anyOf", ()):
            yield from self._types(branch)
        types = schema.get("type", ())
        for name in (types,) if isinstance(types, str) else types:
            if name != "null":
                yield name


def in_file_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted by place, and each finding once, also when an alias leads to it twice."""
    unique = {
        (d.where.file, d.where.line, d.where.column, d.code, d.message): d for d in diagnostics
    }
    return sorted(
        unique.values(),
        key=lambda d: (d.where.file, d.where.line, d.where.column, d.where.end_column, d.code),
    )


_LATER = frozenset({"use"})
"""Steps of the language that no room can do yet."""


_Formatter = Callable[[_Error, Document], Iterator[Diagnostic]]


_HOW_TO_WRITE = {
    "text": "put it in quotes",
    "a whole number": "write digits only, without quotes",
    "a number": "write a plain number, without quotes",
    "true or false": "write true or false, without quotes",
    "a list": "write [a, b], or one line that starts with '- ' for each item",
    "a mapping": "write {key: value}, or one line key: value for each key",
}


def type_diagnostic(document: Origins, path: Path, value: Any, wanted: str) -> Diagnostic:
    """A value of another type than the one wanted, which is named in words."""
    hint = _HOW_TO_WRITE.get(wanted, f"it takes {wanted}")
    if value is None:
        where = document.where(path, key=True)
        return Diagnostic("FAB102", where, f"{subject(path)} has no value; it takes {wanted}", hint)
    message = f"{subject(path)} must be {wanted}, not {value_words(value)}"
    hint = _missing_space(value, wanted) or hint
    return Diagnostic("FAB102", document.where(path), message, hint)


def no_list(document: Origins, path: Path, value: Any) -> Diagnostic | None:
    """What is wrong with a value that ``for_each`` cannot take one by one; None for a list."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | Mapping):
        return None
    return type_diagnostic(document, path, value, "a list")


_KEY_AND_VALUE = re.compile(r"([a-z_]+):(\S.*)")


def _missing_space(value: Any, wanted: str) -> str | None:
    """What to write where ``key:value`` or ``-item`` was taken for text or a key."""
    if wanted == "a mapping" and isinstance(value, str):
        found = _KEY_AND_VALUE.fullmatch(value)
        return f"write {found[1]}: {found[2]}, with a space after the ':'" if found else None
    if wanted == "a list" and isinstance(value, dict):
        item = next(iter(value), "")
        glued = item[:1] == "-" and item[1:2].isalpha()
        return f"write - {item[1:]}, with a space after the '-'" if glued else None
    return None


def subject(path: Path) -> str:
    """What a message calls the value at a path."""
    if not path:
        return "the file"
    last = path[-1]
    if isinstance(last, str):
        return quoted(last)
    owner = next((part for part in reversed(path) if isinstance(part, str)), None)
    return f"item {last + 1} of '{owner}'" if owner else f"item {last + 1}"


def _type(error: _Error, document: Document) -> Iterator[Diagnostic]:
    names = error.limit
    listed = [names] if isinstance(names, str) else [name for name in names if name != "null"]
    wanted = "text" if "string" in listed else either(type_word(name) for name in listed)
    found = type_diagnostic(document, error.path, error.instance, wanted)
    keys = error.schema.get("properties") and "object" in listed
    if keys and not _missing_space(error.instance, wanted):
        found = replace(found, hint=takes(error.schema, error.path))
    yield found


def _required(error: _Error, document: Document) -> Iterator[Diagnostic]:
    # jsonschema reports each missing key by itself; what is said twice of a place is kept once.
    for missing in error.limit:
        if missing not in error.instance:
            yield from _missing(missing, error, document)


def _missing(missing: str, error: _Error, document: Document) -> Iterator[Diagnostic]:
    allowed = error.schema.get("properties", {})
    if any(
        key not in allowed
        and (
            key.startswith(f"{missing}:")
            or did_you_mean(key, allowed) == did_you_mean(missing, [missing])
        )
        for key in error.instance
    ):
        return  # misspelt, and reported as that
    yield Diagnostic(
        "FAB103", document.where(error.path, key=True), *_missing_words(missing, error, error.path)
    )


def _missing_words(missing: str, error: _Error, path: Path) -> tuple[str, str]:
    """Message and hint for a key that is not there."""
    message = f"'{missing}' is missing" + ("" if not path else f" in {subject(path)}")
    described = _first_line(error.schema.get("properties", {}).get(missing, {}))
    return message, f"{missing}: {described}" if described else takes(error.schema, path)


def _first_line(schema: Mapping[str, Any]) -> str | None:
    """How a schema describes itself, in one line."""
    lines = str(schema.get("description", "")).splitlines()
    return lines[0] if lines else None


def takes(schema: Mapping[str, Any], path: Path) -> str:
    """The hint that lists what a mapping may have: ``query takes: on, via, level, …``."""
    keys = some_of(schema.get("properties", {}))
    owner = schema.get("x-takes") or next(
        (part for part in reversed(path) if isinstance(part, str)), "the file"
    )
    docs = f"      {schema['x-docs']}" if "x-docs" in schema else ""
    return f"{owner} takes: {keys}{docs}" if keys else ""


def _additional(error: _Error, document: Document) -> Iterator[Diagnostic]:
    allowed = list(error.schema.get("properties", {}))
    kind = error.schema.get("x-entry-of")
    for name in error.instance:
        if name in allowed:
            continue
        where = document.where((*error.path, name), key=True)
        guess = did_you_mean(name, allowed)
        if kind and not any(known in error.instance for known in entry_names(error.schema)):
            code = {"step": "FAB109", "check": "FAB112"}[kind]
            steps = some_of(entry_names(error.schema), 30)
            hint = f"{kind}s: {steps}      docs/reference/{kind}s.md"
            if name in _LATER:
                guess, hint = (
                    "",
                    f"'{name}' belongs to the language, but this version cannot do it yet",
                )
            yield Diagnostic(code, where, f"unknown {kind} {quoted(name)}{guess}", hint)
        elif kind:
            beside = [key for key in allowed if key not in entry_names(error.schema)]
            guess = did_you_mean(name, beside)
            hint = f"beside its own key, a {kind} takes: {some_of(beside, 12)}"
            parameters = _parameter_home(name, error.instance, error.schema)
            yield Diagnostic(
                "FAB104", where, f"unknown key {quoted(name)}{guess}", hint + parameters
            )
        else:
            hint = takes(error.schema, error.path)
            yield Diagnostic("FAB104", where, f"unknown key {quoted(name)}{guess}", hint or None)


def _parameter_home(name: str, entry: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """A word on indentation, for a parameter that stands beside the step instead of in it."""
    own = next((key for key in entry if key in entry_names(schema)), None)
    return f"\nparameters belong inside: {own}: {{{name}: …}}" if own and entry[own] is None else ""


def entry_names(schema: Mapping[str, Any]) -> list[str]:
    """The steps or checks that an entry's schema knows."""
    return [branch["required"][0] for branch in schema["oneOf"]]


def _one_of(error: _Error, document: Document) -> Iterator[Diagnostic]:
    schema, entry = error.schema, error.instance
    kind = schema.get("x-entry-of")
    if not kind or not isinstance(entry, dict):
        return
    names = entry_names(schema)
    present = [key for key in entry if key in names]
    if len(present) > 1:
        code = {"step": "FAB111", "check": "FAB113"}[kind]
        for extra in present[1:]:
            yield Diagnostic(
                code,
                document.where((*error.path, extra), key=True),
                f"'{extra}' is a second {kind} in one entry, after '{present[0]}'",
                f"start a new item of the list: - {extra}: …",
            )
    elif all(key in schema["properties"] for key in entry):
        # An unknown key has been reported as an unknown step already.
        code = {"step": "FAB110", "check": "FAB113"}[kind]
        hint = f"{kind}s: {some_of(names, 30)}"
        yield Diagnostic(code, document.where(error.path), f"this entry names no {kind}", hint)


def _enum(error: _Error, document: Document) -> Iterator[Diagnostic]:
    options = [str(o) for o in error.limit if o is not None]
    yield not_one_of(document, error.path, error.instance, options)


def not_one_of(document: Origins, path: Path, value: Any, options: list[str]) -> Diagnostic:
    """A value outside a fixed list."""
    guess = did_you_mean(value, options) if isinstance(value, str) else ""
    return Diagnostic(
        "FAB105",
        document.where(path, key=value is None),
        f"{subject(path)} cannot be {value_words(value)}{guess}",
        f"{path[-1] if path and isinstance(path[-1], str) else 'it'} is one of: {some_of(options, 30)}",
    )


def _const(error: _Error, document: Document) -> Iterator[Diagnostic]:
    yield not_one_of(document, error.path, error.instance, [str(error.limit)])


def _pattern(error: _Error, document: Document) -> Iterator[Diagnostic]:
    examples = error.schema.get("examples", ())
    yield bad_form(document, error.path, error.instance, examples, _first_line(error.schema) or "")


def bad_form(
    document: Origins, path: Path, value: Any, examples: Iterable[Any] = (), hint: str = ""
) -> Diagnostic:
    """Text that does not have the form it must have."""
    listed = some_of(examples, 4)
    return Diagnostic(
        "FAB106",
        document.where(path),
        f"{value_words(value)} does not have the form that {subject(path)} needs",
        (f"for example: {listed}" if listed else hint) or None,
    )


_BOUNDS = {
    "minimum": "at least", "exclusiveMinimum": "more than",
    "maximum": "at most", "exclusiveMaximum": "less than",
}  # fmt: skip


def _range(error: _Error, document: Document) -> Iterator[Diagnostic]:
    words = _BOUNDS[error.keyword]
    message = f"{subject(error.path)} must be {words} {error.limit}, not {error.instance}"
    bounds = [
        f"{word} {error.schema[name]}" for name, word in _BOUNDS.items() if name in error.schema
    ]
    hint = f"it is a number of {' and '.join(bounds)}"
    yield Diagnostic("FAB107", document.where(error.path), message, hint)


def _length(error: _Error, document: Document) -> Iterator[Diagnostic]:
    least = error.keyword.startswith("min")
    found = wrong_length(document, error.path, error.instance, least, int(error.limit))
    yield replace(found, hint=_first_line(error.schema))


def wrong_length(document: Origins, path: Path, value: Any, least: bool, limit: int) -> Diagnostic:
    """Text, a list or a mapping with too few or too many parts."""
    unit = "character" if isinstance(value, str) else "item" if isinstance(value, list) else "key"
    noun = unit if limit == 1 else f"{unit}s"
    words = "at least" if least else "at most"
    message = f"{subject(path)} must have {words} {limit} {noun}, not {len(value)}"
    return Diagnostic("FAB108", document.where(path), message)


def bad_name(document: Origins, path: Path) -> Diagnostic:
    """A key that must be a name and is not."""
    return Diagnostic(
        "FAB106",
        document.where(path, key=True),
        f"{quoted(str(path[-1]))} cannot be a name",
        "a name has letters, digits and underscores, no digit first, and at most 64 characters",
    )


def _anything_else(error: _Error, document: Document) -> Iterator[Diagnostic]:
    yield Diagnostic(
        "FAB118", document.where(error.path), f"{subject(error.path)}: {error.message[:200]}"
    )


_FORMATTERS: dict[str, _Formatter] = {
    "type": _type,
    "required": _required,
    "additionalProperties": _additional,
    "oneOf": _one_of,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minimum": _range, "exclusiveMinimum": _range, "maximum": _range, "exclusiveMaximum": _range,
    "minLength": _length, "maxLength": _length, "minItems": _length, "maxItems": _length,
    "minProperties": _length, "maxProperties": _length,
}  # fmt: skip

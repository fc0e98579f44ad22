"""Diagnostics about one value at its place: its type, its form, its length, and what may stand there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scenario_runner.errors import Diagnostic
from scenario_runner.language.diagnostic_words import (
    did_you_mean,
    either,
    quoted,
    some_of,
    type_word,
    value_words,
)
from scenario_runner.origins import Origins, Path

_HOW_TO_WRITE = {
    "string": "put it in quotes",
    "integer": "write digits only, without quotes",
    "number": "write a plain number, without quotes",
    "boolean": "write true or false, without quotes",
    "array": "write [a, b], or one line that starts with '- ' for each item",
    "object": "write {key: value}, or one line key: value for each key",
}


def type_diagnostic(document: Origins, path: Path, value: Any, types: Iterable[str]) -> Diagnostic:
    """A value of another type than those of JSON that are wanted."""
    listed = list(dict.fromkeys(types))
    wanted = either(map(type_word, listed))
    hint = f"it takes {wanted}"
    if len(listed) == 1 and not (listed == ["string"] and isinstance(value, list | dict)):
        hint = _HOW_TO_WRITE.get(listed[0], hint)
    if value is None:
        where = document.where(path, key=True)
        return Diagnostic("FAB102", where, f"{subject(path)} has no value; it takes {wanted}", hint)
    message = f"{subject(path)} must be {wanted}, not {value_words(value)}"
    hint = no_template(value) or missing_space(value, listed) or hint
    return Diagnostic("FAB102", document.where(path), message, hint)


_WHOLE = re.compile(r"\s*\{\{[^{}]*\}\}\s*")


def no_template(value: Any) -> str | None:
    """The hint for an expression that is refused as it stands: where one is possible, its value would be judged."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return "no template can stand here: write the value itself"
    return None


def no_list(origins: Origins, path: Path, value: Any) -> Diagnostic | None:
    """What is wrong with a value that ``for_each`` cannot take one by one; None for a list."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | Mapping):
        return None
    return type_diagnostic(origins, path, value, ["array"])


_KEY_AND_VALUE = re.compile(r"([a-z_]+):(\S.*)")


def missing_space(value: Any, types: list[str]) -> str | None:
    """What to write where ``key:value`` or ``-item`` was taken for text or a key."""
    if types == ["object"] and isinstance(value, str):
        found = _KEY_AND_VALUE.fullmatch(value)
        return f"write {found[1]}: {found[2]}, with a space after the ':'" if found else None
    if types == ["array"] and isinstance(value, dict):
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


def takes(schema: Mapping[str, Any], path: Path) -> str:
    """The hint that lists what a mapping may have: ``query takes: on, via, level, …``."""
    keys = some_of(schema.get("properties", {}))
    owner = schema.get("x-takes") or next(
        (part for part in reversed(path) if isinstance(part, str)), "the file"
    )
    docs = f"      {schema['x-docs']}" if "x-docs" in schema else ""
    return f"{owner} takes: {keys}{docs}" if keys else ""


def not_one_of(document: Origins, path: Path, value: Any, options: list[str]) -> Diagnostic:
    """A value outside a fixed list."""
    guess = did_you_mean(value, options) if isinstance(value, str) else ""
    return Diagnostic(
        "FAB105",
        document.where(path, key=value is None),
        f"{subject(path)} cannot be {value_words(value)}{guess}",
        no_template(value)
        or f"{path[-1] if path and isinstance(path[-1], str) else 'it'} is one of: {some_of(options, 30)}",
    )


def bad_form(
    document: Origins, path: Path, value: Any, examples: Iterable[Any] = (), hint: str = ""
) -> Diagnostic:
    """Text that does not have the form it must have."""
    listed = some_of(examples, 4)
    return Diagnostic(
        "FAB106",
        document.where(path),
        f"{value_words(value)} does not have the form that {subject(path)} needs",
        no_template(value) or (f"for example: {listed}" if listed else hint) or None,
    )


def wrong_length(document: Origins, path: Path, value: Any, least: bool, limit: int) -> Diagnostic:
    """Text, a list or a mapping with too few or too many parts."""
    unit = "character" if isinstance(value, str) else "item" if isinstance(value, list) else "key"
    noun = unit if limit == 1 else f"{unit}s"
    words = "at least" if least else "at most"
    message = f"{subject(path)} must have {words} {limit} {noun}, not {len(value)}"
    beyond = len(value) - limit
    hint = f"give it {limit} or more" if least else f"leave {beyond} {unit}{'s' * (beyond > 1)} out"
    return Diagnostic("FAB108", document.where(path), message, hint)


def bad_name(document: Origins, path: Path) -> Diagnostic:
    """A key that must be a name and is not."""
    return Diagnostic(
        "FAB106",
        document.where(path, key=True),
        f"{quoted(str(path[-1]))} cannot be a name",
        "a name has letters, digits and underscores, no digit first, and at most 64 characters",
    )

"""What ``--set`` makes of the variables that a scenario declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenario_runner.errors import InvalidInput, UsageError
from scenario_runner.language.diagnostic_words import did_you_mean, some_of
from scenario_runner.language.loader import parse_document

_VARS = "vars."


def variable_in(name: str) -> tuple[str, ...]:
    """``protocol.slices`` in parts: the variable, and keys or places within it; templates' ``vars.`` may stand before."""
    return tuple(name.removeprefix(_VARS).split("."))


def overridden(variables: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Variables, whole, to the values they get. Raises UsageError for a name that there is not.

    given: names as ``variable_in`` takes them, to values. Text such as ``[a, b]`` or ``{a: 1}`` is read where a list or
    mapping is declared, and stays text elsewhere.
    """
    declared = dict(variables) if isinstance(variables, Mapping) else {}
    changed: dict[str, Any] = {}
    for name, value in given.items():
        first, *below = variable_in(name)
        if first not in declared:
            raise UsageError(
                f"the scenario has no variable '{first}'{did_you_mean(first, declared)}",
                hint=f"it declares: {some_of(declared)}" if declared else "it declares no vars",
            )
        declared[first] = changed[first] = _put(declared[first], below, value, name)
    return changed


def _put(old: Any, below: list[str], value: Any, name: str) -> Any:
    """A value with another one somewhere below it; the old one stays as it is."""
    if not below:
        return _read(value, name) if isinstance(old, list | dict) else value
    key, *rest = below
    if isinstance(old, list) and key.isdecimal() and int(key) < len(old):
        place = int(key)
        return [*old[:place], _put(old[place], rest, value, name), *old[place + 1 :]]
    if isinstance(old, Mapping) and key in old:
        return {**old, key: _put(old[key], rest, value, name)}
    known = list(old) if isinstance(old, Mapping) else []
    if isinstance(old, list):
        known = [str(place) for place in range(len(old))]
    raise UsageError(
        f"--set {name}: there is no '{key}' in it{did_you_mean(key, known)}",
        hint=f"there is: {some_of(known, 20)}" if known else "it is no list and no mapping",
    )


def _read(value: Any, name: str) -> Any:
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return value
    try:
        return written_value(value)
    except UsageError as error:
        raise UsageError(f"--set {name}: {error.message}") from error


def written_value(text: str) -> Any:
    """A list or mapping as a scenario has it in a line: ``[a, b]``. Raises UsageError."""
    try:
        return parse_document(f"value: {text}", "--set").data["value"]
    except InvalidInput as error:
        raise UsageError(f"'{text}' cannot be read: {error.diagnostics[0].message}") from error

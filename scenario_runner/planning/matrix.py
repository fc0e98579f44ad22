"""A matrix as its combinations: the product of the axes, less ``exclude``, plus ``include``.

As in GitHub Actions: ``exclude`` goes first and drops every combination that has all the values
of one of its entries. An entry of ``include`` is added to each combination of the axes in which it
overwrites no value of an axis (values that an entry before it added may be overwritten); one that
fits none is a combination of its own, to which nothing is added; written twice, it is two.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from scenario_runner.language.axes import DIRECTIVES, has_part, is_meant, same_value
from scenario_runner.planning.value_problems import ValueProblem

MAX_CASES = 1000
_AXIS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
Path = tuple[str | int, ...]
Report = Callable[[Path, ValueProblem], None]


def combinations(matrix: Mapping[str, Any], report: Report) -> list[dict[str, Any]]:
    """All combinations in axis order, the last axis fastest; one empty one without a matrix.

    report: told of everything that is wrong (FAB309), with its path inside the matrix.
    """
    axes = {name: values for name, values in matrix.items() if name not in DIRECTIVES}
    if not _axes_are_sound(axes, report):
        return []
    excluded = _entries(matrix, "exclude", axes, report)
    included = _entries(matrix, "include", axes, report)
    size = 1
    for values in axes.values():
        size *= len(values)
    if size > MAX_CASES:
        report((), _problem(f"the matrix has {size} combinations; {MAX_CASES} is the limit"))
        return []
    product = itertools.product(*axes.values()) if axes else iter(())
    found = [dict(zip(axes, values, strict=True)) for values in product]
    found = [one for one in found if not any(has_part(one, entry) for entry in excluded)]
    found = _with_included(found, included, axes)
    if matrix and not found:
        report((), _problem("no combination is left", "exclude fewer, or include one"))
    if len(found) > MAX_CASES:
        report((), _problem(f"the matrix has {len(found)} combinations; {MAX_CASES} is the limit"))
        return []
    return found if matrix else [{}]


def _with_included(
    product: list[dict[str, Any]], included: list[dict[str, Any]], axes: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The combinations of the axes with what ``include`` adds to them, and those it makes."""
    made: list[dict[str, Any]] = []
    extended = [dict(one) for one in product]
    for entry in included:
        on_axes = {name: value for name, value in entry.items() if name in axes}
        meant = [one for one in extended if _agrees(one, on_axes)]
        for one in meant:
            one.update(entry)
        if not meant:
            made.append(dict(entry))
    return extended + made


def narrowed(
    found: list[dict[str, Any]], wanted: Mapping[str, Sequence[Any]]
) -> tuple[list[dict[str, Any]], dict[tuple[str, str], list[str]]]:
    """The combinations that have one of the wanted values of every axis.

    Also what was wanted and is in none of them, by axis and value, each with the values that there are.
    """
    idle: dict[tuple[str, str], list[str]] = {}
    for axis, values in wanted.items():
        known = [one[axis] for one in found if axis in one]
        for value in values:
            if not any(is_meant(one, value) for one in known):
                idle[axis, _short(value)] = list(dict.fromkeys(map(_short, known)))
    kept = [
        one
        for one in found
        if all(
            axis in one and any(is_meant(one[axis], value) for value in values)
            for axis, values in wanted.items()
        )
    ]
    return kept, idle


def case_id(name: str, combination: Mapping[str, Any]) -> str:
    """``name`` or ``name[axis=value,…]``."""
    if not combination:
        return name
    values = ",".join(f"{axis}={_short(value)}" for axis, value in combination.items())
    return f"{name}[{values}]"


def _axes_are_sound(axes: Mapping[str, Any], report: Report) -> bool:
    sound = True
    for name, values in axes.items():
        if not _AXIS.fullmatch(name):
            hint = "an axis is a name that templates can use: letters, digits, _"
            report((name,), _problem(f"'{name}' cannot be the name of an axis", hint))
        elif not isinstance(values, list) or not values:
            hint = f"write {name}: [first, second]"
            report((name,), _problem(f"the axis '{name}' must be a list with values", hint))
        elif (place := _repeated(values)) is not None:
            text = _short(values[place])
            message = f"the axis '{name}' has the value {text} twice"
            report((name, place), _problem(message, "leave one of them out"))
        else:
            continue
        sound = False
    return sound


def _entries(
    matrix: Mapping[str, Any], directive: str, axes: Mapping[str, Any], report: Report
) -> list[dict[str, Any]]:
    entries = matrix.get(directive)
    if entries is None:
        return []
    if not isinstance(entries, list):
        report((directive,), _problem(f"'{directive}' must be a list of mappings"))
        return []
    sound = []
    for place, entry in enumerate(entries):
        path = (directive, place)
        if not isinstance(entry, dict) or not entry:
            report(path, _problem(f"'{directive}' takes mappings of axis to value"))
        elif directive == "exclude" and (unknown := [name for name in entry if name not in axes]):
            near = get_close_matches(unknown[0], axes, 1)
            meant = f"; did you mean '{near[0]}'?" if near else ""
            known = f"axes are: {', '.join(axes)}"
            report((*path, unknown[0]), _problem(f"there is no axis '{unknown[0]}'{meant}", known))
        else:
            sound.append(entry)
    return sound


def _agrees(combination: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    return all(
        name in combination and same_value(combination[name], value)
        for name, value in entry.items()
    )


def _repeated(values: list[Any]) -> int | None:
    for place, value in enumerate(values):
        if any(same_value(value, earlier) for earlier in values[:place]):
            return place
    return None


def _short(value: Any) -> str:
    if isinstance(value, str):
        text = value
    elif isinstance(value, bool) or value is None or isinstance(value, dict | list):
        text = json.dumps(value, ensure_ascii=False, default=str)
    else:
        text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _problem(message: str, hint: str | None = None) -> ValueProblem:
    return ValueProblem("FAB309", message, hint)

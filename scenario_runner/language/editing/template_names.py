"""Names that a template can use at a place, for an editor: what comes after the last dot of what is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scenario_runner.language.axes import axes_of
from scenario_runner.language.editing.listed_steps import saved_in_lists
from scenario_runner.language.sandbox import environment
from scenario_runner.language.shapes import Shape, step_names
from scenario_runner.language.written_entries import written_entries

if TYPE_CHECKING:
    from scenario_runner.language.editing.offering import Surrounding
    from scenario_runner.origins import Path

_CHAIN = re.compile(r"((?:[A-Za-z_]\w*(?:\[\w*\])*\s*\.\s*)*)([A-Za-z_]\w*)?$")
_FILTER = re.compile(r"\|\s*(\w*)$")
_PART = re.compile(r"([A-Za-z_]\w*)((?:\[\w*\])*)")


def names_at(
    written: str, data: Any, path: Path, around: Surrounding
) -> tuple[str, dict[str, str]]:
    """The word at the end of an expression, and what could stand in its place, with what each is."""
    if match := _FILTER.search(written):
        return match[1], dict.fromkeys(sorted(environment().filters), "filter")
    match = _CHAIN.search(written)
    if match is None:
        return "", {}
    shape: Shape | None = _names(data, path, around)
    for part in _PART.finditer(match[1] or ""):
        shape = (shape.attributes or {}).get(part[1]) if shape is not None else None
        for _ in range(part[2].count("[")):
            shape = None if shape is None else shape.item
    known = {} if shape is None else shape.attributes or {}
    return match[2] or "", {name: _kind(each) for name, each in known.items()}


def _kind(shape: Shape) -> str:
    if shape.attributes is not None:
        return "mapping"
    return "list" if shape.item is not None else ""


def _names(data: Any, path: Path, around: Surrounding) -> Shape:
    """What is known at a path of a scenario or step list, as far as the file says it."""
    data = data if isinstance(data, dict) else {}
    variables = data.get("vars")
    matrix = data.get("matrix")
    axes = axes_of(matrix)
    saved: list[str] = []
    extra: list[str] = []
    for place, entry in written_entries(data):
        if place == path[: len(place)]:
            extra = [
                name for key, name in (("for_each", "item"), ("repeat", "turn")) if key in entry
            ]
            break
        if isinstance(entry.get("save_as"), str):
            saved.append(entry["save_as"])
        saved += saved_in_lists(entry, around)
    shape = step_names(variables if isinstance(variables, dict) else {}, axes, saved, extra)
    known = dict(shape.attributes or {})
    if isinstance(data.get("parameters"), dict):
        known["params"] = Shape(attributes=dict.fromkeys(data["parameters"], Shape()))
    if data.get("rows") is not None:
        columns = around.columns(str(data["rows"]))
        known["row"] = Shape(attributes=dict.fromkeys(columns, Shape()))
    return Shape(attributes=known)

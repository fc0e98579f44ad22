"""Warnings about the way through a scenario: steps that never run, and nothing that is checked."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.language.axes import has_part
from scenario_runner.language.diagnostic_words import CUT, quoted, some_of
from scenario_runner.language.same import Same
from scenario_runner.language.sandbox import parsed
from scenario_runner.language.template_limits import TemplateProblem
from scenario_runner.language.template_trees import every
from scenario_runner.language.templates import expression_in, has_template, holds
from scenario_runner.language.written_entries import written_entries

if TYPE_CHECKING:
    from scenario_runner.language.document import Document
    from scenario_runner.language.schema_marks import Mark
    from scenario_runner.origins import Path

_MOST_CASES = 1_000


def unreachable(document: Document, marked: list[Mark]) -> Iterator[Diagnostic]:
    """Steps whose ``when`` holds in no case, as far as the matrix alone decides it, or that have no items."""
    data = document.data
    skip = data.get("skip")
    if isinstance(skip, dict) and _always(skip.get("when"), data, wanted=True):
        message = "every case is skipped: 'when' always holds"
        yield _warning(document, ("skip", "when"), message, "take 'skip' out to run them again")
    steps = {mark.path for mark in marked if mark.kind == "x-entry-of" and mark.what == "step"}
    for path, entry in written_entries(data):
        if path not in steps and path[-2:-1] != ("parallel",):
            continue
        if "when" in entry and _always(entry["when"], data, wanted=False):
            message = "this step never runs: 'when' holds in no case"
            yield _warning(
                document, (*path, "when"), message, "change 'when', or take the step out"
            )
        elif entry.get("for_each") == []:
            message = "this step never runs: 'for_each' has no items"
            yield _warning(document, (*path, "for_each"), message, "give it items")


def _always(expression: Any, data: Mapping[str, Any], *, wanted: bool) -> bool:
    """Whether an expression has the truth wanted in every case there can be."""
    if isinstance(expression, bool):
        return expression is wanted
    if not isinstance(expression, str):
        return False
    try:
        tree = parsed(expression_in(expression).text)
        names = {node.name for node in every(tree) if isinstance(node, nodes.Name)}
        if not names <= {"matrix"}:
            return False
        cases = _cases(data.get("matrix")) if names else [{}]
        return bool(cases) and all(holds(expression, {"matrix": case}) is wanted for case in cases)
    except (InvalidInput, TemplateProblem):
        return False


def _cases(matrix: Any) -> list[dict[str, Any]]:
    """The combinations of a matrix, those that are excluded too; none where they are not written out."""
    if not isinstance(matrix, dict) or "include" in matrix:
        return []
    axes = {name: values for name, values in matrix.items() if name != "exclude"}
    if not all(isinstance(values, list) and values for values in axes.values()):
        return []
    combined = itertools.product(*axes.values())
    found = [dict(zip(axes, one, strict=True)) for one in itertools.islice(combined, _MOST_CASES)]
    return found if len(found) < _MOST_CASES else []


def idle_exclusions(document: Document) -> Iterator[Diagnostic]:
    """Entries of ``exclude`` that no combination has, as far as the axes are written out."""
    matrix = document.data.get("matrix")
    entries = matrix.get("exclude") if isinstance(matrix, dict) else None
    if not isinstance(matrix, dict) or not isinstance(entries, list) or has_template(matrix):
        return
    for place, entry in enumerate(entries):
        for axis, part in entry.items() if isinstance(entry, dict) else ():
            values = matrix.get(axis)
            if not isinstance(values, list) or any(has_part(value, part) for value in values):
                continue
            message = f"this excludes nothing: {quoted(axis)} is never {_json(part)}"
            hint = f"its values are: {some_of(map(_json, values))}"
            where = document.where(("matrix", "exclude", place, axis))
            yield Diagnostic("FAB907", where, message, hint, "warning")


def _json(value: Any) -> str:
    """A value in which text is told from a number; cut, for it may be long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= CUT else f"{text[: CUT - 1]}…"


def unproved(
    document: Document, whole: Document, schema: Mapping[str, Any]
) -> Iterator[Diagnostic]:
    """A scenario without steps, or with no check in any of them, nor a step that is to fail."""
    entries = [entry for _, entry in written_entries(whole.data)]
    place: Path
    if not entries:
        place = ("steps",) if "steps" in document.data else ()
        where = document.where(place, key=True)
        hint = "write what is to be done, beginning with a send, and an assert of what should come of it"
        yield Diagnostic("FAB903", where, "the scenario has no steps", hint, "warning")
        return
    if any("fails" in entry for entry in entries):
        return
    if any("use" in entry for entry in entries):
        return  # which checks there are is known when the list is found
    load = whole.data.get("load")
    if isinstance(load, dict) and load.get("checks"):
        return
    judging = _judging(Same(schema))
    if not any(judging & entry.keys() for entry in entries):
        hint = "add an assert; a run whose steps only pass says little of what the PACS has"
        place = ("steps",) if document.data.get("steps") else ()
        where = document.where(place, key=True)
        yield Diagnostic("FAB903", where, "the scenario checks nothing", hint, "warning")


@lru_cache(maxsize=16)
def _judging(schema: Same[Mapping[str, Any]]) -> frozenset[str]:
    """The steps that have checks, and those that are checks themselves, such as ``migrate``."""
    defs = schema.thing["$defs"]
    checked = '"$ref": "#/$defs/check"'
    return frozenset(
        name
        for name in defs["step"]["properties"]
        if f"check.{name}" in defs or checked in json.dumps(defs.get(f"step.{name}"))
    )


def _warning(document: Document, path: Path, message: str, hint: str) -> Diagnostic:
    return Diagnostic("FAB902", document.where(path), message, hint, "warning")

"""Go to definition: into libraries, the site file, the file of rows, and to what gave a name in the file itself."""

from __future__ import annotations

import re
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import Where
from scenario_runner.language.editing.described import described
from scenario_runner.language.editing.listed_steps import saved_in_lists
from scenario_runner.language.editing.pointing import Pointed, pointed
from scenario_runner.language.named_files import named_file
from scenario_runner.language.templates import is_template
from scenario_runner.language.written_entries import written_entries

if TYPE_CHECKING:
    from scenario_runner.language.document import Document
    from scenario_runner.language.editing.described import Schema
    from scenario_runner.language.editing.offering import Surrounding
    from scenario_runner.origins import Path

_MEMBER = re.compile(
    r"""\b(?P<of>vars|params|matrix|row)\s*(?:\.\s*(?P<name>\w+)|\[\s*(?P<quote>['"])(?P<key>[^'"]*)(?P=quote))"""
    r"|\b(?P<alone>[A-Za-z_]\w*)"
)
_TOP = {"vars": "vars", "params": "parameters", "matrix": "matrix"}
_GIVEN_BY = {"item": "for_each", "turn": "repeat"}
_SAVED = ("saved", "selection", "instances", "step")


def definition(
    document: Document, offset: int, schema: Schema, around: Surrounding
) -> Where | None:
    """Where what stands at an offset is said; None where nothing says it."""
    found = pointed(document, offset)
    if found is None:
        return None
    if found.is_key:
        return _parameter(document, found, around)
    value: Any = document.data
    for part in found.path:
        value = value[part]
    if not isinstance(value, str):
        return None
    if is_template(value):
        return _in_template(document, found, offset, around)
    for one in described(schema, found.path):
        what = one.get("x-one-of") or one.get("x-name-of")
        if what in ("step_list", "scenario"):
            there = around.document(value, scenario=what == "scenario")
            return None if there is None else there.where(("name",))
        if what == "target":
            site = around.site()
            return None if site is None else site.where(("targets", value), key=True)
        if what == "file" or found.path == ("rows",):
            file = FilePath(named_file(document.file, value))
            return Where(str(file)) if file.is_file() else None
        if what in _SAVED:
            return _saved(document, value, found.path, around)
    if found.path == ("rows",):
        file = FilePath(document.file).parent / value
        return Where(str(file)) if file.is_file() else None
    return _in_template(document, found, offset, around)


def _parameter(document: Document, found: Pointed, around: Surrounding) -> Where | None:
    """Of a key under ``with``: the parameter of the list."""
    if found.path[-3:-1] != ("use", "with"):
        return None
    entry: Any = document.data
    for part in found.path[:-2]:
        entry = entry[part]
    there = around.document(str(entry.get("steps", "")), scenario=False)
    return None if there is None else there.where(("parameters", found.path[-1]), key=True)


def _saved(document: Document, name: str, path: Path, around: Surrounding) -> Where | None:
    """The last step before a path that gives a name, here or in a list that is used."""
    given = None
    for place, entry in written_entries(document.data):
        if place == path[: len(place)]:
            break
        given = saved_in_lists(entry, around).get(name, given)
        for key in ("save_as", "id"):
            if entry.get(key) == name:
                given = document.where((*place, key))
    return given


def _in_template(
    document: Document, found: Pointed, offset: int, around: Surrounding
) -> Where | None:
    text = document.text[found.start : found.end]
    for match in _MEMBER.finditer(text):
        if match.start() <= offset - found.start <= match.end():
            if match["of"]:
                return _member(document, match["of"], match["name"] or match["key"], around)
            if match["alone"] in _GIVEN_BY:
                return _repeated(document, _GIVEN_BY[match["alone"]], found.path)
            return _saved(document, match["alone"], found.path, around)
    return None


def _member(document: Document, of: str, name: str, around: Surrounding) -> Where | None:
    """Where a variable, axis, parameter or column is named: here, or in the scenario of a library that this one is."""
    data = document.data
    if of == "row" and data.get("rows") is not None:
        return around.columns(str(data["rows"])).get(name)
    top = _TOP.get(of, "")
    if isinstance(data.get(top), dict) and name in data[top]:
        return document.where((top, name), key=True)
    if of != "vars" or not isinstance(data.get("scenario"), str):
        return None
    base = around.document(data["scenario"], scenario=True)
    there = base is not None and isinstance(base.data.get(top), dict) and name in base.data[top]
    return base.where((top, name), key=True) if base is not None and there else None


def _repeated(document: Document, key: str, path: Path) -> Where | None:
    """What says how often the step at a path runs."""
    for place, entry in written_entries(document.data):
        if place == path[: len(place)] and key in entry:
            return document.where((*place, key), key=True)
    return None

"""Go to definition: into libraries, the site file, the file of rows, and to what gave a name in the file itself."""

from __future__ import annotations

import re
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import Where
from scenario_runner.language.editing.described import described
from scenario_runner.language.editing.pointing import Pointed, pointed
from scenario_runner.language.named_files import named_file
from scenario_runner.language.written_entries import written_entries

if TYPE_CHECKING:
    from scenario_runner.language.document import Document
    from scenario_runner.language.editing.described import Schema
    from scenario_runner.language.editing.offering import Surrounding
    from scenario_runner.origins import Path

_MEMBER = re.compile(r"\b(vars|params|matrix)\s*\.\s*(\w+)|\b([A-Za-z_]\w*)")
_TOP = {"vars": "vars", "params": "parameters", "matrix": "matrix"}
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
            return _saved(document, value, found.path)
    if found.path == ("rows",):
        file = FilePath(document.file).parent / value
        return Where(str(file)) if file.is_file() else None
    return _in_template(document, found, offset)


def _parameter(document: Document, found: Pointed, around: Surrounding) -> Where | None:
    """Of a key under ``with``: the parameter of the list."""
    if found.path[-3:-1] != ("use", "with"):
        return None
    entry: Any = document.data
    for part in found.path[:-2]:
        entry = entry[part]
    there = around.document(str(entry.get("steps", "")), scenario=False)
    return None if there is None else there.where(("parameters", found.path[-1]), key=True)


def _saved(document: Document, name: str, path: Path) -> Where | None:
    """The last step before a path that gives a name."""
    given = None
    for place, entry in written_entries(document.data):
        if place == path[: len(place)]:
            break
        for key in ("save_as", "id"):
            if entry.get(key) == name:
                given = document.where((*place, key))
    return given


def _in_template(document: Document, found: Pointed, offset: int) -> Where | None:
    text = document.text[found.start : found.end]
    for match in _MEMBER.finditer(text):
        if match.start() <= offset - found.start <= match.end():
            if match[1]:
                top = _TOP[match[1]]
                known = document.data.get(top)
                there = isinstance(known, dict) and match[2] in known
                return document.where((top, match[2]), key=True) if there else None
            return _saved(document, match[3], found.path)
    return None

"""What ``defaults`` says, put into each step that does not say it itself.

``timeout`` and ``retry`` go for every step, those of lists too. Of the parameters of a kind of step only what it may
leave out has a default: where something is sent or asked stands beside each step. Steps that come from a list keep
what the list says of these.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scenario_runner.language.document import Document, Node
from scenario_runner.language.entries import SECTIONS, StepDefaults
from scenario_runner.language.uses import Expanded, Origin
from scenario_runner.language.written_entries import written_entries

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from scenario_runner.hooks import Offered
    from scenario_runner.origins import Path

LISTS = ("use", "parallel")
"""What stands for several steps and has no parameters of its own to give."""


def of_all_steps(given: Any, steps: Collection[str]) -> Any:
    """The part of ``defaults`` that goes for steps of any kind. steps: the names of all kinds."""
    if not isinstance(given, dict):
        return given
    return {key: value for key, value in given.items() if key not in steps}


def with_defaults(document: Document, plugins: Offered) -> Document:
    """The document with the parameters that its ``defaults`` give to its own steps, at the place where they stand."""
    given = _given(document.data, plugins)
    if not given:
        return document
    origins: dict[Path, Origin] = {}
    data = dict(document.data)
    for path, entry in list(written_entries(document.data)):
        for step in given.keys() & entry.keys():
            own = entry[step]
            if own is not None and not isinstance(own, dict):
                continue
            more = {key: value for key, value in given[step].items() if key not in (own or {})}
            if not more:
                continue
            data = _put(data, (*path, step), {**(own or {}), **more})
            for key in more:
                origins[(*path, step, key)] = Origin(document, ("defaults", step, key), None)
    return _placed(document, data, origins)


def with_common_defaults(document: Document, steps: Collection[str]) -> Document:
    """The document with the timeout and retries that its ``defaults`` give to every step, at the place where they stand.

    document: with its uses spelled out. steps: the names of all kinds.
    """
    defaults = document.data.get("defaults") if isinstance(document.data, dict) else None
    given = {
        key: defaults[key]
        for key in StepDefaults.model_fields
        if isinstance(defaults, dict) and defaults.get(key) is not None
    }
    if not given:
        return document
    origins: dict[Path, Origin] = {}
    data = dict(document.data)
    for section in SECTIONS:
        if not isinstance(data.get(section), list):
            continue
        data[section] = entries = list(data[section])
        for place, entry in enumerate(entries):
            if not isinstance(entry, dict) or not entry.keys() & steps:
                continue
            more = {key: value for key, value in given.items() if key not in entry}
            entries[place] = {**entry, **more}
            for key in more:
                origins[section, place, key] = Origin(document, ("defaults", key), None)
    return _placed(document, data, origins)


def _placed(document: Document, data: Any, origins: Mapping[Path, Origin]) -> Document:
    """The document with other content, some of which stands elsewhere."""
    if not origins:
        return document
    root = Node(document.root.start, document.root.end, data)
    if isinstance(document, Expanded):
        more = {**document.origins, **origins}
        return replace(document, root=root, origins=more)
    return Expanded(document.file, document.text, root, original=document, origins=origins, uses={})


def _given(data: Any, plugins: Offered) -> Mapping[str, dict[str, Any]]:
    defaults = data.get("defaults") if isinstance(data, dict) else None
    if not isinstance(defaults, dict):
        return {}
    steps = plugins.steps()
    return {
        key: value for key, value in defaults.items() if key in steps and isinstance(value, dict)
    }


def _put(tree: Any, path: Path, value: Any) -> Any:
    """A tree with another value at a path; what is not on the way there is shared."""
    if not path:
        return value
    copy: Any = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = _put(copy[path[0]], path[1:], value)
    return copy

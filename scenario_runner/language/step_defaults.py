"""What ``defaults`` says of the parameters of a kind of step, put into each step that does not say it itself.

Only what a step may leave out has a default: where something is sent or asked stands beside each step. Steps that
come from a list keep what the list says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.language.document import Document, Node
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
    if not origins:
        return document
    before = document.origins if isinstance(document, Expanded) else {}
    return Expanded(
        document.file, document.text, Node(document.root.start, document.root.end, data),
        original=document, origins={**before, **origins}, uses={},
        based_on=document.based_on if isinstance(document, Expanded) else None,
    )  # fmt: skip


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

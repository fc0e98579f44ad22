"""Where the values of variables came from that are declared with others: a ``with``, a site's overlay, ``--set``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import Diagnostic, Where
from scenario_runner.fields.scalars import AXIS_OF
from scenario_runner.language.diagnostic_words import quoted, value_words
from scenario_runner.language.overriding import variable_in
from scenario_runner.language.uses import Expanded
from scenario_runner.language.variables import variables_in
from scenario_runner.origins import path_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scenario_runner.language.document import Document
    from scenario_runner.origins import Path


def given_in(document: Document, overrides: Iterable[str]) -> dict[str, Where]:
    """By variable, where the value stands that it has instead of the declared one.

    overrides: names as ``--set`` takes them, which win over the ``with`` of a scenario that is one of a library.
    """
    origins = document.origins.items() if isinstance(document, Expanded) else ()
    found = {
        str(path[1]): origin.where((), key=False)
        for path, origin in origins
        if origin.is_value and len(path) == 2 and path[0] == "vars"
    }
    for name in overrides:
        if not name.startswith(AXIS_OF):
            found[variable_in(name)[0]] = Where("", label=f"--set {name}")
    return found


def traced(
    found: Iterable[Diagnostic],
    document: Document,
    variables: Mapping[str, Any],
    given: Mapping[str, Where],
) -> list[Diagnostic]:
    """Findings, with where the values came from that were put in at their place.

    variables: their values, not rendered. given: as of ``given_in``.
    """
    return [_traced(one, document, variables, given) if given else one for one in found]


def _traced(
    one: Diagnostic, document: Document, variables: Mapping[str, Any], given: Mapping[str, Where]
) -> Diagnostic:
    path = path_of(one.where.path)
    if not path:
        return one
    giver = given.get(str(path[1])) if len(path) > 1 and path[0] == "vars" else None
    if giver is not None and giver.file and document.where(path).file == one.where.file:
        return replace(one, where=giver)  # the value that is wrong, and not the declared one
    told = [
        f"{quoted(name)} is {value_words(variables[name])}, from {_shown(given[name])}"
        for name in _behind(_written(_data_of(document, one.where.file), path), variables)
        if name in given
    ]
    return replace(one, hint="\n".join([*filter(None, [one.hint]), *told])) if told else one


def _data_of(document: Document, file: str) -> Any:
    """What stands in the file of a scenario, or of the one in a library that it is; None for another file."""
    waiting = [document]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Expanded):
            waiting += filter(None, (each.based_on, each.original))
        elif each.file == file:
            return each.data
    return None


def _shown(where: Where) -> str:
    return f"{where.file}:{where.line}:{where.column}" if where.file else where.label


def _written(tree: Any, path: Path) -> Any:
    """What stands at a path, or on the way there a text that becomes all of it; None where nothing does."""
    for part in path:
        if isinstance(tree, str):
            return tree
        try:
            tree = tree[part]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def _behind(value: Any, variables: Mapping[str, Any]) -> list[str]:
    """The variables that a value is made from, at first or second hand."""
    found: dict[str, None] = {}
    waiting = [value]
    while waiting:
        for name in variables_in(waiting.pop()):
            if name is not None and name in variables and name not in found:
                found[name] = None
                waiting.append(variables[name])
    return list(found)

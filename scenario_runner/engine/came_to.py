"""What the templates of a step that did not pass came to: where each stands, its value, and where its names are from."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from jinja2 import nodes

from scenario_runner.errors import FabricatorError, Where, described
from scenario_runner.language.sandbox import parsed
from scenario_runner.language.template_limits import TemplateProblem
from scenario_runner.language.template_trees import every
from scenario_runner.language.templates import render_text, split, texts

if TYPE_CHECKING:
    from scenario_runner.engine.state import CaseState
    from scenario_runner.language.entries import StepEntry

MOST: Final = 20
"""Templates of one step that are told."""
_LONGEST: Final = 200
_ELEMENTS: Final = 5
_PLAN: Final = frozenset({"patients", "studies", "series", "images"})
_BY_KEY: Final = frozenset({"vars", "matrix", "row", "params"})


def came_to(
    state: CaseState, entry: StepEntry, names: Mapping[str, Any], checks: Collection[int] = ()
) -> list[dict[str, str]]:
    """``{at, written, value, from}`` of each template in the parameters, in the order of the file.

    checks: the places of those that failed, in a step that has checks; none means all of it. A value is JSON, cut where
    it is long, of a template that cannot be rendered why in brackets. from: ``vars.images: --set images``, one for each name.
    """
    found: list[dict[str, str]] = []
    for below, text in texts(entry.parameters):
        if checks and below[0] not in checks:
            continue
        if len(found) == MOST:
            break
        where = entry.origins.where((*entry.parameters_path, *below))
        found.append(
            {
                "at": where.named,
                "written": _cut(text),
                "value": _cut(state.services.redactor.text(_value(text, names))),
                "from": "; ".join(dict.fromkeys(_origins(state, entry, text))),
            }
        )
    return found


def _value(text: str, names: Mapping[str, Any]) -> str:
    try:
        return _shown(render_text(text, names))
    except (TemplateProblem, FabricatorError) as error:
        return f"({error})"
    except BaseException as error:  # noqa: BLE001 - what a plugin has saved throws whatever it likes
        return f"({described(error)})"


def _shown(value: Any, depth: int = 0) -> str:
    """JSON, of what is large its beginning."""
    if isinstance(value, Mapping) and depth < 2:
        items = [
            f"{json.dumps(str(key))}: {_shown(value[key], depth + 1)}"
            for key, _ in zip(value, range(_ELEMENTS), strict=False)
        ]
        return "{" + ", ".join([*items, *_more(value)]) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str) and depth < 2:
        first = [_shown(value[place], depth + 1) for place in range(min(_ELEMENTS, len(value)))]
        return "[" + ", ".join([*first, *_more(value)]) + "]"
    if isinstance(value, Mapping | Sequence) and not isinstance(value, str):
        return "…"
    return json.dumps(value, ensure_ascii=False, default=str)


def _more(value: Sequence[Any] | Mapping[str, Any]) -> list[str]:
    return [f"… {len(value)} in all"] if len(value) > _ELEMENTS else []


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _origins(state: CaseState, entry: StepEntry, text: str) -> Iterator[str]:
    """For each name of a template where its value is from."""
    for part in split(text):
        if not part.is_expression:
            continue
        for node in every(parsed(part.text)):
            key = _key(node)
            if key is not None:
                yield from _of_key(state, entry, *key)
            elif isinstance(node, nodes.Name) and node.name not in _BY_KEY:
                yield from _of_name(state, node.name)


def _key(node: nodes.Node) -> tuple[str, str] | None:
    """``vars`` and ``images`` of ``vars.images`` or ``vars['images']``."""
    if not isinstance(node, nodes.Getattr | nodes.Getitem):
        return None
    if not isinstance(node.node, nodes.Name) or node.node.name not in _BY_KEY:
        return None
    if isinstance(node, nodes.Getattr):
        return node.node.name, node.attr
    return (node.node.name, str(node.arg.value)) if isinstance(node.arg, nodes.Const) else None


def _of_key(state: CaseState, entry: StepEntry, root: str, key: str) -> Iterator[str]:
    scenario = state.job.scenario
    where: Where | None = None
    if root == "vars":
        where = scenario.given.get(key) or scenario.origins.where(("vars", key), key=True)
    elif root == "matrix":
        where = scenario.origins.where(("matrix", key), key=True)
    elif root == "params" and entry.use is not None:
        where = entry.use.where
    if where is not None:
        yield f"{root}.{key}: {where.named}"
    elif root == "row" and scenario.rows is not None:
        yield f"{root}.{key}: {scenario.rows.file}"


def _of_name(state: CaseState, name: str) -> Iterator[str]:
    if name in _PLAN:
        yield f"{name}: the plan"
    elif name in state.saved_by:
        yield f"{name}: saved by step '{state.saved_by[name]}'"

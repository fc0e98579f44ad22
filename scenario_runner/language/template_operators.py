"""Operators and text methods of templates, as functions that pay from the budget before they work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import pass_context

from scenario_runner.language.template_values import (
    ExpressionContext,
    TemplateProblem,
    compare,
    kind,
    present,
    text_of,
)


@pass_context
def _concat(context: ExpressionContext, parts: Any) -> str:
    texts = [text_of(part) for part in parts]
    context.budget.text(sum(map(len, texts)))
    return "".join(texts)


@pass_context
def _compare(context: ExpressionContext, value: Any, *steps: Any) -> bool:
    for symbol, other in zip(steps[::2], steps[1::2], strict=True):
        if not compare(context.budget, symbol, value, other):
            return False
        value = other
    return True


@pass_context
def _slice(context: ExpressionContext, value: Any, start: Any, stop: Any, step: Any) -> Any:
    value = present(value)
    part = slice(start, stop, step)
    if isinstance(value, str):
        context.budget.text(len(value))
        return value[part]
    if not isinstance(value, Sequence):
        raise TemplateProblem("FAB207", f"needs a list or text, but it is {kind(value)}")
    places = range(*part.indices(len(value)))
    context.budget.list(len(places))
    return [value[place] for place in places]


@pass_context
def _method(context: ExpressionContext, value: Any, name: str, *args: Any) -> Any:
    value = present(value)
    if not isinstance(value, str):
        raise TemplateProblem(
            "FAB207", f"'{name}' works on text, but it is {kind(value)}", None, name
        )
    context.budget.text(len(value))
    if name == "split":
        separators = value.count(args[0]) if args and isinstance(args[0], str) and args[0] else 0
        context.budget.list(separators or len(value) // 2)
    return getattr(value, name)(*map(present, args))


TEXT_METHODS = frozenset(
    ("startswith", "endswith", "split", "strip", "lstrip", "rstrip", "lower", "upper", "title")
)
"""What may be called on a text; nothing else can be called at all."""


OPERATORS: Mapping[str, Callable[..., Any]] = {
    " concat": _concat,
    " compare": _compare,
    " slice": _slice,
    " method": _method,
}
"""What ``~``, comparisons, slices and text methods become; the names cannot be written."""

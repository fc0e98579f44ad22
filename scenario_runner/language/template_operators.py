"""Operators and text methods of templates, as functions that pay from the budget before they work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from scenario_runner.language.template_limits import TemplateProblem
from scenario_runner.language.template_values import (
    ExpressionContext,
    compare,
    kind,
    present,
    text_of,
)


def joined(context: ExpressionContext, parts: Sequence[Any]) -> str:
    """``a ~ b``."""
    texts = [text_of(part) for part in parts]
    context.budget.text(sum(map(len, texts)))
    return "".join(texts)


def ordered(context: ExpressionContext, value: Any, steps: Iterable[tuple[str, Any]]) -> bool:
    """``a < b <= c``: whether each comparison holds; steps: Jinja's name of one and its right side."""
    for symbol, other in steps:
        if not compare(context.budget, symbol, value, other):
            return False
        value = other
    return True


def sliced(context: ExpressionContext, value: Any, start: Any, stop: Any, step: Any) -> Any:
    """``a[1:3]`` of a list or text."""
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


def method(context: ExpressionContext, value: Any, name: str, *args: Any) -> Any:
    """``a.lower()``: one of TEXT_METHODS."""
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

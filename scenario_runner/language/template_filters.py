"""The filters of template expressions: a fixed list, all of bounded work.

They are Jinja's by name and meaning, with three differences. Lists come out as lists, so ``| list``
after ``map`` is allowed but not needed. What cannot be meant is an error instead of a guess, such as
walking the letters of a text. And each pays from the evaluation's budget before it works.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from scenario_runner.language.dicom_text import as_da, as_tm
from scenario_runner.language.template_limits import Budget, TemplateProblem
from scenario_runner.language.template_tests import TESTS, named
from scenario_runner.language.template_values import (
    ExpressionContext,
    Missing,
    calculate,
    checked_number,
    elements,
    kind,
    present,
    reach,
    text_of,
)

_NOTHING: Any = object()


def _count(value: Any, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise TemplateProblem("FAB207", f"needs a number of {least} or more, not {kind(value)}")
    return value


def _dotted(budget: Budget, value: Any, attribute: Any) -> Any:
    """``a.b.0`` below a value, as ``map(attribute=…)`` and ``sort(attribute=…)`` have it."""
    attribute = str(present(attribute))
    budget.spend(1 + len(attribute) // 16)
    for part in attribute.split(".")[:20]:
        value = reach(value, int(part) if part.isdecimal() and len(part) < 10 else part)
    return value


def _key(budget: Budget, attribute: Any, case_sensitive: bool) -> Callable[[Any], Any]:
    def key(item: Any) -> Any:
        value = present(item if attribute is None else _dotted(budget, item, attribute))
        if not isinstance(value, str) or case_sensitive:
            return value
        budget.read(value)
        return value.lower()

    return key


# --- one value ------------------------------------------------------------------------------


def _default(_: ExpressionContext, value: Any, default: Any = "", boolean: bool = False) -> Any:
    return default if isinstance(value, Missing) or (boolean and not value) else value


def _length(_: ExpressionContext, value: Any) -> int:
    value = present(value)
    if isinstance(value, str | Mapping | Sequence):
        return len(value)
    raise TemplateProblem("FAB207", f"{kind(value)} has no length")


def _int(context: ExpressionContext, value: Any, default: Any = 0, base: int = 10) -> Any:
    value = present(value)
    try:
        if isinstance(value, str):
            context.budget.read(value)
            return checked_number(int(value if len(value) <= 400 else "", base))
        return int(value)
    except (ValueError, TypeError, OverflowError):
        pass
    try:
        return int(float(value))
    except (ValueError, TypeError, OverflowError):
        return default


def _float(context: ExpressionContext, value: Any, default: Any = 0.0) -> Any:
    value = present(value)
    context.budget.read(value)
    try:
        return checked_number(float(value))
    except (ValueError, TypeError, OverflowError):
        return default


def _round(_: ExpressionContext, value: Any, precision: int = 0, method: str = "common") -> Any:
    value = present(value)
    ways: dict[Any, Callable[[float], float]] = {"ceil": math.ceil, "floor": math.floor}
    if not isinstance(value, int | float) or _count(abs(precision)) > 300:
        raise TemplateProblem("FAB207", f"cannot round {kind(value)} to {precision} digits")
    if method == "common":
        return round(value, precision)
    if method not in ways:
        raise TemplateProblem("FAB207", "the method of round is 'common', 'ceil' or 'floor'")
    return checked_number(ways[method](value * 10.0**precision) / 10.0**precision)


def _abs(_: ExpressionContext, value: Any) -> Any:
    value = present(value)
    if not isinstance(value, int | float):
        raise TemplateProblem("FAB207", f"{kind(value)} has no absolute value")
    return abs(value)


def _string(context: ExpressionContext, value: Any) -> str:
    text = text_of(value)
    context.budget.text(len(text))
    return text


def _plain(value: Any, budget: Budget, depth: int = 0) -> Any:
    if depth > 100:
        raise TemplateProblem("FAB208", "a value has more than 100 levels")
    if isinstance(value, str):
        budget.text(len(value))
        return value
    if isinstance(value, Mapping):
        budget.list(len(value))
        return {str(name): _plain(item, budget, depth + 1) for name, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item, budget, depth + 1) for item in elements(budget, value)]
    budget.spend(1)
    return value if isinstance(value, int | float | None) else text_of(value)


def _tojson(context: ExpressionContext, value: Any, indent: int | None = None) -> str:
    if indent is not None and _count(indent) > 8:
        raise TemplateProblem("FAB207", "the indent of tojson is 8 at most")
    context.budget.whole(present(value))  # cheap, and before any of it is copied
    plain = _plain(value, context.budget)
    text = json.dumps(plain, ensure_ascii=False, indent=indent)
    context.budget.text(len(text))
    return text


# --- texts ----------------------------------------------------------------------------------


def _on_text(change: Callable[[str], str]) -> Callable[..., str]:
    def apply(context: ExpressionContext, value: Any) -> str:
        text = text_of(value)
        context.budget.text(len(text))
        return change(text)

    return apply


def _trim(context: ExpressionContext, value: Any, chars: str | None = None) -> str:
    text = text_of(value)
    context.budget.text(len(text))
    return text.strip(chars)


def _replace(
    context: ExpressionContext, value: Any, old: Any, new: Any, count: int | None = None
) -> str:
    text, old, new = text_of(value), text_of(old), text_of(new)
    context.budget.text(len(text) + len(old) + len(new))
    times = text.count(old)
    if count is not None:
        times = min(times, _count(count))
    context.budget.text(len(text) + times * (len(new) - len(old)))
    return text.replace(old, new, times)


def _join(context: ExpressionContext, value: Any, d: Any = "", attribute: Any = None) -> str:
    items = elements(context.budget, value)
    separator = text_of(d)
    parts: list[str] = []
    length = 0
    for item in items:
        parts.append(
            text_of(item if attribute is None else _dotted(context.budget, item, attribute))
        )
        length += len(parts[-1]) + len(separator)
        if length > 100_000:
            break
    context.budget.text(max(0, length - len(separator)))
    return separator.join(parts)


# --- lists ----------------------------------------------------------------------------------


def _list(context: ExpressionContext, value: Any) -> list[Any]:
    value = present(value)
    if isinstance(value, str):
        context.budget.list(len(value))
        return list(value)
    return elements(context.budget, value)


def _end(index: int) -> Callable[..., Any]:
    def end(_: ExpressionContext, value: Any) -> Any:
        value = present(value)
        if isinstance(value, str):
            return value[index:][:1] if index == 0 else value[index:]
        if isinstance(value, Mapping):
            value = list(value)
        if isinstance(value, Sequence):
            return reach(value, index)
        raise TemplateProblem("FAB207", f"needs a list, but it is {kind(value)}")

    return end


def _extreme(choose: Callable[..., Any]) -> Callable[..., Any]:
    def extreme(
        context: ExpressionContext, value: Any, case_sensitive: bool = False, attribute: Any = None
    ) -> Any:
        items = _sortable(context, value)
        return (
            choose(items, key=_key(context.budget, attribute, case_sensitive))
            if items
            else reach([], 0)
        )

    return extreme


def _sortable(context: ExpressionContext, value: Any) -> list[Any]:
    items = elements(context.budget, value)
    context.budget.whole(items)
    context.budget.spend(20 * len(items))
    return items


def _sort(
    context: ExpressionContext,
    value: Any,
    reverse: bool = False,
    case_sensitive: bool = False,
    attribute: Any = None,
) -> list[Any]:
    items = _sortable(context, value)
    parts: list[str | None] = [*str(attribute).split(",")] if attribute else [None]
    context.budget.spend(len(items) * len(parts))
    keys = [_key(context.budget, part, case_sensitive) for part in parts]
    return sorted(items, key=lambda item: [key(item) for key in keys], reverse=bool(reverse))


def _dictsort(
    context: ExpressionContext,
    value: Any,
    case_sensitive: bool = False,
    by: str = "key",
    reverse: bool = False,
) -> list[Any]:
    place = {"key": 0, "value": 1}.get(by)
    if place is None:
        raise TemplateProblem("FAB207", "dictsort sorts by 'key' or by 'value'")
    pairs = _sortable(context, [list(pair) for pair in _pairs(context, value)])
    key = _key(context.budget, None, case_sensitive)
    return sorted(pairs, key=lambda pair: key(pair[place]), reverse=bool(reverse))


def _pairs(context: ExpressionContext, value: Any) -> Iterable[tuple[Any, Any]]:
    value = present(value)
    if not isinstance(value, Mapping):
        raise TemplateProblem("FAB207", f"needs a mapping, but it is {kind(value)}")
    context.budget.list(len(value))
    return value.items()


def _items(context: ExpressionContext, value: Any) -> list[Any]:
    return [list(pair) for pair in _pairs(context, value)]


def _unique(
    context: ExpressionContext, value: Any, case_sensitive: bool = False, attribute: Any = None
) -> list[Any]:
    key = _key(context.budget, attribute, case_sensitive)
    found: dict[Any, Any] = {}
    for item in _sortable(context, value):
        found.setdefault(key(item), item)
    return list(found.values())


def _reverse(context: ExpressionContext, value: Any) -> Any:
    if isinstance(value, str):
        context.budget.text(len(value))
        return value[::-1]
    return elements(context.budget, value)[::-1]


def _sum(context: ExpressionContext, value: Any, attribute: Any = None, start: Any = 0) -> Any:
    total = start
    for item in elements(context.budget, value):
        number = present(item if attribute is None else _dotted(context.budget, item, attribute))
        if not isinstance(number, int | float):
            raise TemplateProblem("FAB207", f"cannot add up {kind(number)}")
        total = calculate(context.budget, "+", total, number)
    return total


def _map(context: ExpressionContext, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
    items = elements(context.budget, value)
    if "attribute" in kwargs and not args:
        attribute, default = kwargs.pop("attribute"), kwargs.pop("default", _NOTHING)
        if not kwargs:
            found = (_dotted(context.budget, item, attribute) for item in items)
            if default is _NOTHING:
                return [present(item) for item in found]
            return [default if isinstance(item, Missing) else item for item in found]
    if not args:
        raise TemplateProblem("FAB207", "map takes attribute='…' or the name of a filter")
    work = named(FILTERS, "filter", args[0])
    return [work(context, item, *args[1:], **kwargs) for item in items]


def _selection(keep: bool, by_attribute: bool) -> Callable[..., list[Any]]:
    def select(context: ExpressionContext, value: Any, *args: Any) -> list[Any]:
        rest = list(args)
        if by_attribute and not rest:
            raise TemplateProblem("FAB207", "needs the name of an attribute")
        attribute = rest.pop(0) if by_attribute else None
        test = named(TESTS, "test", rest.pop(0)) if rest else None

        def holds(item: Any) -> bool:
            if by_attribute:
                item = _dotted(context.budget, item, attribute)
            return bool(present(item)) if test is None else bool(test(context, item, *rest))

        return [item for item in elements(context.budget, value) if holds(item) == keep]

    return select


# --- what the language makes of operators ------------------------------------------------------


FILTERS: Mapping[str, Callable[..., Any]] = {
    "abs": _abs,
    "capitalize": _on_text(str.capitalize),
    "count": _length,
    "d": _default,
    "da": _on_text(as_da),
    "default": _default,
    "dictsort": _dictsort,
    "first": _end(0),
    "float": _float,
    "int": _int,
    "items": _items,
    "join": _join,
    "last": _end(-1),
    "length": _length,
    "list": _list,
    "lower": _on_text(str.lower),
    "map": _map,
    "max": _extreme(max),
    "min": _extreme(min),
    "reject": _selection(keep=False, by_attribute=False),
    "rejectattr": _selection(keep=False, by_attribute=True),
    "replace": _replace,
    "reverse": _reverse,
    "round": _round,
    "select": _selection(keep=True, by_attribute=False),
    "selectattr": _selection(keep=True, by_attribute=True),
    "sort": _sort,
    "string": _string,
    "sum": _sum,
    "title": _on_text(str.title),
    "tojson": _tojson,
    "tm": _on_text(as_tm),
    "trim": _trim,
    "unique": _unique,
    "upper": _on_text(str.upper),
}
"""What can stand behind ``|``."""

"""What can stand behind ``is`` in a template: a fixed list, all of bounded work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from scenario_runner.language.template_limits import TemplateProblem
from scenario_runner.language.template_values import (
    ExpressionContext,
    Missing,
    brief,
    calculate,
    compare,
    contains,
    kind,
    listing,
    meant,
    present,
)


def _is(check: Callable[[Any], bool]) -> Callable[..., bool]:
    def test(context: ExpressionContext, value: Any) -> bool:
        context.budget.read(value)
        return check(present(value))

    return test


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TemplateProblem("FAB207", f"needs a whole number, but it is {kind(value)}")
    return value


def _compared(symbol: str) -> Callable[..., bool]:
    def test(context: ExpressionContext, value: Any, other: Any) -> bool:
        return compare(context.budget, symbol, value, other)

    return test


def _defined(_: ExpressionContext, value: Any) -> bool:
    return not isinstance(value, Missing)


def _undefined(_: ExpressionContext, value: Any) -> bool:
    return isinstance(value, Missing)


def _in(context: ExpressionContext, value: Any, container: Any) -> bool:
    return contains(context.budget, container, value)


def _divisible(context: ExpressionContext, value: Any, by: Any) -> bool:
    return bool(calculate(context.budget, "%", value, by) == 0)


TESTS: Mapping[str, Callable[..., bool]] = {
    "boolean": _is(lambda value: isinstance(value, bool)),
    "defined": _defined,
    "divisibleby": _divisible,
    "even": _is(lambda value: _whole(value) % 2 == 0),
    "false": _is(lambda value: value is False),
    "float": _is(lambda value: isinstance(value, float)),
    "in": _in,
    "integer": _is(lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "iterable": _is(lambda value: isinstance(value, str | Sequence | Mapping)),
    "lower": _is(lambda value: isinstance(value, str) and value.islower()),
    "mapping": _is(lambda value: isinstance(value, Mapping)),
    "none": _is(lambda value: value is None),
    "number": _is(lambda value: isinstance(value, int | float)),
    "odd": _is(lambda value: _whole(value) % 2 == 1),
    "sequence": _is(lambda value: isinstance(value, Sequence | Mapping)),
    "string": _is(lambda value: isinstance(value, str)),
    "true": _is(lambda value: value is True),
    "undefined": _undefined,
    "upper": _is(lambda value: isinstance(value, str) and value.isupper()),
    **{name: _compared("eq") for name in ("==", "eq", "equalto")},
    **{name: _compared("ne") for name in ("!=", "ne")},
    **{name: _compared("gt") for name in (">", "gt", "greaterthan")},
    **{name: _compared("gteq") for name in (">=", "ge")},
    **{name: _compared("lt") for name in ("<", "lt", "lessthan")},
    **{name: _compared("lteq") for name in ("<=", "le")},
}
"""What can stand behind ``is``."""


def unknown_helper(what: str, name: str, known: Iterable[str]) -> TemplateProblem:
    """There is no such filter or test."""
    words = sorted(word for word in known if word.isidentifier())
    return TemplateProblem(
        "FAB205",
        f"there is no {what} '{brief(name)}'{meant(name, words)}",
        f"the {what}s are: {listing(words, 60)}",
        name,
    )


def named(table: Mapping[str, Callable[..., Any]], what: str, name: Any) -> Callable[..., Any]:
    """The filter or test of that name. Raises TemplateProblem when there is none."""
    if isinstance(name, str) and name in table:
        return table[name]
    raise unknown_helper(what, brief(str(name)), table)

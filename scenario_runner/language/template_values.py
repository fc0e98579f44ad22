"""What template expressions may do with values: reach into them, and combine them.

Only plain values are reached into: mappings by key, sequences by index. No attribute of a Python
object is ever read, so an object that went in (a retrieved study, say) can be handed on and no more.
Every operation pays from a budget before it works, so no expression can hang or fill the memory.
"""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Never

from jinja2 import StrictUndefined

from scenario_runner.answers import Match
from scenario_runner.dicom.dictionary import tag_for_keyword
from scenario_runner.fields.scalars import as_written, plain_scalar
from scenario_runner.language.diagnostic_words import did_you_mean, some_of
from scenario_runner.language.template_limits import (
    MAX_BITS,
    MAX_WORK,
    NO_SUCH_NAME,
    Budget,
    TemplateProblem,
)


class Root(Mapping[str, Any]):
    """All names an expression can use; a type of its own so that messages can tell."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def __getitem__(self, key: str) -> Any:
        return self._names[key]

    def __contains__(self, key: object) -> bool:
        return key in self._names

    def __iter__(self) -> Any:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Missing(StrictUndefined):
    """A name, key or index that does not exist; fails when used, unless ``default`` catches it."""

    def problem(self) -> TemplateProblem:
        """The diagnostic, with what was meant and what there is."""
        return missing(self._undefined_obj, self._undefined_name)

    def _fail(self, *_: Any, **__: Any) -> Never:
        raise self.problem()

    __bool__ = __iter__ = __len__ = __str__ = __eq__ = __ne__ = __contains__ = _fail
    __hash__ = _fail


class ExpressionContext:
    """What the parts of one evaluation share: its budget."""

    def __init__(self) -> None:
        self.budget = Budget(MAX_WORK)


def kind(value: Any) -> str:
    """What a value is, in the words of this language."""
    if isinstance(value, bool):
        return "true or false"
    if value is None:
        return "null"
    for types, word in (
        (str, "text"),
        (int | float, "a number"),
        (Mapping, "a mapping"),
        (Sequence, "a list"),
        (dt.date | dt.time, "a date or time"),
    ):
        if isinstance(value, types):
            return word
    return "something that only steps and checks can use"


_UNCLEAR = frozenset({"true", "false", "yes", "no", "y", "n", "on", "off"})
"""Text that a reader takes for true or false, whatever its case; as they stand, ``true`` and ``false`` are."""


def truth(value: Any) -> bool:
    """Whether a value holds where true or false is asked for.

    Text, which is all that a table or a PACS gives, is read as a scalar of a scenario: ``false``, ``0``, ``null`` and
    empty text do not hold. Raises TemplateProblem for text that may be meant either way, and for what is missing.
    """
    if not isinstance(value, str):
        return bool(value)
    read = plain_scalar(value.strip())
    if isinstance(read, str) and read.lower() in _UNCLEAR:
        raise TemplateProblem(
            "FAB207",
            f"'{read}' is text, which as a condition is neither true nor false",
            f"give true or false, or compare it: … == '{read}'",
        )
    return bool(read)


def meant(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` or nothing; bounded, for the keys may be a PACS's."""
    return did_you_mean(word[:64], [name[:64] for name in list(known)[:300] if name])


def listing(names: Iterable[Any], at_most: int = 20) -> str:
    """Names for a hint, cut where a person stops reading."""
    return some_of([brief(str(name)) for name in list(names)[: at_most + 1]], at_most)


def brief(word: str) -> str:
    """A name for a message, cut when nobody would read on."""
    return word if len(word) <= 60 else f"{word[:57]}…"


def unknown_name(name: str, known: Iterable[str]) -> TemplateProblem:
    """There is no such name where the expression stands."""
    names = sorted(known)
    if name == "env":
        return TemplateProblem(
            "FAB211",
            "'env' can be used in site files only",
            "put the value into the site file, or pass it with --set NAME=VALUE and use vars.NAME",
            name,
        )
    if name == "item":
        return TemplateProblem(
            NO_SUCH_NAME,
            "there is no 'item' here",
            "'item' is known in a step with for_each",
            name,
        )
    if name == "turn":
        return TemplateProblem(
            NO_SUCH_NAME,
            "there is no 'turn' here",
            "'turn' is known in a step with repeat",
            name,
        )
    return TemplateProblem(
        NO_SUCH_NAME,
        f"there is no '{brief(name)}' here{meant(name, names)}",
        f"there is: {listing(names)}" if names else "no names can be used here",
        name,
    )


def unknown_key(name: str, known: Iterable[str], of: str = "") -> TemplateProblem:
    """A mapping does not have that key."""
    names = [str(key) for key in known]
    return TemplateProblem(
        "FAB204",
        f"there is no '{brief(name)}'{f' in {brief(of)}' if of else ''}{meant(name, names)}",
        f"there is: {listing(names)}" if names else f"{of or 'the mapping'} is empty",
        name,
    )


def missing(of: Any, name: Any) -> TemplateProblem:
    """Why ``of`` does not have ``name``."""
    if isinstance(of, Root):
        return unknown_name(str(name), of)
    if isinstance(of, Match) and (inside := _sequence_with(of, str(name))):
        return TemplateProblem(
            "FAB204",
            f"'{of.peer}' answered {name} within {inside}",
            f"write {inside}[0].{name}",
            str(name),
        )
    if isinstance(of, Match) and tag_for_keyword(str(name)) is not None:
        asked = name in of.asked
        return TemplateProblem(
            "FAB204",
            f"'{of.peer}' does not have {name}: its answer is without it"
            if asked
            else f"'{of.peer}' was not asked for {name}",
            f"it has: {listing(of)}" if asked else f"add it to 'return' of the query: [{name}]",
            str(name),
        )
    if isinstance(of, Mapping):
        return unknown_key(str(name), of)
    if isinstance(of, Sequence) and not isinstance(of, str):
        if isinstance(name, int):
            count = len(of)
            have = "is empty" if not count else f"has {count}, numbered 0 to {count - 1}"
            return TemplateProblem(
                "FAB204", f"there is no element {brief(str(name))}; the list {have}"
            )
        return TemplateProblem(
            "FAB204",
            f"a list has no '{brief(str(name))}'",
            "take an element first ([0]), or all with | map(attribute='…') | list",
            brief(str(name)),
        )
    return TemplateProblem(
        "FAB204", f"{kind(of)} has no '{brief(str(name))}'", None, brief(str(name))
    )


def _sequence_with(answer: Match, name: str) -> str | None:
    """The sequence of the answer whose first item has that attribute."""
    for keyword, items in answer.items():
        first = items[0] if isinstance(items, list) and items else None
        if isinstance(first, Mapping) and name in first:
            return keyword
    return None


def present(value: Any) -> Any:
    """The value. Raises TemplateProblem when it is missing."""
    if isinstance(value, Missing):
        raise value.problem()
    return value


def reach(of: Any, name: Any) -> Any:
    """``of.name`` or ``of[name]``: a key of a mapping or an index of a sequence, else Missing."""
    if isinstance(of, Missing):
        return of
    name = present(name)
    if isinstance(of, Mapping):
        if isinstance(name, str | int | float | None) and name in of:
            return of[name]
    elif isinstance(of, Sequence) and isinstance(name, int) and not isinstance(name, bool):
        try:
            return of[name]
        except IndexError:
            pass
    return Missing(obj=of, name=name)


def text_of(value: Any) -> str:
    """A scalar as the characters it stands for. Raises TemplateProblem for what has none."""
    value = present(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    text = as_written(value)
    if isinstance(text, str):
        return text
    if value is None:
        raise TemplateProblem(
            "FAB210",
            "null cannot stand inside text",
            "say what to write instead: | default('', true)",
        )
    hint = "take one element of it, or use | join(', ') or | tojson"
    raise TemplateProblem("FAB210", f"{kind(value)} cannot stand inside text", hint)


def elements(budget: Budget, value: Any) -> list[Any]:
    """The elements of a list or the keys of a mapping, paid for; texts are not taken apart."""
    value = present(value)
    if isinstance(value, str) or not isinstance(value, Sequence | Mapping):
        raise TemplateProblem("FAB207", f"needs a list, but it is {kind(value)}")
    budget.list(len(value))
    return list(value)


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


def calculate(budget: Budget, symbol: str, left: Any, right: Any) -> Any:
    """``left symbol right``: arithmetic on numbers; ``+`` joins, ``*`` repeats texts and lists."""
    left, right = (_listed(budget, present(side)) for side in (left, right))
    if isinstance(left, int | float) and isinstance(right, int | float):
        return _number(symbol, left, right)
    if symbol == "+" and isinstance(left, str) and isinstance(right, str):
        budget.text(len(left) + len(right))
        return left + right
    if symbol == "+" and isinstance(left, list | tuple) and isinstance(right, list | tuple):
        budget.list(len(left) + len(right))
        return [*left, *right]
    if symbol == "*" and isinstance(left, int):
        left, right = right, left
    if symbol == "*" and isinstance(right, int) and isinstance(left, str | list | tuple):
        (budget.text if isinstance(left, str) else budget.list)(len(left) * max(0, right))
        return left * right
    hint = "use ~ to put texts together" if symbol == "+" else None
    raise TemplateProblem(
        "FAB207", f"'{symbol}' cannot combine {kind(left)} and {kind(right)}", hint
    )


def _listed(budget: Budget, value: Any) -> Any:
    """A sequence that makes its members on demand as the list that it stands for."""
    if isinstance(value, str | list | tuple) or not isinstance(value, Sequence):
        return value
    return elements(budget, value)


def _number(symbol: str, left: float, right: float) -> Any:
    if symbol in ("/", "//", "%") and right == 0:
        raise TemplateProblem("FAB207", "division by zero")
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() + right.bit_length()
        if symbol == "**":
            bits = left.bit_length() * abs(right)
        if symbol in ("*", "**") and bits > MAX_BITS + 64:
            raise TemplateProblem("FAB208", "the expression makes a number that is too large")
    return checked_number(_ARITHMETIC[symbol](left, right))


def checked_number(value: Any) -> Any:
    """The number. Raises TemplateProblem when it is too large, infinite or not real."""
    if isinstance(value, complex) or (isinstance(value, float) and not math.isfinite(value)):
        raise TemplateProblem("FAB207", "the result is not a finite number")
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise TemplateProblem("FAB208", "the expression makes a number that is too large")
    return value


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


def compare(budget: Budget, symbol: str, left: Any, right: Any) -> bool:
    """One comparison, by Jinja's names of them: eq ne lt lteq gt gteq in notin."""
    left, right = present(left), present(right)
    budget.whole(left)
    if symbol in ("in", "notin"):
        return contains(budget, right, left) == (symbol == "in")
    budget.whole(right)
    if symbol in ("eq", "ne"):
        return bool(left == right) == (symbol == "eq")
    try:
        return bool(_ORDER[symbol](left, right))
    except TypeError:
        hint = "turn text into a number with | int or | float"
        raise TemplateProblem(
            "FAB207", f"{kind(left)} and {kind(right)} have no order", hint
        ) from None


def contains(budget: Budget, container: Any, value: Any) -> bool:
    """Whether a text has a part, a list an element, a mapping a key."""
    container, value = present(container), present(value)
    if isinstance(container, str):
        if not isinstance(value, str):
            raise TemplateProblem("FAB207", f"a text cannot contain {kind(value)}")
        budget.text(len(container) + len(value))
        return value in container
    if isinstance(container, Mapping):
        return isinstance(value, str | int | float | None) and value in container
    items = elements(budget, container)
    budget.whole(items)
    return value in items

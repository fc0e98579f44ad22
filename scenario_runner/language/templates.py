"""Templates in parsed files: one scalar in, one value out, and never a second time.

``{{ expression }}`` alone keeps the type of its value; between other characters it becomes text. A
value that happens to hold ``{{`` is a value like any other. Keys are never templates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

from jinja2 import TemplateSyntaxError

from scenario_runner.errors import (
    Diagnostic,
    InvalidInput,
    Where,
)
from scenario_runner.language.sandbox import Expression, compiled, environment
from scenario_runner.language.template_limits import MAX_TEXT, Budget, TemplateProblem
from scenario_runner.language.template_values import text_of
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.origins import Path

T = TypeVar("T")
WhereIs = Callable[[Path], Where]
"""Where the value at a path stands: ``Document.where``."""

_ALONE = re.compile(r"\s*\{\{(?![-+])([^{}%#]*)(?<![-+])\}\}\s*")
"""One expression without braces in it, as most are, which need not be looked for."""
_MARKS = ("{{", "{%", "{#")
_BLOCKS = {
    "block_begin": ("{% … %}", "statements"),
    "raw_begin": ("{% raw %}", "statements"),
    "comment_begin": ("{# … #}", "comments"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a scalar: characters as they are, or the source of an expression."""

    text: str
    is_expression: bool
    start: int
    """Offset within the scalar; of an expression, behind its ``{{``."""


def is_template(text: str) -> bool:
    """Whether a scalar holds anything that would be rendered or refused."""
    return "{" in text and ("{{" in text or "{%" in text or "{#" in text)


@lru_cache(maxsize=2_048)
def split(text: str) -> tuple[Part, ...]:
    """A scalar in parts; one expression alone, blanks around it ignored, is one part.

    Raises TemplateProblem for statements, comments and braces that do not close (FAB201, FAB202).
    """
    if len(text) > MAX_TEXT:
        raise TemplateProblem("FAB208", f"a template is longer than {MAX_TEXT:,} characters")
    if alone := _ALONE.fullmatch(text):
        return (Part(alone[1], is_expression=True, start=alone.start(1)),)
    try:
        tokens = list(environment().lex(text))
    except TemplateSyntaxError as error:
        raise TemplateProblem(
            "FAB201", f"not a template: {str(error.message)[:200]}", _pattern_hint(text)
        ) from None
    parts: list[Part] = []
    inside: list[str] | None = None
    start = offset = 0
    for _, sort, value in tokens:
        found = text.find(value, offset)
        offset = max(found, offset) + len(value) if found >= 0 else offset
        if sort in _BLOCKS:
            mark, what = _BLOCKS[sort]
            raise TemplateProblem(
                "FAB202",
                f"{mark}: {what} cannot be used; one scalar makes one value",
                "choose with {{ a if condition else b }}, repeat with count, matrix or for_each",
                value.strip(),
            )
        if sort == "variable_begin":
            inside, start = [], offset
        elif sort == "variable_end" and inside is not None:
            parts.append(Part("".join(inside), is_expression=True, start=start))
            inside = None
        elif inside is not None:
            inside.append(value)
        else:
            parts.append(Part(value, is_expression=False, start=offset - len(value)))
    if inside is not None:
        raise TemplateProblem("FAB201", "'{{' is never closed", "close it with }}", "{{")
    expressions = [part for part in parts if part.is_expression]
    if len(expressions) == 1 and not any(p.text.strip() for p in parts if not p.is_expression):
        return (expressions[0],)
    return tuple(parts)


def _pattern_hint(text: str) -> str | None:
    return "a field of an identifier pattern has single braces: {7digits}" if "{{" in text else None


def is_alone(value: Any) -> bool:
    """Whether a value is a scalar that is one whole expression. Raises TemplateProblem, as ``split``."""
    if not isinstance(value, str) or not is_template(value):
        return False
    parts = split(value)
    return len(parts) == 1 and parts[0].is_expression


def render_text(text: str, names: Mapping[str, Any]) -> Any:
    """The value of one scalar. Raises TemplateProblem."""
    parts = split(text)
    if len(parts) == 1 and parts[0].is_expression:
        return compiled(parts[0].text).evaluate(names)
    out: list[str] = []
    length = 0
    for part in parts:
        text = text_of(compiled(part.text).evaluate(names)) if part.is_expression else part.text
        length += len(text)
        if length > MAX_TEXT:
            raise TemplateProblem("FAB208", f"the text becomes longer than {MAX_TEXT:,} characters")
        out.append(text)
    return "".join(out)


def render_tree(
    value: Any,
    names: Mapping[str, Any],
    where: WhereIs,
    path: Path,
    deferred: frozenset[Path] = frozenset(),
) -> Any:
    """Render every scalar of a raw tree and return the new tree; the old one is left as it is.

    path: where ``value`` stands, for positions. deferred: paths below it that stay as written.
    Raises InvalidInput with a diagnostic for each scalar that has no value, in file order.
    """
    rendering = _Rendering(names, where, path, deferred)
    result = rendering.render(value, ())
    if rendering.found:
        raise InvalidInput(rendering.found)
    return result


class _Rendering:
    """One walk over one tree: what it found, and what all of its values may hold together."""

    def __init__(
        self, names: Mapping[str, Any], where: WhereIs, path: Path, deferred: frozenset[Path]
    ) -> None:
        self.found: list[Diagnostic] = []
        self._names = names
        self._where = where
        self._path = path
        self._deferred = deferred
        self._budget = Budget()

    def render(self, value: Any, below: Path) -> Any:
        if below in self._deferred:
            return value
        if isinstance(value, str):
            return self._scalar(value, below) if is_template(value) else value
        if isinstance(value, dict):
            return {key: self.render(item, (*below, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.render(item, (*below, index)) for index, item in enumerate(value)]
        return value

    def _scalar(self, text: str, below: Path) -> Any:
        try:
            value = render_text(text, self._names)
            self._budget.whole(value)
        except TemplateProblem as problem:
            place = self._where((*self._path, *below))
            self.found.append(diagnostic(problem, place, text))
            return None
        return value


def evaluate(expression: Any, names: Mapping[str, Any], where: Where | None = None) -> Any:
    """The value of an expression: ``a + b``, ``{{ a + b }}``, or a value as it is.

    where: where it stands, for the diagnostic. Raises InvalidInput.
    """

    def value(found: Expression) -> Any:
        worth = found.evaluate(names)
        Budget().whole(worth)
        return worth

    return _worked_out(expression, value, where) if isinstance(expression, str) else expression


def holds(expression: Any, names: Mapping[str, Any], where: Where | None = None) -> bool:
    """Whether a ``when`` or an ``expr`` holds: ``a > b``, ``{{ a > b }}``, or true or false as it is.

    where: where it stands, for the diagnostic. Raises InvalidInput, also for text that is neither true nor false.
    """
    if not isinstance(expression, str):
        return bool(expression)
    return _worked_out(expression, lambda found: found.holds(names), where)


def _worked_out(expression: str, work: Callable[[Expression], T], where: Where | None) -> T:
    try:
        return work(compiled(expression_in(expression).text))
    except TemplateProblem as problem:
        place = where or Where("(expression)")
        raise InvalidInput([diagnostic(problem, place, expression)]) from None


def expression_in(text: str) -> Part:
    """The one expression that a ``when`` is, with or without its braces. Raises TemplateProblem."""
    if not text.lstrip().startswith(_MARKS):
        return Part(text, is_expression=True, start=0)
    parts = split(text)
    if len(parts) == 1 and parts[0].is_expression:
        return parts[0]
    raise TemplateProblem(
        "FAB201",
        "one expression is expected here, not text around it",
        "write a > b or {{ a > b }}",
    )


def diagnostic(
    problem: TemplateProblem, where: Where, text: str, span: Part | None = None
) -> Diagnostic:
    """A problem with its position, narrowed to the word at fault where that can be told."""
    start, end = 0, len(text)
    if span is not None:
        start = span.start + len(span.text) - len(span.text.lstrip())
        end = max(start, span.start + len(span.text.rstrip()))
    if problem.token and text.count(problem.token, start, end) == 1:
        start = text.index(problem.token, start, end)
        end = start + len(problem.token)
    return Diagnostic(problem.code, within(where, text, start, end), problem.message, problem.hint)


def within(where: Where, text: str, start: int, end: int) -> Where:
    """The place of ``text[start:end]`` in a scalar's place; the whole scalar when it was escaped."""
    extra = where.end_column - where.column - len(text)
    if where.line != where.end_line or extra not in (0, 2) or (start, end) == (0, len(text)):
        return where
    first = where.column + extra // 2
    return replace(where, column=first + start, end_column=first + end)


def texts(value: Any, below: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every scalar of a tree that is a template, with its path."""
    waiting = [(below, value)]
    while waiting:
        path, one = waiting.pop()
        if isinstance(one, str):
            if is_template(one):
                yield path, one
        elif isinstance(one, dict):
            waiting += [((*path, key), item) for key, item in reversed(one.items())]
        elif isinstance(one, list):
            waiting += [((*path, place), one[place]) for place in range(len(one) - 1, -1, -1)]


def values(value: Any) -> Iterator[Any]:
    """Every scalar of a tree, in no order, for whom it is enough that there is one: paths cost more than looking."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        else:
            yield one


def has_template(value: Any) -> bool:
    """Whether there is a template in a value, so that it cannot be judged before it is rendered."""
    if isinstance(value, dict | list):
        return any(isinstance(one, str) and is_template(one) for one in values(value))
    return isinstance(value, str) and is_template(value)


def scalars(value: Any, below: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every scalar of a tree, with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from scalars(item, (*below, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from scalars(item, (*below, index))
    else:
        yield below, value


__all__ = [
    "Part", "diagnostic", "evaluate", "expression_in", "has_template", "holds", "is_template",
    "render_text", "render_tree", "split", "texts", "values", "within",
]  # fmt: skip

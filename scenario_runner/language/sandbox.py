"""Template expressions: read by Jinja, then judged; ``evaluating`` gives those a value that nothing is wrong with.

Only what stands in _ALLOWED can be in one, names that start with an underscore cannot be used, and there are
no functions but the filters, tests and text methods of this language.
"""

from __future__ import annotations

import inspect
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.parser import Parser

from scenario_runner.language.evaluating import holds, value_of
from scenario_runner.language.template_filters import FILTERS
from scenario_runner.language.template_limits import TemplateProblem, pay_for_file, require_work
from scenario_runner.language.template_operators import TEXT_METHODS
from scenario_runner.language.template_tests import TESTS, named, unknown_helper
from scenario_runner.language.template_trees import children, every
from scenario_runner.language.template_values import (
    ExpressionContext,
    Root,
    brief,
    checked_number,
    present,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")
MAX_EXPRESSION = 4_096
"""Characters that one expression may have."""
MAX_IN_FILE = 500_000
"""Characters that all templates of one file may have together."""
_SHORT = 200
"""Characters of an expression whose tree is worth keeping."""
MAX_NESTING = 40
"""Levels of one expression."""

_FAMILIAR = {
    "len": "| length", "str": "| string", "range": "matrix or count", "dict": "{…}",
    "items": "| items", "keys": "| list", "values": "| dictsort", "format": "~", "join": "| join",
    "count": "| length", "replace": "| replace", "get": "| default", "capitalize": "| capitalize",
    "int": "| int", "float": "| float", "sum": "| sum", "min": "| min", "max": "| max",
}  # fmt: skip


_ALLOWED = (
    nodes.Const, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Call, nodes.Filter,
    nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr,
    nodes.BinExpr, nodes.UnaryExpr, nodes.Concat, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair,
    nodes.Keyword,
)  # fmt: skip


@lru_cache(maxsize=1)
def environment() -> Environment:
    """What reads templates and expressions for the process; it neither compiles nor renders any."""
    return Environment(autoescape=False, keep_trailing_newline=True)  # noqa: S701 - nothing is rendered


def parse(source: str) -> nodes.Expr:
    """The syntax tree of one expression, of bounded size. Raises TemplateProblem (FAB201, FAB208)."""
    if len(source) > MAX_EXPRESSION:
        raise TemplateProblem(
            "FAB208", f"an expression is longer than {MAX_EXPRESSION:,} characters"
        )
    if not source.strip():
        raise TemplateProblem("FAB201", "an expression is empty", "write {{ vars.name }}")
    try:
        parser = Parser(environment(), source, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            found = parser.stream.current.value
            hint = None
            if re.fullmatch(r"\s*\d+[A-Za-z]+\s*", source):
                hint = f"a field of an identifier pattern has single braces: {{{source.strip()}}}"
            raise TemplateProblem(
                "FAB201", f"did not expect '{brief(str(found))}' here", hint, str(found)
            )
    except TemplateSyntaxError as error:
        message = str(error.message).replace("unexpected 'end of template'", "it ends too early")
        raise TemplateProblem("FAB201", f"not an expression: {message[:200]}") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:  # an integer of more digits than Python reads
        raise TemplateProblem("FAB208", "the expression has a number that is too large") from None
    _check_depth(tree)
    return tree


def parsed(source: str) -> nodes.Expr:
    """The same, for whoever only looks at it: a short one is parsed once."""
    return _parsed(source) if len(source) <= _SHORT else parse(source)


@lru_cache(maxsize=8_192)
def _parsed(source: str) -> nodes.Expr:
    return parse(source)


def _too_deep() -> TemplateProblem:
    return TemplateProblem("FAB208", f"an expression is nested more than {MAX_NESTING} levels deep")


def _check_depth(tree: nodes.Node) -> None:
    level: list[nodes.Node] = [tree]
    for _ in range(MAX_NESTING):
        level = [child for node in level for child in children(node)]
        if not level:
            return
    raise _too_deep()


def refusals(tree: nodes.Expr) -> Iterator[TemplateProblem]:
    """What the tree must not have, whatever the values: FAB205 and FAB206, all of it."""
    for node in every(tree):
        problem = _refusal(node)
        if problem:
            yield problem


def _refusal(node: nodes.Node) -> TemplateProblem | None:
    if not isinstance(node, _ALLOWED):
        word = type(node).__name__
        return TemplateProblem("FAB205", f"an expression cannot have a {word} here")
    if isinstance(node, nodes.Name | nodes.Getattr):
        name = node.name if isinstance(node, nodes.Name) else node.attr
        if name.startswith("_"):
            return TemplateProblem(
                "FAB206",
                f"'{brief(name)}' cannot be used: it starts with an underscore",
                None,
                name,
            )
    if isinstance(node, nodes.Const) and isinstance(node.value, int | float):
        try:
            checked_number(node.value)
        except TemplateProblem as problem:
            return problem
    if isinstance(node, nodes.CondExpr) and node.expr2 is None:
        return TemplateProblem("FAB201", "an 'if' needs an 'else'", "write … if … else …", "if")
    if isinstance(node, nodes.Call):
        return _refused_call(node)
    if isinstance(node, nodes.Filter | nodes.Test):
        return _refused_helper(node)
    return None


def _refused_call(node: nodes.Call) -> TemplateProblem | None:
    if isinstance(node.node, nodes.Getattr) and node.node.attr in TEXT_METHODS:
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            name = node.node.attr
            return TemplateProblem("FAB205", f"'{name}' takes plain arguments only", None, name)
        return None
    name = str(getattr(node.node, "name", "") or getattr(node.node, "attr", ""))
    instead = _FAMILIAR.get(name)
    return TemplateProblem(
        "FAB205",
        f"'{brief(name)}' cannot be called" if name else "nothing here can be called",
        f"write {instead}"
        if instead
        else f"only texts can be asked: {', '.join(sorted(TEXT_METHODS))}",
        name,
    )


def _refused_helper(node: nodes.Filter | nodes.Test) -> TemplateProblem | None:
    filters = isinstance(node, nodes.Filter)
    table: Mapping[str, Callable[..., Any]] = FILTERS if filters else TESTS
    what = "filter" if filters else "test"
    if node.name not in table:
        return unknown_helper(what, node.name, table)
    if node.dyn_args or node.dyn_kwargs:
        return TemplateProblem(
            "FAB205", f"'{node.name}' takes plain arguments only", None, node.name
        )
    arguments: dict[str, None] = {str(pair.key): None for pair in node.kwargs}
    if len(arguments) < len(node.kwargs):
        return TemplateProblem(
            "FAB205", f"'{node.name}' is given an argument twice", None, node.name
        )
    try:
        _signature(table[node.name]).bind(None, None, *node.args, **arguments)
    except TypeError as error:
        return TemplateProblem("FAB205", f"the {what} '{node.name}': {error}", None, node.name)
    return _refused_inner(node)


@cache
def _signature(helper: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(helper)


def _refused_inner(node: nodes.Filter | nodes.Test) -> TemplateProblem | None:
    """An unknown name given to map, select and the like, where it is written out."""
    place = {"map": 0, "select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}.get(node.name)
    if isinstance(node, nodes.Test) or place is None or len(node.args) <= place:
        return None
    argument = node.args[place]
    if not isinstance(argument, nodes.Const):
        return None
    try:
        if node.name == "map":
            named(FILTERS, "filter", argument.value)
        else:
            named(TESTS, "test", argument.value)
    except TemplateProblem as problem:
        return problem
    return None


class Expression:
    """One expression that is allowed. Immutable; safe to share between threads."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._tree = parsed(source)
        for problem in refusals(self._tree):
            raise problem

    def evaluate(self, names: Mapping[str, Any]) -> Any:
        """The value for these names. Raises TemplateProblem."""

        def value(context: ExpressionContext) -> Any:
            found = present(value_of(self._tree, Root(names), context))
            return checked_number(found) if isinstance(found, int | float) else found

        return self._worked_out(value)

    def holds(self, names: Mapping[str, Any]) -> bool:
        """Whether it is true for these names. Raises TemplateProblem, also for text that is neither true nor false."""
        return self._worked_out(lambda context: holds(self._tree, Root(names), context))

    def _worked_out(self, work: Callable[[ExpressionContext], T]) -> T:
        require_work()
        context = ExpressionContext()
        try:
            return work(context)
        except RecursionError:
            raise TemplateProblem("FAB208", "a value is nested too deeply") from None
        except MemoryError:
            raise TemplateProblem("FAB208", "the expression needs too much memory") from None
        except (TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise TemplateProblem("FAB207", f"the expression has no value: {error}") from None
        finally:
            pay_for_file(context.budget)


@lru_cache(maxsize=2_048)
def compiled(source: str) -> Expression:
    """The expression, parsed and judged once. Raises TemplateProblem for what can never be evaluated."""
    return Expression(source)


__all__ = [
    "MAX_EXPRESSION", "MAX_IN_FILE", "Expression", "compiled", "environment", "parse", "parsed", "refusals",
]  # fmt: skip

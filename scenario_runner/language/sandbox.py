"""Template expressions, parsed, refused or compiled: Jinja's sandbox with less in it.

Jinja parses and compiles; before it compiles, every operation that could reach further or make
something large is replaced by one of ``template_filters`` or ``template_values``. What is left to
Jinja is ``and or not``, ``if … else``, literals and the order of evaluation.
"""

from __future__ import annotations

import inspect
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from scenario_runner.language.template_filters import FILTERS
from scenario_runner.language.template_operators import OPERATORS, TEXT_METHODS
from scenario_runner.language.template_tests import TESTS, named, unknown_helper
from scenario_runner.language.template_values import (
    ExpressionContext,
    Missing,
    Root,
    TemplateProblem,
    brief,
    calculate,
    checked_number,
    kind,
    present,
    reach,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jinja2.runtime import Context, Undefined

MAX_EXPRESSION = 4_096
"""Characters that one expression may have."""
MAX_NESTING = 40
"""Levels of one expression; Python's own compiler takes about a hundred."""

_FAMILIAR = {
    "len": "| length", "str": "| string", "range": "matrix or count", "dict": "{…}",
    "items": "| items", "keys": "| list", "values": "| dictsort", "format": "~", "join": "| join",
    "count": "| length", "replace": "| replace", "get": "| default", "capitalize": "| capitalize",
    "int": "| int", "float": "| float", "sum": "| sum", "min": "| min", "max": "| max",
}  # fmt: skip


class ExpressionSandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox without globals, in which only plain values can be reached into."""

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))
    intercepted_unops = frozenset(("+", "-"))
    context_class = ExpressionContext

    def __init__(self) -> None:
        # Optimising would fold constants at compile time, outside of any budget.
        super().__init__(
            undefined=Missing, autoescape=False, optimized=False, keep_trailing_newline=True
        )
        self.globals.clear()
        self.filters = {**FILTERS, **OPERATORS}
        self.tests = dict(TESTS)

    def getattr(self, obj: Any, attribute: str) -> Any | Undefined:
        """A key of a mapping; never an attribute of an object."""
        return reach(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any | Undefined:
        """A key of a mapping or an element of a sequence."""
        return reach(obj, argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic within the budget."""
        assert isinstance(context, ExpressionContext)
        return calculate(context.budget, operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:  # noqa: ARG002
        """A sign before a number."""
        if isinstance(present(arg), bool) or not isinstance(arg, int | float):
            raise TemplateProblem("FAB207", f"'{operator}' needs a number, but it is {kind(arg)}")
        return -arg if operator == "-" else arg


_ALLOWED = (
    nodes.Const, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Call, nodes.Filter,
    nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr,
    nodes.BinExpr, nodes.UnaryExpr, nodes.Concat, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair,
    nodes.Keyword,
)  # fmt: skip


@lru_cache(maxsize=1)
def environment() -> ExpressionSandbox:
    """The one sandbox of the process; nothing in it changes after it is made."""
    return ExpressionSandbox()


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


def _too_deep() -> TemplateProblem:
    return TemplateProblem("FAB208", f"an expression is nested more than {MAX_NESTING} levels deep")


def _check_depth(tree: nodes.Node) -> None:
    level: list[nodes.Node] = [tree]
    for _ in range(MAX_NESTING):
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return
    raise _too_deep()


def refusals(tree: nodes.Expr) -> Iterator[TemplateProblem]:
    """What the tree must not have, whatever the values: FAB205 and FAB206, all of it."""
    open_: list[nodes.Node] = [tree]
    while open_:
        node = open_.pop()
        problem = _refusal(node)
        if problem:
            yield problem
        open_.extend(reversed(list(node.iter_child_nodes())))


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
    try:
        inspect.signature(table[node.name]).bind(None, None, *node.args, **arguments)
    except TypeError as error:
        return TemplateProblem("FAB205", f"the {what} '{node.name}': {error}", None, node.name)
    return _refused_inner(node)


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


class _Rewriter(NodeTransformer):
    """Turns what Jinja would compile to bare Python into our own bounded operations."""

    def visit_Name(self, node: nodes.Name) -> nodes.Node:  # noqa: N802 - Jinja's naming
        # Names are looked up like attributes of one mapping, so `self` or `loop` mean nothing else.
        return nodes.Getattr(nodes.Name("names", "load"), node.name, "load")

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return nodes.List(node.items)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _operator(" concat", nodes.List(node.nodes))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        steps: list[nodes.Expr] = []
        for operand in node.ops:
            steps += [nodes.Const(operand.op), operand.expr]
        return _operator(" compare", node.expr, *steps)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            ends = (node.arg.start, node.arg.stop, node.arg.step)
            return _operator(" slice", node.node, *(end or nodes.Const(None) for end in ends))
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        assert isinstance(node.node, nodes.Getattr)  # refusals() let nothing else through
        name = nodes.Const(node.node.attr)
        target = self.visit(node.node.node)
        return _operator(" method", target, name, *map(self.visit, node.args))


def _operator(name: str, value: nodes.Expr, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(value, name, list(arguments), [], None, None)


class Expression:
    """One compiled expression. Immutable; safe to share between threads."""

    def __init__(self, source: str) -> None:
        self.source = source
        tree = parse(source)
        for problem in refusals(tree):
            raise problem
        tree = _Rewriter().visit(tree)
        result = nodes.Assign(nodes.Name("result", "store"), tree)
        template = nodes.Template([result])
        for node in (template, *template.find_all(nodes.Node)):
            node.lineno = 1
        template.set_environment(environment())
        self._template = environment().from_string(template)

    def evaluate(self, names: Mapping[str, Any]) -> Any:
        """The value for these names. Raises TemplateProblem."""
        context = self._template.new_context({"names": Root(names)})
        try:
            for _ in self._template.root_render_func(context):
                pass
            value = present(context.vars["result"])
            return checked_number(value) if isinstance(value, int | float) else value
        except RecursionError:
            raise TemplateProblem("FAB208", "a value is nested too deeply") from None
        except MemoryError:
            raise TemplateProblem("FAB208", "the expression needs too much memory") from None
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise TemplateProblem("FAB207", f"the expression has no value: {error}") from None


@lru_cache(maxsize=2_048)
def compiled(source: str) -> Expression:
    """The expression, compiled once. Raises TemplateProblem for what can never be evaluated."""
    return Expression(source)


__all__ = [
    "MAX_EXPRESSION", "Expression", "compiled", "environment", "parse", "refusals",
]  # fmt: skip

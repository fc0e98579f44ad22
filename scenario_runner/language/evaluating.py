"""The value of a parsed expression: a walk over its tree, in which every operation is one of ours.

Jinja parses. It compiles nothing: what it would make of a tree, Python source that is compiled and run once,
costs a hundred times what the value of a usual expression does, and reaches further.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes

from scenario_runner.language.template_filters import FILTERS
from scenario_runner.language.template_limits import TemplateProblem
from scenario_runner.language.template_operators import joined, method, ordered, sliced
from scenario_runner.language.template_tests import TESTS
from scenario_runner.language.template_values import (
    ExpressionContext,
    Root,
    calculate,
    kind,
    present,
    reach,
    truth,
)

_Value = Callable[[nodes.Node], Any]


def value_of(tree: nodes.Expr, names: Root, context: ExpressionContext) -> Any:
    """The value, which may be Missing. Raises TemplateProblem, and whatever Python's operations do.

    tree: of allowed nodes only, ``sandbox.refusals`` has found nothing in it.
    """
    return _reader(names, context)(tree)


def holds(tree: nodes.Expr, names: Root, context: ExpressionContext) -> bool:
    """Whether the expression holds, as the condition of a step; tree and errors as for ``value_of``."""
    return _holds(tree, _reader(names, context))


def _reader(names: Root, context: ExpressionContext) -> _Value:
    def value(node: nodes.Node) -> Any:
        return _WAYS[type(node)](node, value, names, context)

    return value


def _holds(node: nodes.Node, value: _Value) -> bool:
    """Whether each part that is a condition of its own holds: ``a`` and ``b`` of ``a and not b``."""
    if isinstance(node, nodes.And):
        return _holds(node.left, value) and _holds(node.right, value)
    if isinstance(node, nodes.Or):
        return _holds(node.left, value) or _holds(node.right, value)
    if isinstance(node, nodes.Not):
        return not _holds(node.node, value)
    if isinstance(node, nodes.CondExpr) and node.expr2 is not None:
        return _holds(node.expr1 if _holds(node.test, value) else node.expr2, value)
    return truth(value(node))


_Way = Callable[[Any, _Value, Root, ExpressionContext], Any]


def _slice(
    node: nodes.Getitem, ends: nodes.Slice, value: _Value, context: ExpressionContext
) -> Any:
    of = value(node.node)
    start, stop, step = (
        None if end is None else value(end) for end in (ends.start, ends.stop, ends.step)
    )
    return sliced(context, of, start, stop, step)


def _item(node: nodes.Getitem, value: _Value, _: Root, context: ExpressionContext) -> Any:
    if isinstance(node.arg, nodes.Slice):
        return _slice(node, node.arg, value, context)
    return reach(value(node.node), value(node.arg))


def _call(node: nodes.Call, value: _Value, _: Root, context: ExpressionContext) -> Any:
    assert isinstance(node.node, nodes.Getattr)  # refusals() let nothing else through
    of = value(node.node.node)
    return method(context, of, node.node.attr, *map(value, node.args))


def _helper(
    table: Mapping[str, Callable[..., Any]],
    node: nodes.Filter | nodes.Test,
    value: _Value,
    context: ExpressionContext,
) -> Any:
    assert node.node is not None
    of = value(node.node)
    arguments = [value(argument) for argument in node.args]
    named = {str(pair.key): value(pair.value) for pair in node.kwargs}
    return table[node.name](context, of, *arguments, **named)


def _compare(node: nodes.Compare, value: _Value, _: Root, context: ExpressionContext) -> bool:
    first = value(node.expr)
    steps = [(operand.op, value(operand.expr)) for operand in node.ops]
    return ordered(context, first, steps)


def _sign(node: nodes.UnaryExpr, value: _Value, *_: Any) -> Any:
    number = present(value(node.node))
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise TemplateProblem(
            "FAB207", f"'{node.operator}' needs a number, but it is {kind(number)}"
        )
    return -number if node.operator == "-" else number


def _arithmetic(node: nodes.BinExpr, value: _Value, _: Root, context: ExpressionContext) -> Any:
    left = value(node.left)
    return calculate(context.budget, node.operator, left, value(node.right))


def _chosen(node: nodes.CondExpr, value: _Value, *_: Any) -> Any:
    assert node.expr2 is not None  # refusals() let no other through
    return value(node.expr1 if _holds(node.test, value) else node.expr2)


_LIST: _Way = lambda node, value, *_: [value(item) for item in node.items]  # noqa: E731
_WAYS: Mapping[type[nodes.Node], _Way] = {
    nodes.Const: lambda node, *_: node.value,
    nodes.Name: lambda node, _, names, __: reach(names, node.name),
    nodes.Getattr: lambda node, value, *_: reach(value(node.node), node.attr),
    nodes.Getitem: _item,
    nodes.Call: _call,
    nodes.Filter: lambda node, value, _, context: _helper(FILTERS, node, value, context),
    nodes.Test: lambda node, value, _, context: _helper(TESTS, node, value, context),
    nodes.Compare: _compare,
    nodes.And: lambda node, value, *_: value(node.left) and value(node.right),
    nodes.Or: lambda node, value, *_: value(node.left) or value(node.right),
    nodes.Not: lambda node, value, *_: not _holds(node.node, value),
    nodes.CondExpr: _chosen,
    nodes.Neg: _sign,
    nodes.Pos: _sign,
    **dict.fromkeys(
        (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow),
        _arithmetic,
    ),
    nodes.Concat: lambda node, value, _, context: joined(context, [value(n) for n in node.nodes]),
    nodes.List: _LIST,
    nodes.Tuple: _LIST,
    nodes.Dict: lambda node, value, *_: {value(pair.key): value(pair.value) for pair in node.items},
}


__all__ = ["holds", "value_of"]

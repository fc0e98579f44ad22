"""Syntax trees of expressions, looked at: what stands below a node, and which expressions have the same tree.

Jinja's own walk asks every field of every node by name; a file may have thousands of expressions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jinja2 import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEVER_NODES = frozenset(("ctx", "name", "attr", "op", "key", "value", "importname", "identifier"))
"""Fields that hold a text or a number, whatever the node is, but for the value of a pair."""
_FIELDS: dict[type[nodes.Node], tuple[str, ...]] = {}
_FIRST = 10**9
"""A number that nobody writes, so that none becomes equal to one that is kept."""
_TOKENS = re.compile(
    r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""  # texts, which stay
    r"|(?<![\w.])(?:0|[1-9][0-9]{0,8})(?![\w.])",
    re.DOTALL,
)


def children(node: nodes.Node) -> list[nodes.Node]:
    """The nodes directly below, in the order they are written."""
    kind = type(node)
    fields = _FIELDS.get(kind)
    if fields is None:
        pairs = issubclass(kind, nodes.Pair | nodes.Keyword)
        fields = tuple(
            name for name in kind.fields if name not in _NEVER_NODES or (pairs and name != "ctx")
        )
        _FIELDS[kind] = fields
    found: list[nodes.Node] = []
    for name in fields:
        held = getattr(node, name)
        if isinstance(held, list):
            found += [one for one in held if isinstance(one, nodes.Node)]
        elif isinstance(held, nodes.Node):
            found.append(held)
    return found


def every(tree: nodes.Node) -> Iterator[nodes.Node]:
    """The node and all below it, each before what is below it."""
    open_ = [tree]
    while open_:
        node = open_.pop()
        yield node
        open_ += reversed(children(node))


def with_other_numbers(source: str) -> str:
    """An expression with the same names, and equal numbers where it has equal ones, that many have in common.

    ``vars.a + 17`` and ``vars.a + 18`` both become ``vars.a + 1000000000``: a name that one of them can use, the
    other can. Numbers of more than nine digits, with a point or within a text are kept.
    """
    numbers: dict[str, str] = {}

    def other(found: re.Match[str]) -> str:
        return found[1] or numbers.setdefault(found[0], str(_FIRST + len(numbers)))

    return _TOKENS.sub(other, source)

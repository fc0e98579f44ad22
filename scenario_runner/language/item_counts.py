"""Whether an expression asks for an element that a list of the plan will not have."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from scenario_runner.language.evaluating import value_of
from scenario_runner.language.names import written
from scenario_runner.language.sandbox import parsed
from scenario_runner.language.template_limits import TemplateProblem
from scenario_runner.language.template_trees import children, every
from scenario_runner.language.template_values import ExpressionContext, Root, missing
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

PLANNED = ("patients", "studies", "series", "images")
"""Names of the lists that a case is planned with."""


@dataclass(frozen=True, slots=True)
class Held:
    """How many members a list of the plan has, and which lists each of them holds, by name."""

    groups: tuple[tuple[int, Held | Mapping[str, Held]], ...]
    """So many times what follows: one member with its lists, or all members of another list."""

    def __len__(self) -> int:
        return sum(count * _size(of) for count, of in self.groups)

    def at(self, place: int) -> Mapping[str, Held] | None:
        """The lists of a member, counted from the end below 0; None where there is none."""
        if place < 0:
            place += len(self)
        for count, of in self.groups if place >= 0 else ():
            if place < (whole := count * _size(of)):
                return of.at(place % _size(of)) if isinstance(of, Held) else of
            place -= whole
        return None


def told_apart(planned: Mapping[str, Held]) -> Hashable:
    """What two cases share that are planned with lists of the same lengths."""
    return tuple((name, _groups(held)) for name, held in planned.items())


def _groups(held: Held) -> Hashable:
    return tuple(
        (count, _groups(of) if isinstance(of, Held) else told_apart(of))
        for count, of in held.groups
    )


def _size(of: Held | Mapping[str, Held]) -> int:
    return len(of) if isinstance(of, Held) else 1


def beyond(
    source: str, names: Mapping[str, Any], planned: Mapping[str, Held]
) -> TemplateProblem | None:
    """What is wrong with an expression that is sure to ask for a member that is not there.

    names: what is known already; an index that needs others is not judged. planned: the lists of the case.
    """
    for node in _asked(source):
        of = _lists(node.node, names, planned)
        place = _index(node.arg, names)
        if isinstance(of, Held) and place is not None and of.at(place) is None:
            problem = missing(range(len(of)), place)
            problem.token = written(node)
            return problem
    return None


@lru_cache(maxsize=2_048)
def _asked(source: str) -> tuple[nodes.Getitem, ...]:
    """The members of something planned that have to be there for the expression to have a value."""
    if "[" not in source or not any(name in source for name in PLANNED):
        return ()
    try:
        return tuple(_surely(parsed(source)))
    except TemplateProblem:
        return ()


def _surely(node: nodes.Node) -> Iterator[nodes.Getitem]:
    if isinstance(node, nodes.Getitem) and not isinstance(node.arg, nodes.Slice):
        yield node
    if isinstance(node, nodes.CondExpr):
        yield from _surely(node.test)
    elif isinstance(node, nodes.And | nodes.Or):
        yield from _surely(node.left)
    elif not _may_be_missing(node):
        for child in children(node):
            yield from _surely(child)


def _may_be_missing(node: nodes.Node) -> bool:
    return (isinstance(node, nodes.Filter) and node.name in ("default", "d")) or (
        isinstance(node, nodes.Test) and node.name in ("defined", "undefined")
    )


def _lists(
    node: nodes.Node, names: Mapping[str, Any], planned: Mapping[str, Held]
) -> Held | Mapping[str, Held] | None:
    """The planned list, or the lists of the member, that a chain of names leads to; None for anything else."""
    if isinstance(node, nodes.Name):
        return planned.get(node.name)
    if isinstance(node, nodes.Getattr):
        of = _lists(node.node, names, planned)
        return None if of is None or isinstance(of, Held) else of.get(node.attr)
    if isinstance(node, nodes.Getitem):
        of = _lists(node.node, names, planned)
        place = _index(node.arg, names)
        return of.at(place) if isinstance(of, Held) and place is not None else None
    return None


def _index(node: nodes.Node, names: Mapping[str, Any]) -> int | None:
    if not isinstance(node, nodes.Expr) or isinstance(node, nodes.Slice):
        return None
    used = {one.name for one in every(node) if isinstance(one, nodes.Name)}
    if not used <= names.keys():
        return None
    try:
        place = value_of(node, Root(names), ExpressionContext())
    except (TemplateProblem, TypeError, ValueError, ArithmeticError, LookupError):
        return None
    return place if isinstance(place, int) and not isinstance(place, bool) else None


__all__ = ["PLANNED", "Held", "beyond"]

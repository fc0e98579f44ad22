"""Which names a template can use, checked without running anything.

``check_names`` holds every expression of a tree against the shape of what will exist when it is
evaluated, so that ``fabricate validate`` finds ``studies[0].acession`` before a PACS hears of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from scenario_runner.errors import MOST_DIAGNOSTICS, Diagnostic, in_file_order
from scenario_runner.language.sandbox import compiled, parsed, refusals
from scenario_runner.language.shapes import ANY, Shape, list_of
from scenario_runner.language.template_limits import NO_SUCH_NAME, Budget, TemplateProblem
from scenario_runner.language.template_trees import children, every, with_other_numbers
from scenario_runner.language.template_values import missing, text_of, unknown_key, unknown_name
from scenario_runner.language.templates import (
    Part,
    WhereIs,
    diagnostic,
    expression_in,
    split,
    texts,
)
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.origins import Path


def check_names(
    tree: Any,
    path: Path,
    where: WhereIs,
    shape: Shape,
    deferred: frozenset[Path] = frozenset(),
    *,
    is_expression: bool = False,
    advice: Callable[[str], str | None] = lambda _: None,
) -> list[Diagnostic]:
    """Every expression of a raw tree that can never have a value, in file order.

    path: where ``tree`` stands. shape: the names there are. deferred: paths below it to leave out,
    for they are checked with further names. is_expression: ``tree`` is a ``when`` or an ``expr``. advice: what
    to say of names that are not there, and might be meant by those who know the steps.
    """
    found: list[Diagnostic] = []
    scalars: Iterable[tuple[Path, str]] = texts(tree)
    if is_expression:
        scalars = [((), tree)] if isinstance(tree, str) else []
    for below, text in scalars:
        if any(below[: len(left)] == left for left in deferred):
            continue
        for problem, part in _problems_of(text, shape, is_expression):
            if problem.code == NO_SUCH_NAME and problem.token:
                problem.hint = advice(problem.token) or problem.hint
            found.append(diagnostic(problem, where((*path, *below)), text, part))
        if len(found) >= MOST_DIAGNOSTICS:
            break
    return in_file_order(found)


def _problems_of(
    text: str, shape: Shape, is_expression: bool
) -> Iterator[tuple[TemplateProblem, Part | None]]:
    try:
        parts = (expression_in(text),) if is_expression else split(text)
    except TemplateProblem as problem:
        yield problem, None
        return
    for part in parts:
        if part.is_expression:
            mixed = len(parts) > 1
            found = problems(part.text, shape, mixed=mixed) or _constant(part.text, mixed=mixed)
            yield from ((each, part) for each in found)


def problems(source: str, shape: Shape, *, mixed: bool = False) -> list[TemplateProblem]:
    """All that is wrong with one expression, whatever the values will be. mixed: it stands inside text."""
    alike = with_other_numbers(source)
    # A message says the numbers as they are written.
    return (_found(alike, shape, mixed) and _found(source, shape, mixed)) or []


def _found(source: str, shape: Shape, mixed: bool = False) -> list[TemplateProblem]:
    try:
        alone = _alone(source)
    except TemplateProblem as problem:
        return [problem]
    inference = _Inference(shape, alone.tested)
    if mixed:
        inference.infer_text(alone.tree)
    else:
        inference.infer(alone.tree)
    refused = {problem.token for problem in alone.refused}
    return alone.refused + [problem for problem in inference.found if problem.token not in refused]


@dataclass(frozen=True)
class _Alone:
    """What can be told of an expression whatever the names are."""

    tree: nodes.Expr
    refused: list[TemplateProblem]
    tested: frozenset[str]
    """The keys that ``is defined`` asks about; using one of them elsewhere is then on purpose."""
    has_names: bool


@lru_cache(maxsize=2_048)
def _alone(source: str) -> _Alone:
    """Raises TemplateProblem."""
    tree = parsed(source)
    whole = list(every(tree))
    asked = [
        node.node
        for node in whole
        if isinstance(node, nodes.Test) and node.name in ("defined", "undefined")
    ]
    return _Alone(
        tree,
        refused=list(refusals(tree)),
        tested=frozenset(key for node in asked if (key := _key(node)) is not None),
        has_names=any(isinstance(node, nodes.Name) for node in whole),
    )


def members_read(source: str, name: str) -> frozenset[str] | None:
    """Which members of a name an expression reads; None where it takes the name as a whole."""
    whole = list(every(parsed(source)))
    members = [
        key
        for node in whole
        if isinstance(node, nodes.Getattr | nodes.Getitem)
        and isinstance(node.node, nodes.Name)
        and node.node.name == name
        and (key := _key(node)) is not None
    ]
    used = sum(isinstance(node, nodes.Name) and node.name == name for node in whole)
    return None if used > len(members) else frozenset(members)


def _constant(source: str, *, mixed: bool) -> list[TemplateProblem]:
    """What goes wrong with an expression that uses no name, and so can be tried at once."""
    try:
        if _alone(with_other_numbers(source)).has_names:
            return []
        value = compiled(source).evaluate({})
        Budget().whole(value)
        if mixed:
            text_of(value)
    except TemplateProblem as problem:
        return [problem]
    return []


def _key(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Getattr):
        return node.attr
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        return str(node.arg.value)
    return None


def written(node: nodes.Node) -> str:
    """A chain of names as the user wrote it, for a message."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{written(node.node)}.{node.attr}"
    if isinstance(node, nodes.Getitem):
        below_zero = isinstance(node.arg, nodes.Neg)
        number = node.arg.node if isinstance(node.arg, nodes.Neg) else node.arg
        index = f"{'-' * below_zero}{number.value!r}" if isinstance(number, nodes.Const) else "…"
        return f"{written(node.node)}[{index}]"
    return "…"


_SAME_LIST = frozenset(
    ("list", "sort", "reverse", "unique", "select", "reject", "selectattr", "rejectattr")
)
_BY_KEYWORD = frozenset(("map", "sort", "min", "max", "sum", "unique", "join"))


@dataclass
class _Inference:
    """Follows shapes through one expression and collects what cannot be there."""

    root: Shape
    tested: frozenset[str]
    found: list[TemplateProblem] = field(default_factory=list)

    def infer(self, node: nodes.Node, lenient: bool = False) -> Shape:
        """What is known of the node's value. lenient: a missing key is caught by ``default``."""
        if isinstance(node, nodes.Name):
            known = self.root.attributes or {}
            if node.name not in known:
                self.found.append(unknown_name(node.name, known))
            return known.get(node.name, ANY)
        if isinstance(node, nodes.Getattr):
            base = self.infer(node.node, lenient)
            return self._member(base, node.attr, node.node, lenient)
        if isinstance(node, nodes.Getitem):
            return self._item(node, lenient)
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
            for part in (node.node.node, *node.args):
                self.infer(part)
            return ANY
        if isinstance(node, nodes.Filter) and node.node is not None:
            return self._filter(node, node.node)
        if isinstance(node, nodes.Concat):
            for part in node.nodes:
                self.infer_text(part)
            return ANY
        for child in children(node):
            self.infer(
                child, isinstance(node, nodes.Test) and node.name in ("defined", "undefined")
            )
        return ANY

    def infer_text(self, node: nodes.Node) -> None:
        """As ``infer``, of what has to become characters, as no mapping and no list can."""
        shape = self.infer(node)
        if shape.attributes is None and shape.item is None:
            return
        try:
            text_of({} if shape.item is None else [])
        except TemplateProblem as problem:
            self.found.append(problem)

    def _member(self, base: Shape, key: Any, of: nodes.Node, lenient: bool) -> Shape:
        excused = lenient or str(key) in self.tested
        if base.attributes is not None:
            if key in base.attributes:
                return base.attributes[key]
            if not excused:
                self.found.append(unknown_key(str(key), base.attributes, written(of)))
        elif base.item is not None:
            if isinstance(key, int):
                return base.item
            self.found.append(missing([], key))
        return ANY

    def _item(self, node: nodes.Getitem, lenient: bool) -> Shape:
        base = self.infer(node.node, lenient)
        if isinstance(node.arg, nodes.Const):
            return self._member(base, node.arg.value, node.node, lenient)
        self.infer(node.arg)
        if isinstance(node.arg, nodes.Slice):
            return base
        return base.item or ANY

    def _filter(self, node: nodes.Filter, value: nodes.Node) -> Shape:
        base = self.infer(value, lenient=node.name in ("default", "d"))
        for child in (*node.args, *node.kwargs):
            self.infer(child)
        if base.item is None:
            return ANY
        member = ANY
        attribute = self._attribute(node)
        if attribute:
            member = base.item
            for part in attribute.split("."):
                member = self._member(member, int(part) if part.isdecimal() else part, value, False)
        if node.name in _SAME_LIST:
            return base
        if node.name in ("first", "last"):
            return base.item
        return list_of(member) if node.name == "map" and attribute else ANY

    @staticmethod
    def _attribute(node: nodes.Filter) -> str | None:
        """The attribute of each element that a filter names, where it is written out."""
        given: list[nodes.Node] = [
            pair.value
            for pair in node.kwargs
            if pair.key == "attribute" and node.name in _BY_KEYWORD
        ]
        if node.name in ("selectattr", "rejectattr"):
            given = list(node.args[:1])
        if given and isinstance(given[0], nodes.Const) and isinstance(given[0].value, str):
            return given[0].value if "," not in given[0].value else None
        return None

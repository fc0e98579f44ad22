"""Variables of a file: rendered in an order in which each comes after those that it uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import nodes

from scenario_runner.errors import (
    MOST_DIAGNOSTICS,
    Diagnostic,
    InvalidInput,
    in_file_order,
)
from scenario_runner.language.sandbox import parsed
from scenario_runner.language.template_limits import Budget, TemplateProblem
from scenario_runner.language.template_trees import children
from scenario_runner.language.templates import WhereIs, diagnostic, render_tree, split, texts
from scenario_runner.origins import Path


def resolve_vars(
    tree: Mapping[str, Any], names: Mapping[str, Any], where: WhereIs, path: Path
) -> dict[str, Any]:
    """Render ``vars``, which may use each other as ``vars.NAME`` in any order.

    names: the other names (``matrix``, ``run``, ``site``). A variable that picks by a computed name
    (``vars[matrix.modality]``) sees those that use no computed name and those before it. Raises
    InvalidInput; a cycle is shown as ``vars.a → vars.b → vars.a`` (FAB209).
    """
    needs, open_ = _dependencies(tree)
    late = _reaching(open_, needs)
    order, cycles = _order(needs, sorted(tree, key=lambda name: name in late))
    found = [_cycle(cycle, where, path) for cycle in cycles]
    broken = {name for cycle in cycles for name in cycle}
    done: dict[str, Any] = {}
    budget = Budget()
    for name in order:
        if len(found) >= MOST_DIAGNOSTICS:
            break
        if name in broken or needs[name] & broken or (broken and name in open_):
            broken.add(name)  # what is wrong with the other one is said there
            continue
        try:
            done[name] = render_tree(tree[name], {**names, "vars": done}, where, (*path, name))
            budget.whole(done[name])
        except InvalidInput as error:
            found += error.diagnostics
            broken.add(name)
        except TemplateProblem as problem:
            found.append(diagnostic(problem, where((*path, name)), ""))
            broken.add(name)
    if found:
        raise InvalidInput(found)
    return {name: done[name] for name in tree}


def check_cycles(tree: Mapping[str, Any], where: WhereIs, path: Path) -> list[Diagnostic]:
    """Variables that need themselves, found without rendering any (FAB209), in file order."""
    _, cycles = _order(_dependencies(tree)[0], list(tree))
    return in_file_order(_cycle(cycle, where, path) for cycle in cycles)


def _expressions(value: Any) -> Iterator[nodes.Expr]:
    for _, text in texts(value):
        try:
            yield from (parsed(part.text) for part in split(text) if part.is_expression)
        except TemplateProblem:
            continue  # rendering it says what is wrong


def variables_in(value: Any) -> Iterator[str | None]:
    """Names of the variables a value uses; None where it uses ``vars`` in a way that cannot be told."""
    for tree in _expressions(value):
        open_: list[nodes.Node] = [tree]
        while open_:
            node = open_.pop()
            if isinstance(node, nodes.Getattr) and _is_vars(node.node):
                yield node.attr
                continue
            if (
                isinstance(node, nodes.Getitem)
                and isinstance(node.arg, nodes.Const)
                and _is_vars(node.node)
            ):
                yield str(node.arg.value)
                continue
            if _is_vars(node):
                yield None
            open_ += children(node)


def _dependencies(tree: Mapping[str, Any]) -> tuple[dict[str, set[str]], set[str]]:
    """For each variable the others it names, and the variables that pick by a computed name."""
    uses = {name: set(variables_in(value)) for name, value in tree.items()}
    needs = {name: {use for use in used if use in uses} for name, used in uses.items()}
    return needs, {name for name in uses if None in uses[name]}


def _is_vars(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "vars"


def _reaching(goals: set[str], needs: Mapping[str, set[str]]) -> set[str]:
    """The goals and everything that needs one of them, at first or second hand."""
    users: dict[str, list[str]] = {}
    for name, needed in needs.items():
        for other in needed:
            users.setdefault(other, []).append(name)
    reached = set(goals)
    open_ = list(goals)
    while open_:
        new = set(users.get(open_.pop(), ())) - reached
        reached |= new
        open_ += new
    return reached


def _order(needs: Mapping[str, set[str]], names: list[str]) -> tuple[list[str], list[list[str]]]:
    """Names so that each comes after what it needs, and every cycle met, without recursion."""
    order: list[str] = []
    cycles: list[list[str]] = []
    state: dict[str, bool] = {}
    for first in names:
        if first in state:
            continue
        state[first] = False
        trail = [(first, iter(sorted(needs[first])))]
        while trail:
            name, rest = trail[-1]
            following = next(rest, None)
            if following is None:
                trail.pop()
                state[name] = True
                order.append(name)
            elif following not in state:
                state[following] = False
                trail.append((following, iter(sorted(needs[following]))))
            elif not state[following]:
                names = [each for each, _ in trail]
                cycles.append(names[names.index(following) :])
    return order, cycles


def _cycle(cycle: list[str], where: WhereIs, path: Path) -> Diagnostic:
    shown = cycle if len(cycle) <= 12 else [*cycle[:11], "…"]
    chain = " → ".join("…" if name == "…" else f"vars.{name}" for name in [*shown, cycle[0]])
    return Diagnostic(
        "FAB209",
        where((*path, cycle[0])),
        f"this variable needs itself: {chain}",
        "give one of them a plain value",
    )

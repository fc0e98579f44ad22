"""What of a tree of templates can be rendered when only some of the names are known."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from scenario_runner.errors import InvalidInput
from scenario_runner.language.names import members_read
from scenario_runner.language.sandbox import parsed
from scenario_runner.language.template_limits import TemplateProblem
from scenario_runner.language.template_trees import every
from scenario_runner.language.templates import (
    Part,
    diagnostic,
    is_template,
    render_text,
    split,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from scenario_runner.errors import Where
    from scenario_runner.origins import Path


def rendered(
    tree: Any,
    names: Mapping[str, Any],
    where: Callable[[Path], Where],
    wanted: Callable[[str], bool] = lambda _: True,
    late: frozenset[Path] = frozenset(),
    below: Path = (),
) -> Any:
    """A tree with the values of its templates; what is not wanted stays as it is.

    where: the place of what is below a path. wanted: whether a text is to be rendered. late: paths that are
    left as they are. Raises InvalidInput for a template that has no value.
    """
    if below in late:
        return tree

    def inside(key: Any, one: Any) -> Any:
        return rendered(one, names, where, wanted, late, (*below, key))

    if isinstance(tree, dict):
        return {key: inside(key, one) for key, one in tree.items()}
    if isinstance(tree, list):
        return [inside(place, one) for place, one in enumerate(tree)]
    if not isinstance(tree, str) or not is_template(tree) or not wanted(tree):
        return tree
    try:
        return render_text(tree, names)
    except TemplateProblem as problem:
        raise InvalidInput([diagnostic(problem, where(below), tree)]) from None


def is_known(text: str, names: Mapping[str, Any]) -> bool:
    """Whether all that a template names is known."""
    try:
        return all(is_known_part(part, names) for part in split(text) if part.is_expression)
    except TemplateProblem:
        return False


def is_known_part(part: Part, names: Mapping[str, Any]) -> bool:
    """The same of one expression. Raises TemplateProblem."""
    roots, params = _roots(part.text)
    if not roots <= names.keys():
        return False
    return "params" not in roots or (params is not None and params <= names["params"].keys())


@lru_cache(maxsize=2_048)
def _roots(source: str) -> tuple[frozenset[str], frozenset[str] | None]:
    """The names that an expression begins with, and the parameters it reads. Raises TemplateProblem."""
    tree = parsed(source)
    roots = frozenset(one.name for one in every(tree) if isinstance(one, nodes.Name))
    return roots, members_read(source, "params") if "params" in roots else frozenset()


def members_of(trees: Iterable[Any], names: Collection[str]) -> list[tuple[str, str | None]]:
    """What templates of some trees read of these names: a member of one, or all of it (None)."""
    read: dict[tuple[str, str | None], None] = {}
    for source in _sources(trees):
        try:
            roots, _ = _roots(source)
            for name in roots.intersection(names):
                members = members_read(source, name)
                read |= dict.fromkeys((name, one) for one in members or (None,))
        except TemplateProblem:
            continue
    return list(read)


def _sources(trees: Iterable[Any]) -> Iterator[str]:
    for tree in trees:
        if isinstance(tree, str) and not is_template(tree):
            yield tree  # a 'when' without braces; a text that is none reads nothing, or no more than it could
            continue
        for _, text in texts(tree):
            try:
                yield from (part.text for part in split(text) if part.is_expression)
            except TemplateProblem:
                continue


def member_of(names: Mapping[str, Any], name: str, member: str | None) -> Any:
    """What ``members_of`` has found a name for, in names that have values."""
    value = names.get(name)
    return value.get(member) if member is not None and isinstance(value, dict) else value

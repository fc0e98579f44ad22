"""Steps that run side by side: which they are, and which names each of them can see."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import Diagnostic
from scenario_runner.language.diagnostic_words import quoted
from scenario_runner.language.uses import Branch, Expanded

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping, Sequence

    from scenario_runner.language.document import Document
    from scenario_runner.language.entries import StepEntry
    from scenario_runner.origins import Path


def branch_of(document: Document, path: Path) -> Branch | None:
    """The branch that a step at a path is in, where it stands in a ``parallel``."""
    return document.branches.get(path[:2]) if isinstance(document, Expanded) else None


def side_by_side(entries: Sequence[StepEntry]) -> Iterator[list[list[StepEntry]]]:
    """What runs together, in order: branches of a ``parallel``, each with its steps; else one step."""
    for group, steps in groupby(entries, lambda entry: entry.branch and entry.branch.group):
        if group is None:
            yield from ([[entry]] for entry in steps)
        else:
            yield [list(one) for _, one in groupby(steps, lambda entry: entry.branch)]


class Sight:
    """Puts names that a branch saved out of sight while other branches are looked at."""

    def __init__(self) -> None:
        self._now: Branch | None = None
        self._own: list[tuple[MutableMapping[str, Any], str]] = []
        """New names of the branch that is looked at, and where they are known."""
        self._aside: list[tuple[MutableMapping[str, Any], str, Any]] = []

    def enter(self, branch: Branch | None) -> None:
        """Look at a step of a branch, or at one outside of any."""
        if branch == self._now:
            return
        for known, name in self._own:
            self._aside.append((known, name, known.pop(name)))
        self._own = []
        if branch is None or self._now is None or branch.group != self._now.group:
            for known, name, value in self._aside:
                known[name] = value
            self._aside = []
        self._now = branch

    def saves(self, known: MutableMapping[str, Any], name: str, value: Any) -> None:
        """The step at hand gives a name."""
        if self._now is not None and name not in known:
            self._own.append((known, name))
        known[name] = value


def check_branches(entries: Sequence[StepEntry]) -> Iterator[Diagnostic]:
    """Names that steps side by side save although another step gives them: which value they have is chance."""
    saved: dict[str, StepEntry] = {}
    for entry in entries:
        name = entry.save_as
        if name is None:
            continue
        before = saved.setdefault(name, entry)
        if entry.branch is not None and before.branch != entry.branch:
            first = before.origins.where((*before.path, "save_as"))
            hint = f"the first one is at line {first.line}; choose another name"
            if entry.use is not None:
                line = (first if before.use is None else before.use.whole[0].where).line
                hint = f"so does what stands at line {line}; use the list before or after that, not beside it"
            yield Diagnostic(
                "FAB123",
                entry.origins.where((*entry.path, "save_as")),
                f"{quoted(name)} is saved beside this step or before it already",
                hint,
            )

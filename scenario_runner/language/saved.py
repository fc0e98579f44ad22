"""Names that fields give without braces: what an earlier step saved, or which step it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import Diagnostic
from scenario_runner.language.document import Document, Path
from scenario_runner.language.marks import Mark
from scenario_runner.language.templates import is_template
from scenario_runner.language.words import did_you_mean, quoted, some_of

if TYPE_CHECKING:
    from scenario_runner.language.entries import StepEntry

SELECTIONS = ("generated", "imported", "all")
"""Selections that need not be saved: what ``generate`` chose, ``import`` took in, the whole plan."""

_WHAT = {
    "saved": "no earlier step saves {}",
    "selection": "no earlier step saves the selection {}",
    "instances": "no earlier step saves the instances {}",
    "step": "no earlier step is called {}",
}


def check_saved(
    document: Document,
    marks: Iterable[Mark],
    entries: Sequence[StepEntry],
    steps: Mapping[str, Any],
) -> Iterator[Diagnostic]:
    """Names that nothing before their step gives. entries: in the order they run."""
    named = [mark for mark in marks if mark.kind == "x-name-of" and mark.what in _WHAT]
    saved: list[str] = []
    selections: list[str] = list(SELECTIONS)
    ids: list[str] = []
    for entry in entries:
        known = {"saved": [*saved, *ids], "selection": selections, "step": ids}
        known["instances"] = list(dict.fromkeys((*selections, *saved, *ids)))
        for mark in named:
            if _inside(mark.path, entry.path) and isinstance(mark.value, str):
                yield from _unknown(document, mark, known[mark.what])
        ids.append(entry.id)
        if entry.save_as is not None:
            saved.append(entry.save_as)
        if steps[entry.step].selects:
            selections += [name for name in (entry.id, entry.save_as) if name is not None]


def _inside(path: Path, outer: Path) -> bool:
    return path[: len(outer)] == outer


def _unknown(document: Document, mark: Mark, known: Collection[str]) -> Iterator[Diagnostic]:
    name = mark.value
    if name in known or is_template(name):
        return
    yield Diagnostic(
        "FAB119",
        document.where(mark.path),
        _WHAT[mark.what].format(quoted(name)) + did_you_mean(name, known),
        f"there is: {some_of(known)}" if known else "no step before this one gives a name",
    )

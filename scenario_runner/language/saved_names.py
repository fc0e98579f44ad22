"""Names that fields give without braces: what an earlier step saved, or which step it was."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import Diagnostic
from scenario_runner.language.branches import Sight
from scenario_runner.language.diagnostic_words import did_you_mean, quoted, some_of
from scenario_runner.language.document import Document
from scenario_runner.language.saved_holdings import TURN, Holdings
from scenario_runner.language.schema_marks import Mark
from scenario_runner.language.templates import is_template
from scenario_runner.origins import Path

if TYPE_CHECKING:
    from scenario_runner.language.entries import StepEntry

SELECTIONS = ("generated", "imported", "all")
"""Selections that need not be saved: what ``generate`` chose, ``import`` took in, the whole plan."""

CASE = "case"
"""What checks of a load of cases are about."""

_OF_ALL_CASES = "what all cases of a load come to is held to 'checks' of the scenario's 'load'"
_COMPARED = 300
"""Names that an unknown one is compared with: thousands would take seconds for each."""
_DEPTH = 2
"""How many parts the path of a step has: ``("steps", 3)``."""
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
    lost: Iterable[str] = (),
) -> Iterator[Diagnostic]:
    """Names that nothing before their step gives.

    entries: in the order they run. lost: names that may be meant all the same, of steps that could not be read.
    """
    named: dict[Path, list[Mark]] = {}  # by the path of the step they stand in
    for mark in marks:
        is_name = mark.kind == "x-name-of" and mark.what in _WHAT
        if (is_name or mark.kind == "x-holds") and isinstance(mark.value, str):
            named.setdefault(mark.path[:_DEPTH], []).append(mark)
    yield from _of_cases(document, named.get(("load", "checks"), ()))
    saved: dict[str, None] = dict.fromkeys(lost)
    selections: dict[str, None] = dict.fromkeys((*SELECTIONS, *saved))
    ids: dict[str, None] = {}
    known: dict[str, tuple[dict[str, None], ...]] = {
        "saved": (saved, ids),
        "selection": (selections,),
        "instances": (selections, saved, ids),
        "step": (ids, saved),
    }
    turns: dict[str, float] = {}
    holdings = Holdings()
    sight = Sight()
    for entry in entries:
        sight.enter(entry.branch)
        for mark in named.get(entry.path, ()):
            if mark.kind == "x-holds":
                yield from holdings.wrong(document, mark, entry, turns)
            else:
                yield from _unknown(document, mark, known[mark.what], entry, turns)
        most = _most_turns(entry)
        holdings.note(entry, steps[entry.step], in_turns=most is not None)
        if most is not None:
            turns |= dict.fromkeys(filter(None, (entry.id, entry.save_as)), most)
        sight.saves(ids, entry.id, None)
        if entry.save_as is not None:
            sight.saves(saved, entry.save_as, None)
        if steps[entry.step].selects:
            for name in (entry.id, entry.save_as):
                if name is not None:
                    sight.saves(selections, name, None)


def _of_cases(document: Document, marks: Iterable[Mark]) -> Iterator[Diagnostic]:
    """Checks of a load of cases that are about something else."""
    for mark in marks:
        if mark.kind == "x-name-of" and mark.value != CASE and not is_template(mark.value):
            yield Diagnostic(
                "FAB119",
                document.where(mark.path),
                f"a check of all cases is of 'case', not of {quoted(mark.value)}",
                "a check of one step stands in an 'assert' after it",
            )


def _most_turns(entry: StepEntry) -> float | None:
    """How many turns a step has at most, for all that can be told beforehand; None for one that has none."""
    if "repeat" in entry.late:
        return math.inf
    if entry.repeat is not None:
        return entry.repeat.times
    if entry.for_each is None:
        return None
    return len(entry.for_each) if isinstance(entry.for_each, list) else math.inf


def _unknown(
    document: Document,
    mark: Mark,
    there_are: Sequence[Collection[str]],
    entry: StepEntry,
    turns: Mapping[str, float],
) -> Iterator[Diagnostic]:
    """What is wrong with a name. turns: of each step or what it saved, how many there are."""
    name = mark.value
    if is_template(name) or any(each in ids for each in entry.called(name) for ids in there_are):
        return
    if turn := TURN.fullmatch(name):
        step, place = turn.groups()
        for each in entry.called(step):
            if each not in turns or not any(each in ids for ids in there_are):
                continue
            if int(place) >= turns[each]:
                yield Diagnostic(
                    "FAB119",
                    document.where(mark.path),
                    f"{quoted(step)} has no turn {place}",
                    f"turns are counted from 0; the last one is {turns[each] - 1:.0f}",
                )
            return
    known = list(dict.fromkeys(islice((name for names in there_are for name in names), _COMPARED)))
    yield Diagnostic(
        "FAB119",
        document.where(mark.path),
        _WHAT[mark.what].format(quoted(name)) + did_you_mean(name, known),
        _OF_ALL_CASES
        if (mark.what, name) == ("step", CASE)
        else f"there is: {some_of(known)}"
        if known
        else "no step before this one gives a name",
    )

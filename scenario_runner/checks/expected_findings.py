"""``finds``: what validators are to find in objects that are wrong on purpose, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from scenario_runner.api import Difference, Differences, RuleName
from scenario_runner.checks.judging import differences, planned_series, rule_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scenario_runner.checks.judging import Judged, Judgement
    from scenario_runner.planning.plan import PlannedFault

Finds = Literal["faults"] | Annotated[list[RuleName], Field(min_length=1)] | None
"""``faults`` for those of the plan, or a list of rules; None: no error at all."""


def disagreements(judgement: Judgement, finds: Finds) -> Differences:
    """What was found and should not have been, and what should have been and was not."""
    if finds is None:
        return Differences(differences(judgement.errors()))
    if finds == "faults":
        return Differences([*_overlooked_faults(judgement), *_beyond_the_faults(judgement)])
    broken = {rule_of(found) for _, found in judgement.all()}
    missing = [_missing("", rule) for rule in finds if rule not in broken]
    other = [(name, found) for name, found in judgement.errors() if rule_of(found) not in finds]
    return Differences([*missing, *differences(other)])


def wanted(finds: Finds) -> str:
    """The expectation in words."""
    if finds is None:
        return "no error"
    if finds == "faults":
        return "the planned faults, and no other error"
    return f"errors of {', '.join(finds)}, and no other"


def _overlooked_faults(judgement: Judgement) -> Iterator[Difference]:
    """Faults that no rule of theirs found, neither in their image nor between images."""
    within: dict[str, set[str]] = {}
    for one, found in judgement.within:
        within.setdefault(one.name, set()).add(rule_of(found))
    between = {rule_of(found) for _, found in judgement.between}
    for one in judgement.instances:
        for fault in _faults(one):
            if not (within.get(one.name, set()) | between).intersection(fault.rules):
                yield _missing(one.name, " or ".join(fault.rules), fault.name)


def _beyond_the_faults(judgement: Judgement) -> Iterator[Difference]:
    """Errors that no planned fault explains.

    What a validator without named rules says about an image that is wrong on purpose cannot be told
    apart, and is let pass.
    """
    other = []
    for one, found in judgement.within:
        faults = _faults(one)
        if found.severity == "error" and not (faults and not found.rule):
            allowed = {rule for fault in faults for rule in (*fault.rules, *fault.also)}
            if found.rule not in allowed:
                other.append((one.name, found))
    planned = [fault for series in planned_series(judgement) for fault in series.faults]
    allowed = {rule for fault in planned for rule in (*fault.rules, *fault.also)}
    for name, found in judgement.between:
        unnamed = planned and not found.rule
        if found.severity == "error" and found.rule not in allowed and not unnamed:
            other.append((name, found))
    yield from differences(other)


def _faults(one: Judged) -> Sequence[PlannedFault]:
    if one.image is None:
        return ()
    return [fault for fault in one.image.series.faults if fault.on(one.image.index + 1)]


def _missing(name: str, rule: str, fault: str = "") -> Difference:
    return Difference(
        subject=name, attribute=fault or rule, expected=f"broken: {rule}", actual="not found"
    )

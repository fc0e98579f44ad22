"""Numbers for the whole plan, reserved as ranges before anything is planned.

Counts are known from the scenario, so each rule's total is too. The k-th use of a rule then has the
number first + k·step, whichever entity is looked at first: a plan stays lazy and can be indexed.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from scenario_runner.amounts import amount
from scenario_runner.errors import UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.api import CounterExhausted, Counters
from scenario_runner.planning.pattern_parts import Counter
from scenario_runner.planning.patterns import Pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

RuleKey = tuple[str, Counter]


def rules(kind: str, pattern: Pattern) -> list[RuleKey]:
    """The counters of a pattern, each with the name its registry entry has.

    kind: ``accession`` or ``patient_id``; two kinds never share a counter. A second counter in one
    pattern counts by itself.
    """
    return [
        (f"{kind} {pattern.rule}" + (f" #{place}" if place > 1 else ""), counter)
        for place, counter in enumerate(pattern.counters, 1)
    ]


@dataclass(slots=True)
class Demand:
    """How many identifiers of each rule are wanted; uses of one rule follow each other."""

    uses: dict[tuple[str, Pattern], int] = field(default_factory=dict)

    def take(self, kind: str, pattern: Pattern, count: int) -> int:
        """Ask for ``count`` more; returns which use of the rule the first of them is, from 0."""
        key = (kind, pattern)
        first = self.uses.get(key, 0)
        self.uses[key] = first + count
        return first


@dataclass(slots=True)
class Reserved:
    """The ranges a plan holds. ``record`` is what a run keeps so that a rerun has the same ones."""

    first: dict[tuple[str, Pattern], tuple[int, ...]] = field(default_factory=dict)
    record: dict[str, dict[str, int]] = field(default_factory=dict)

    def numbers(self, kind: str, pattern: Pattern, use: int) -> tuple[int, ...]:
        """One number for each counter of the pattern, for its use-th use."""
        if (kind, pattern) not in self.first:
            return ()  # nothing is counted, or nothing is wanted of it
        return tuple(
            first + use * counter.step
            for first, counter in zip(self.first[kind, pattern], pattern.counters, strict=True)
        )


def reserve(demand: Demand, site: str, counters: Counters) -> Reserved:
    """Reserve all that is wanted. Raises ExhaustedRule for a counter that has too few left."""
    reserved = Reserved()
    for (kind, pattern), count in demand.uses.items():
        if count == 0:
            continue
        firsts = []
        for rule, counter in rules(kind, pattern):
            try:
                first = counters.reserve(
                    site,
                    rule,
                    start=counter.start,
                    step=counter.step,
                    count=count,
                    last=counter.last,
                )
            except CounterExhausted as error:
                raise ExhaustedRule(kind, pattern, counter, count, error) from error
            firsts.append(first)
            # Patterns that differ only in start or step share a rule, hence the list's key.
            reserved.record[_record_key(rule, counter.start, counter.step)] = {
                "first": first,
                "count": count,
            }
        reserved.first[kind, pattern] = tuple(firsts)
    return reserved


class ExhaustedRule(Exception):  # becomes a diagnostic where the pattern's place is known
    """A counter of a pattern has fewer numbers left than the plan needs."""

    def __init__(
        self, kind: str, pattern: Pattern, counter: Counter, count: int, cause: CounterExhausted
    ) -> None:
        super().__init__(kind, pattern, counter, count)
        self.kind = kind
        self.pattern = pattern
        self.message = (
            f"the counter {counter} of '{pattern}' has {_left(counter, cause)} left, "
            f"and the plan needs {count}"
        )
        self.hint = f"its next number is {cause.next_number}; give it more digits"


def _left(counter: Counter, cause: CounterExhausted) -> str:
    left = max(0, (cause.last - cause.next_number) // counter.step + 1)
    return amount(left, "number")


class ReplayCounters:
    """Gives the numbers that an earlier run recorded, and no others.

    reserved: ``Plan.reserved`` of that run and scenario, as read back from JSON.
    """

    def __init__(self, reserved: Mapping[str, Mapping[str, Any]]) -> None:
        self._reserved = reserved

    def reserve(self, site: str, rule: str, *, start: int, step: int, count: int, last: int) -> int:  # noqa: ARG002 - the protocol's arguments
        """The recorded first number. Raises UsageError when the scenario now needs others."""
        held = self._reserved.get(_record_key(rule, start, step))
        if held is None or int(held["count"]) < count:
            raise UsageError(
                f"the run recorded no numbers for {rule} that would do for {count}",
                hint="the scenario or the site has changed since; start a new run",
            )
        return int(held["first"])


def _record_key(rule: str, start: int, step: int) -> str:
    return f"{rule} start={start} step={step}"

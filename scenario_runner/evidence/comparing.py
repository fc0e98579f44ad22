"""Two runs side by side: what got worse, what got better, what is only different."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Any

from scenario_runner.answers import answer_in_a_word
from scenario_runner.evidence.comparing_peers import compared_peers
from scenario_runner.evidence.difference import Difference
from scenario_runner.evidence.flat import kinds_of, two_sides
from scenario_runner.evidence.html_text import seconds
from scenario_runner.evidence.traceability import final_checks
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scenario_runner.evidence.difference import Way
    from scenario_runner.evidence.record import (
        CaseRecord,
        CheckRecord,
        RunRecord,
        StepRecord,
    )

_FLOOR_S = 0.5
"""A step that took longer by less than this is not slower, whatever the ratio."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs and what differs between them, the worse first."""

    before: RunRecord
    after: RunRecord
    differences: list[Difference] = field(default_factory=list)

    def of(self, way: Way) -> list[Difference]:
        """Those of one way."""
        return [one for one in self.differences if one.way == way]


def compare(before: RunRecord, after: RunRecord, noise: float = 1.0) -> Comparison:
    """Compare two runs; cases are matched by id, steps by id, checks by place and title.

    noise: how much longer a step may take, as a fraction of what it took; it is slower only when it took half a
    second more as well. A case, step, check or requirement that is not there any more is worse: what is not tried is not proved.
    """
    found = [
        *_cases(before, after, noise),
        *_requirements(before, after),
        *compared_peers(before, after),
        *_versions(before, after),
    ]
    order = {"worse": 0, "better": 1, "different": 2}
    return Comparison(before, after, sorted(found, key=lambda one: order[one.way]))


def _cases(before: RunRecord, after: RunRecord, noise: float) -> Iterator[Difference]:
    now = {case.id: case for case in after.cases}
    for case in before.cases:
        other = now.pop(case.id, None)
        if other is None:
            yield Difference("worse", "outcome", case.id, case.outcome, "not in this run")
            continue
        found = list(_steps(case, other, noise))
        if case.outcome != other.outcome and not any(one.kind == "outcome" for one in found):
            found.append(_outcome(case.id, case.outcome, other.outcome))
        yield from found
        yield from _counts(case.id, case.counts, other.counts)
        yield from _statuses(case, other)
    for case in now.values():
        yield Difference("different", "outcome", case.id, "not in this run", case.outcome)


def _requirements(before: RunRecord, after: RunRecord) -> Iterator[Difference]:
    """Those that one run alone names; how the others ended is told where they are named."""
    was, now = ({one.id: one.outcome for one in run.requirements} for run in (before, after))
    for id_ in {**was, **now}:
        if id_ not in now:
            yield Difference("worse", "outcome", f"requirement {id_}", was[id_], "not in this run")
        elif id_ not in was:
            yield Difference(
                "different", "outcome", f"requirement {id_}", "not in this run", now[id_]
            )


def _steps(before: CaseRecord, after: CaseRecord, noise: float) -> Iterator[Difference]:
    now = {step.id: step for step in after.steps}
    for step in before.steps:
        subject = f"{before.id} › {step.id}"
        other = now.pop(step.id, None)
        if other is None:
            yield Difference("worse", "outcome", subject, step.outcome, "not in this run")
            continue
        found = list(_checks(subject, step, other))
        if step.outcome != other.outcome and not any(one.kind == "outcome" for one in found):
            found.append(_outcome(subject, step.outcome, other.outcome))
        yield from found
        if step.outcome == other.outcome == "passed":
            yield from _duration(subject, step.duration_s, other.duration_s, noise)
        yield from _counts(subject, step.facts, other.facts)
    for id_, step in now.items():
        yield Difference(
            "different", "outcome", f"{before.id} › {id_}", "not in this run", step.outcome
        )


def _checks(subject: str, before: StepRecord, after: StepRecord) -> Iterator[Difference]:
    now = dict(_named(after))
    for name, check in _named(before):
        other = now.pop(name, None)
        whole = f"{subject} › {name[1]}" + (f" ({name[2]})" if name[2] else "")
        if other is None:
            if after.outcome not in ("skipped", "error", "interrupted"):
                yield Difference("worse", "outcome", whole, check.outcome, "not in this run")
            continue
        if check.outcome != other.outcome:
            yield _outcome(whole, check.outcome, other.outcome)
        yield from _attributes(whole, check, other)


def _named(step: StepRecord) -> Iterator[tuple[tuple[str, str, int], CheckRecord]]:
    seen: Counter[tuple[str, str]] = Counter()
    for check in final_checks(step):
        name = check.check, check.title or check.check
        yield (*name, seen[name]), check
        seen[name] += 1


def _attributes(subject: str, before: CheckRecord, after: CheckRecord) -> Iterator[Difference]:
    """Kinds of difference between what was expected and what came: new ones, and those that are gone."""
    was, now = _tallied(before), _tallied(after)
    for text in {**was, **now}:
        first, then = was.get(text, 0), now.get(text, 0)
        if first != then:
            way: Way = "worse" if not first else "better" if not then else "different"
            yield Difference(way, "attribute", f"{subject} › {text}", f"{first:,}", f"{then:,}")


def _tallied(check: CheckRecord) -> Counter[str]:
    found = Counter[str]()
    for kind in kinds_of(check):
        found[_kind(kind)] += kind.count
    return found


def _kind(kind: Any) -> str:
    told = two_sides(kind.expected, kind.actual, 80)
    names = ("expected", "actual")
    sides = (
        "various" if name in kind.various else side for name, side in zip(names, told, strict=True)
    )
    return f"{kind.attribute}: {' ▸ '.join(sides)}"


def _statuses(before: CaseRecord, after: CaseRecord) -> Iterator[Difference]:
    """What a PACS answered to the instances of each step, counted by status."""
    was, now = _tally(before), _tally(after)
    for place in {**was, **now}:
        first, then = was.get(place, Counter()), now.get(place, Counter())
        if first == then:
            continue
        stored = [sum(n for (_, ok), n in one.items() if ok) for one in (first, then)]
        lost = [sum(n for (_, ok), n in one.items() if not ok) for one in (first, then)]
        way: Way = "different"
        if not first:
            pass  # nothing is known of before: nothing was sent, or a log of the first version did not say
        elif stored[1] < stored[0] or lost[1] > lost[0]:
            way = "worse"
        elif lost[1] < lost[0]:
            way = "better"
        subject = f"{before.id} › {place[0]} to {place[1]}"
        yield Difference(way, "status", subject, _counted(first), _counted(then))


def _tally(case: CaseRecord) -> dict[tuple[str, str], Counter[tuple[str, bool]]]:
    tally: dict[tuple[str, str], Counter[tuple[str, bool]]] = {}
    for patient in case.patients:
        for study in patient.get("studies", ()):
            for series in study.get("series", ()):
                for image in series.get("images", ()):
                    for said in image.get("sent", ()):
                        place = said.get("step", ""), said.get("to", "")
                        status = answer_in_a_word(
                            said.get("status"),
                            told=bool(said.get("stored")),
                            maybe_stored=said.get("maybe_stored", True),
                        )
                        counts = tally.setdefault(place, Counter())
                        counts[status, bool(said.get("stored"))] += 1
    return tally


def _counted(counts: Counter[tuple[str, bool]]) -> str:
    return ", ".join(f"{n:,} × {status}" for (status, _), n in sorted(counts.items())) or "none"


def _counts(
    subject: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Difference]:
    for name in {**before, **after}:
        was, now = before.get(name), after.get(name)
        if was != now and _is_count(was) and _is_count(now):
            yield Difference("different", "count", f"{subject} › {name}", f"{was:,}", f"{now:,}")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _duration(subject: str, before: float, after: float, noise: float) -> Iterator[Difference]:
    for way, short, long in (("worse", before, after), ("better", after, before)):
        if long > short * (1 + noise) and long > short + _FLOOR_S:
            slow: Way = "worse" if way == "worse" else "better"
            yield Difference(slow, "duration", subject, seconds(before), seconds(after))


def _outcome(subject: str, before: str, after: str) -> Difference:
    way: Way = "different"
    if before == "passed":
        way = "worse"
    elif after == "passed":
        way = "better"
    return Difference(way, "outcome", subject, before, after)


def _versions(before: RunRecord, after: RunRecord) -> Iterator[Difference]:
    was, now = (dict(_flat(run.environment)) for run in (before, after))
    for name in {**was, **now}:
        if was.get(name) != now.get(name):
            first, then = two_sides(was.get(name, "–"), now.get(name, "–"), 120)
            yield Difference("different", "version", name, first, then)


def _flat(environment: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in environment.items():
        if isinstance(value, dict):
            yield from value.items()
        else:
            yield name, value

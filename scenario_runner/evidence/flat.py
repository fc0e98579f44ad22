"""The record as a flat list of tests, which is how CI servers see the world.

A step is a test, a case its suite. A case or a run that went wrong without any step saying so
gets a test of its own, or a server that only counts tests would show it green.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from scenario_runner.amounts import amount
from scenario_runner.evidence.record import KindRecord
from scenario_runner.evidence.traceability import final_checks
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scenario_runner.events import Outcome
    from scenario_runner.evidence.record import CaseRecord, CheckRecord, RunRecord, StepRecord

_NAMELESS = "-"
"""In a log that somebody has edited; readers want a name."""
BAD: frozenset[Outcome] = frozenset({"failed", "error", "interrupted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatTest:
    """One test: a step, or what stands for a case or run that no step accuses."""

    name: str
    outcome: Outcome
    message: str
    duration_s: float
    detail: str
    step: StepRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatSuite:
    """A case as a suite; ``case`` is None for the suite that stands for the run."""

    name: str
    scenario: str
    duration_s: float
    started: str | None
    tests: list[FlatTest]
    case: CaseRecord | None = None


def suites(record: RunRecord, *, by_check: bool = False) -> Iterator[FlatSuite]:
    """Every case as a suite, and one for the run itself when nothing else tells how it ended.

    by_check: each check is a test, and a step only where no check of it says how it ended.
    """
    accused = False
    for case in record.cases:
        split = _check_tests if by_check else _one_test
        tests = [test for step in case.steps for test in split(step)]
        if case.outcome in BAD and not any(test.outcome in BAD for test in tests):
            tests.append(_stand_in(case.id, case.outcome, case.message))
        elif case.outcome == "skipped" and not tests:
            tests.append(_stand_in(case.id, "skipped", case.message))
        tests = list(_told_apart(tests))
        accused = accused or any(test.outcome in BAD for test in tests)
        yield FlatSuite(
            name=case.id or _NAMELESS,
            scenario=case.scenario.name or case.name or _NAMELESS,
            duration_s=case.duration_s,
            started=case.started or record.started,
            tests=tests,
            case=case,
        )
    if record.outcome in BAD and not accused:
        what = "The run was cut off." if record.outcome == "interrupted" else "The run went wrong."
        yield FlatSuite(
            name=record.id or "run",
            scenario="run",
            duration_s=record.duration_s,
            started=record.started,
            tests=[_stand_in("run", record.outcome, what)],
        )


def _told_apart(tests: Iterable[FlatTest]) -> Iterator[FlatTest]:
    """The tests of a suite under names of their own: of two with one name a reader may show one."""
    taken: set[str] = set()
    last: dict[str, int] = {}
    for test in tests:
        name, number = test.name, last.get(test.name, 1)
        while name in taken:
            number += 1
            name = f"{test.name} ({number})"
        taken.add(name)
        last[test.name] = number
        yield test if name == test.name else replace(test, name=name)


def one_line(value: Any, limit: int = 2000) -> str:
    """A value for a person: text as it stands, quoted where it could be taken for something else.

    ``"1"`` is not ``1``, and an empty text has to be seen; hence the quotes.
    """
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False) if _ambiguous(value) else value
    elif is_short_record(value):
        text = ", ".join(f"{key}: {one_line(item)}" for key, item in value.items())
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"


def two_sides(first: Any, second: Any, limit: int = 2000) -> tuple[str, str]:
    """Two values that are compared, as ``one_line`` has each; of long ones the part in which they differ."""
    sides = one_line(first, limit), one_line(second, limit)
    if first == second or sides[0][:limit] != sides[1][:limit]:
        return sides
    whole = one_line(first, sys.maxsize), one_line(second, sys.maxsize)
    begin = _alike(*whole) - limit // 4
    return _part(whole[0], begin, limit), _part(whole[1], begin, limit)


def _alike(first: str, second: str) -> int:
    """How many characters two texts have in common at their beginning."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if first[:middle] == second[:middle] else (low, middle - 1)
    return low


def _part(text: str, begin: int, limit: int) -> str:
    if begin <= 0:
        return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"
    end = "…" if begin + limit < len(text) else ""
    return f"…{text[begin : begin + limit]}{end} ({len(text):,} characters)"


def is_short_record(value: Any) -> bool:
    """Whether a value is a flat object of a few members with plain names."""
    return (
        isinstance(value, dict)
        and 0 < len(value) <= 8
        and all(key.replace("_", "").replace(" ", "").isalnum() for key in value)
        and all(item is None or isinstance(item, str | int | float) for item in value.values())
    )


def _ambiguous(text: str) -> bool:
    if text != text.strip() or not text:
        return True
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _stand_in(name: str, outcome: Outcome, message: str) -> FlatTest:
    return FlatTest(
        name=name or _NAMELESS, outcome=outcome, message=message, duration_s=0.0, detail=""
    )


def _one_test(step: StepRecord) -> list[FlatTest]:
    return [_step_test(step)]


def _check_tests(step: StepRecord) -> list[FlatTest]:
    """A test for each check, and one for the step when it has none or went wrong without any."""
    whole = _step_test(step)
    checks = final_checks(step)
    tests = [
        FlatTest(
            name=f"{whole.name} › {check.title or check.check}",
            outcome=check.outcome,
            message=check.message or (check.outcome if check.outcome != "passed" else ""),
            duration_s=0.0,
            detail="\n".join(_check_lines(check)),
            step=step,
        )
        for check in checks
    ]
    accused = any(check.outcome in BAD for check in checks)
    return tests if tests and (accused or step.outcome not in BAD) else [whole, *tests]


def _step_test(step: StepRecord) -> FlatTest:
    lines = [] if not step.message else [step.message]
    for check in final_checks(step):
        lines += _check_lines(check)
    return FlatTest(
        name=(f"{step.id}: {step.title}" if step.title and step.title != step.id else step.id)
        or _NAMELESS,
        outcome=step.outcome,
        message=complaint(step),
        duration_s=step.duration_s,
        detail="\n".join(lines),
        step=step,
    )


def _check_lines(check: CheckRecord) -> list[str]:
    lines = [f"{check.outcome}: {check.title or check.check}"]
    if check.outcome != "passed":
        expected, actual = two_sides(check.expected, check.actual)
        lines += [f"  expected: {expected}", f"  actual:   {actual}"]
        lines += [f"  {line}" for line in (check.message,) if line]
        lines += [f"  {line}" for line in kind_lines(check, _KINDS)]
    return lines


def kinds_of(check: CheckRecord) -> list[KindRecord]:
    """The kinds of difference; of a record that knows none, each difference is one."""
    return check.kinds or [
        KindRecord(
            attribute=one.attribute,
            expected=one.expected,
            actual=one.actual,
            count=1,
            examples=[one],
        )
        for one in check.differences
    ]


def condensed(kinds: Sequence[KindRecord], room: int) -> list[KindRecord]:
    """The kinds, those of one attribute as one when there are more than there is room for."""
    if len(kinds) <= room:
        return list(kinds)
    merged: dict[str, list[KindRecord]] = {}
    for kind in kinds:
        merged.setdefault(kind.attribute, []).append(kind)
    return [several[0] if len(several) == 1 else _as_one(several) for several in merged.values()]


def _as_one(kinds: Sequence[KindRecord]) -> KindRecord:
    various: list[Literal["expected", "actual"]] = []
    if len({one_line(kind.expected) for kind in kinds}) > 1:
        various.append("expected")
    if len({one_line(kind.actual) for kind in kinds}) > 1:
        various.append("actual")
    return KindRecord(
        attribute=kinds[0].attribute,
        expected=None if "expected" in various else kinds[0].expected,
        actual=None if "actual" in various else kinds[0].actual,
        various=various,
        count=sum(kind.count for kind in kinds),
        examples=[example for kind in kinds[:3] for example in kind.examples[:1]],
    )


def kind_lines(check: CheckRecord, limit: int) -> list[str]:
    """A line for each kind of difference: ``300 x StudyDescription: RIGHT became WRONG, …``."""
    every = kinds_of(check)
    kinds = condensed(every, limit)
    lines = [_kind_line(kind) for kind in kinds[:limit]]
    if check.difference_count > sum(len(kind.examples) for kind in every):
        lines.insert(0, examples_kept(check, every))
    if len(kinds) > limit:
        lines.append(f"… and {amount(len(kinds) - limit, 'more attribute')}, all in run.json")
    return lines


def examples_kept(check: CheckRecord, kinds: Sequence[KindRecord]) -> str:
    """``600 differences of 2 kinds; run.json has 6 of them as examples``."""
    noun = "kind" if len(kinds) == 1 else "kinds"
    return (
        f"{check.difference_count:,} differences of {len(kinds):,} {noun}; "
        f"run.json has {len(check.differences):,} of them"
    )


def _kind_line(kind: KindRecord) -> str:
    if kind.count == 1 and kind.examples:
        one = kind.examples[0]
        was, became = two_sides(one.expected, one.actual, 200)
        return f"{one.subject} {one.attribute}: {was} became {became}"
    told = dict(zip(_SIDES, two_sides(kind.expected, kind.actual, 200), strict=True))
    sides = [
        "various values" + (f" ({told[side]})" if getattr(kind, side) is not None else "")
        if side in kind.various
        else told[side]
        for side in _SIDES
    ]
    first = f", first {kind.examples[0].subject}" if kind.examples else ""
    return f"{kind.count:,} x {kind.attribute}: {sides[0]} became {sides[1]}{first}"


_SIDES = ("expected", "actual")
_KINDS = 200
"""Kinds of difference that a test's text lists of one check."""


def complaint(step: StepRecord) -> str:
    """The step's own message, or else what its first check that went wrong found."""
    if step.message:
        return step.message
    for check in final_checks(step):
        if check.outcome in BAD:
            expected, actual = two_sides(check.expected, check.actual, 200)
            return f"{check.title or check.check}: expected {expected}, got {actual}"
    return ""

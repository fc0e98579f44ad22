"""The first screen of the report: what did not pass, what was tested, how much went to and fro."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from scenario_runner.evidence.flat import BAD, complaint, kinds_of, one_line
from scenario_runner.evidence.html_text import First, amount, code, first
from scenario_runner.evidence.traceability import WORST_FIRST, final_checks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scenario_runner.evidence.record import CaseRecord, CheckRecord, RunRecord, StepRecord

_SEEN_AT_ONCE, _MOST = 8, 200


def failures(
    record: RunRecord, link: Mapping[tuple[str, str | None], str]
) -> tuple[First[dict[str, Any]], list[dict[str, Any]]]:
    """A line for each check that does not hold, each step that went wrong without one, each case without either.

    Returns those of the first screen, with how many there are beyond the second list, which has the next ones. A
    case that never began and a step that was skipped have not failed.
    """
    scenarios = {case.scenario.name or case.name for case in record.cases}
    found = [
        {**line, "case": _called(case, alone=len(scenarios) == 1)}
        for case in record.cases
        for line in _of_case(case, link)
    ]
    found.sort(key=lambda line: WORST_FIRST.index(line["outcome"]))
    return First(found[:_SEEN_AT_ONCE], max(0, len(found) - _MOST)), found[_SEEN_AT_ONCE:_MOST]


def _called(case: CaseRecord, *, alone: bool) -> str:
    """The id of a case; its place in the matrix, when there is no other scenario to tell it from."""
    if not alone or not case.matrix:
        return case.id
    return ", ".join(f"{axis} {one_line(item, 60)}" for axis, item in case.matrix.items())


def _of_case(
    case: CaseRecord, link: Mapping[tuple[str, str | None], str]
) -> Iterator[dict[str, Any]]:
    bad = [step for step in case.steps if step.outcome in BAD]
    empty: dict[str, Any] = {"message": "", "kinds": None, "sides": None}
    for step in bad:
        line = {**empty, "outcome": step.outcome, "anchor": link.get((case.id, step.id))}
        checks = [check for check in final_checks(step) if check.outcome in BAD]
        for check in checks:
            yield {**line, **_of_check(step, check)}
        if not checks:
            yield {**line, "what": step.title or step.id, "message": complaint(step)}
    if not bad and case.outcome in BAD:
        what = case.scenario.title or case.name
        place = {"outcome": case.outcome, "anchor": link.get((case.id, None))}
        yield {**empty, **place, "what": what, "message": case.message}


def _of_check(step: StepRecord, check: CheckRecord) -> dict[str, Any]:
    """Expected and actual of a check; of one that compares objects those of its commonest differences."""
    kinds = sorted(kinds_of(check), key=lambda kind: -kind.count)
    title = check.title or check.check
    return {
        "outcome": check.outcome,
        "what": title if not step.title or step.title == title else f"{step.title}: {title}",
        "message": check.message,
        "kinds": first(kinds, 2) if kinds else None,
        "sides": (check.expected, check.actual),
    }


def volume(record: RunRecord) -> Iterator[dict[str, str]]:
    """Planned, sent, acknowledged, retrieved, deleted, bytes and rate; what did not happen is left out."""
    sent = _sent(record.cases)
    facts = Counter[str]()
    fastest = 0.0
    for case in record.cases:
        for step in case.steps:
            facts.update(_counted(step))
            rate = step.facts.get("instances_per_second")
            if step.step == "send" and isinstance(rate, int | float):
                fastest = max(fastest, float(rate))
    planned = sum(case.counts.get("images", 0) for case in record.cases)
    counts = {
        "planned": planned,
        "sent": sent["sent"],
        "acknowledged": sent["stored"] if sent["sent"] else None,
        "retrieved": facts["retrieved"],
        "study deleted" if facts["deleted"] == 1 else "studies deleted": facts["deleted"],
    }
    for label, count in counts.items():
        if count or (label == "acknowledged" and count is not None):
            short = label == "acknowledged" and count < sent["sent"]
            yield {
                "label": label,
                "figure": f"{count:,}",
                "outcome": "failed" if short else "neutral",
            }
    if facts["bytes"]:
        yield {"label": "received", "figure": size(facts["bytes"]), "outcome": "neutral"}
    if fastest >= 1:
        yield {"label": "sent a second", "figure": f"{fastest:,.0f}", "outcome": "neutral"}


def size(count: int) -> str:
    """Bytes in the unit that suits them: ``25.2 MB``."""
    amount_, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount_ < 999.5 or unit == "TB":
            break
        amount_ /= 1000
    return f"{amount_:.0f} {unit}" if unit == "B" or amount_ >= 99.5 else f"{amount_:.1f} {unit}"


def _sent(cases: Sequence[CaseRecord]) -> Counter[str]:
    """How many instances were sent and acknowledged, each counted once for each step that sent it."""
    found = Counter[str]()
    for case in cases:
        for patient in case.patients:
            for study in patient.get("studies", ()):
                for series in study.get("series", ()):
                    for image in series.get("images", ()):
                        for said in image.get("sent", ()):
                            found["sent"] += 1
                            found["stored"] += bool(said.get("stored"))
    return found


def _counted(step: StepRecord) -> dict[str, int]:
    names = {
        "retrieve": {"instances": "retrieved", "bytes": "bytes"},
        "delete": {"deleted_in_all": "deleted"},
    }.get(step.step, {})
    return {
        to: count
        for name, to in names.items()
        if isinstance(count := step.facts.get(name), int) and not isinstance(count, bool)
    }


def not_begun(record: RunRecord) -> Markup | None:
    """How many planned cases never began, and the command that goes on with them."""
    count = sum(never_began(case) for case in record.cases)
    if not count:
        return None
    command = f"fabricate rerun {record.id} --failed"
    return Markup("{} never began. {} goes on.").format(amount(count, "case"), code(command))


def never_began(case: CaseRecord) -> bool:
    """Whether a case was planned and not reached."""
    return case.started is None and case.outcome == "skipped"

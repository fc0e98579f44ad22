"""What the first page of the report says about the whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from scenario_runner.evidence.html_first import failures, never_began, not_begun, volume
from scenario_runner.evidence.html_grid import grids
from scenario_runner.evidence.html_text import (
    First,
    amount,
    bounded,
    command_line,
    fact_name,
    first,
    more,
    seconds,
    t,
    time_tag,
)
from scenario_runner.evidence.seen import services_in_words
from scenario_runner.evidence.traceability import WORST_FIRST, final_checks, worst

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from scenario_runner.events import Outcome
    from scenario_runner.evidence.record import (
        CaseRecord,
        ProofRecord,
        RerunRecord,
        RunRecord,
        TakenOverRecord,
    )

_PROBLEMS, _TARGETS, _REQUIREMENTS, _PROOFS, _INDEX = 20, 50, 500, 8, 2000
_FAR_STEPS = 500
_SOURCES = 10
_UNKNOWN = 100
"""Instances that may have been sent twice; all are in ``run.json``."""


def summary(record: RunRecord, anchors: Mapping[str, str]) -> dict[str, Any]:
    """The values of ``report.html.j2``. anchors: case id to anchor, for cases that have a page."""
    counts = _counts(record)
    link = _links(record, anchors)
    seen, further = failures(record, link)
    begun = [case for case in record.cases if not never_began(case)]
    drawn = list(grids(record.cases, anchors))
    titles = list(dict.fromkeys(case.scenario.title or case.name for case in record.cases))
    scenarios = list(dict.fromkeys(case.scenario.name or case.name for case in record.cases))
    return {
        "title": titles[0] if len(titles) == 1 else _many_titles(len(titles)),
        "subtitle": _subtitle(record, scenarios),
        "sentence": _sentence(counts),
        "tiles": _tiles(record, counts),
        "volume": list(volume(record)),
        "problems": first(record.problems, _PROBLEMS),
        "targets": first(record.targets, _TARGETS),
        "seen": {
            target.name: list(services_in_words(target)) for target in record.targets[:_TARGETS]
        },
        "failures": seen,
        "further": further,
        "not_begun": not_begun(record),
        "grids": drawn,
        "about": list(_about(record)),
        "environment": list(_environment(record)),
        "requirements": _requirements(record, link),
        "index": _index(record, begun, drawn, anchors),
        "version": record.environment.get("fabricator", ""),
        "compared": any(
            check.check == "migrate"
            for case in record.cases
            for step in case.steps
            for check in final_checks(step)
        ),
        "elsewhere": _elsewhere(record),
        "imported": any(step.step == "import" for case in record.cases for step in case.steps),
    }


_OUR_OWN = "registry"
"""The source, in a record of old, of patients who were made up in an earlier run."""


def _elsewhere(record: RunRecord) -> str:
    """Where patients come from that nobody here has made up, in words; empty where there are none."""
    called = [
        [f"the source '{name}'" for name in one.sources if name != _OUR_OWN]
        if one.elsewhere is None
        else one.elsewhere
        for one in (case.scenario for case in record.cases)
    ]
    return " and ".join(dict.fromkeys(word for words in called for word in words))


def _many_titles(count: int) -> str:
    return amount(count, "scenario") if count else "A run without cases"


def _subtitle(record: RunRecord, scenarios: list[str]) -> str:
    if len(scenarios) != 1:
        return ", ".join(scenarios[:20]) + (" …" if len(scenarios) > 20 else "")
    scenario = record.cases[0].scenario
    facts = [scenarios[0]]
    if scenario.version:
        facts.append(f"version {scenario.version}")
    if scenario.phase:
        facts.append(_PHASES.get(scenario.phase, scenario.phase))
    return " · ".join(facts)


_PHASES = {
    "IQ": "installation qualification (IQ)",
    "OQ": "operational qualification (OQ)",
    "PQ": "performance qualification (PQ)",
}

_Counts = dict[str, dict["Outcome", int]]


def _counts(record: RunRecord) -> _Counts:
    steps = [step for case in record.cases for step in case.steps]
    return {
        "case": _tally(case.outcome for case in record.cases),
        "step": _tally(step.outcome for step in steps),
        "check": _tally(check.outcome for step in steps for check in final_checks(step)),
        "requirement": _tally(requirement.outcome for requirement in record.requirements),
    }


def _tally(outcomes: Iterable[Outcome]) -> dict[Outcome, int]:
    tally: dict[Outcome, int] = dict.fromkeys(WORST_FIRST, 0)
    for outcome in outcomes:
        tally[outcome] += 1
    return tally


def _sentence(counts: _Counts) -> str:
    """What came out, in words."""
    parts = []
    for noun in ("case", "check"):
        tally = counts[noun]
        total = sum(tally.values())
        if not total:
            continue
        if tally["passed"] == total:
            parts.append(f"all {total:,} {noun}s passed" if total > 1 else f"the {noun} passed")
        elif total == 1:
            outcome = next(one for one in WORST_FIRST if tally[one])
            parts.append(f"the {noun} {_VERB[outcome]}")
        else:
            bad = " and ".join(
                f"{tally[outcome]:,} {_VERBS[outcome]}"
                for outcome in WORST_FIRST[:-1]
                if tally[outcome]
            )
            passed = f"{tally['passed']:,}" if tally["passed"] else "none"
            parts.append(f"of {amount(total, noun)} {passed} passed, {bad}")
    text = "; ".join(parts) or "no case was run"
    return f"{text[0].upper()}{text[1:]}."


_VERB = {
    "failed": "failed",
    "error": "could not be carried out",
    "interrupted": "was interrupted",
    "skipped": "was skipped",
}
_VERBS = {
    "failed": "failed",
    "error": "could not be carried out",
    "interrupted": "interrupted",
    "skipped": "skipped",
}


def _tiles(record: RunRecord, counts: _Counts) -> Iterator[dict[str, Any]]:
    for noun, label in (
        ("case", "cases passed"),
        ("step", "steps passed"),
        ("check", "checks passed"),
        ("requirement", "requirements passed"),
    ):
        tally = counts[noun]
        total = sum(tally.values())
        yield {
            "label": label if total else f"no {noun}s",
            "figure": f"{tally['passed']:,}" if total else "–",
            "of": f"{total:,}" if total else "",
            "outcome": worst(o for o, n in tally.items() if n) if total else "skipped",
        }
    yield {
        "label": "from start to end" if record.finished else "until it stopped",
        "figure": seconds(record.duration_s),
        "of": "",
        "outcome": "neutral",
    }


def _about(record: RunRecord) -> Iterator[tuple[str, Any]]:
    if record.rerun_of is not None:
        yield "Repeats", _repeated(record.rerun_of)
    yield "Site", t(record.site or "none; the built-in PACS")
    yield "Started", time_tag(record.started) if record.started else "unknown"
    yield "Finished", time_tag(record.finished) if record.finished else "not finished"
    yield "Duration", seconds(record.duration_s)
    if record.seed is not None:
        yield "Seed", f"{record.seed} ({'given' if record.seed_given else 'picked for this run'})"
    if record.command:
        yield "Command", command_line(record.command)
    if record.sources:
        yield "Sources", _lines(record.sources)
    if record.remarks:
        yield "Remarks", _lines(record.remarks)
    workers = list(dict.fromkeys(case.worker for case in record.cases if case.worker))
    if workers:
        yield "Workers", _lines(workers)
    if record.taken_over:
        yield "Taken over", _lines([_taken_over(one) for one in record.taken_over])
    if record.exit_code is not None:
        yield "Exit code", str(record.exit_code)


def _lines(texts: Sequence[str]) -> Markup:
    """The first of them, a line each."""
    left = len(texts) - _SOURCES
    return Markup("<br>").join(
        [*(t(one) for one in texts[:_SOURCES]), *([more(left)] if left > 0 else [])]
    )


def _taken_over(one: TakenOverRecord) -> str:
    """Who left what, who went on, and each instance that may have been sent twice."""
    what = f"{one.case}, {one.part}" if one.part else one.case
    text = (
        f"{what}: {one.worker} from {one.before}; {one.acknowledged:,} instances known to be stored"
    )
    if not one.unknown:
        return text
    images = ", ".join(f"{each['image']} ({each['step']})" for each in one.unknown[:_UNKNOWN])
    left = len(one.unknown) - _UNKNOWN
    return f"{text}; perhaps sent twice: {images}{f' and {left:,} more' if left > 0 else ''}"


def _repeated(earlier: RerunRecord) -> Markup:
    """The run that was repeated, how it ended, and where it lies."""
    counts = dict.fromkeys(WORST_FIRST, 0)
    for outcome in earlier.cases.values():
        if outcome in counts:
            counts[outcome] += 1
    cases = ", ".join(f"{number:,} {outcome}" for outcome, number in counts.items() if number)
    what = "the cases of it that did not pass" if earlier.failed_only else "all of it"
    if earlier.failed_only:
        what += ", with those that passed as they were"
    return Markup("run {}, {} ({}); {}. It lies in {}").format(
        t(earlier.run), t(earlier.outcome), t(cases or "no case"), what, t(earlier.folder)
    )


def _environment(record: RunRecord) -> Iterator[tuple[str, Any]]:
    """Versions and platform; names of libraries stay as they are written."""
    for key, item in bounded(record.environment).items():
        if isinstance(item, dict):
            yield from item.items()
        else:
            yield fact_name(key), item


def _links(record: RunRecord, anchors: Mapping[str, str]) -> dict[tuple[str, str | None], str]:
    """(case, step) to the anchor of what the report shows of it."""
    links: dict[tuple[str, str | None], str] = {(case, None): to for case, to in anchors.items()}
    for case in record.cases:
        if case.id in anchors:
            for number, step in enumerate(case.steps[:_FAR_STEPS], 1):
                links[case.id, step.id] = f"{anchors[case.id]}s{number}"
    return links


def _requirements(
    record: RunRecord, link: Mapping[tuple[str, str | None], str]
) -> First[dict[str, Any]]:
    def shown(proof: ProofRecord) -> dict[str, Any]:
        return {
            "outcome": proof.outcome,
            "text": " › ".join(part for part in (proof.case, proof.step, proof.check) if part),
            "anchor": link.get((proof.case, proof.step)),
        }

    rows = []
    for requirement in record.requirements[:_REQUIREMENTS]:
        proofs = sorted(requirement.proved_by, key=lambda proof: WORST_FIRST.index(proof.outcome))
        kept = First([shown(proof) for proof in proofs[:_PROOFS]], max(0, len(proofs) - _PROOFS))
        rows.append({"id": requirement.id, "outcome": requirement.outcome, "proofs": kept})
    return First(rows, max(0, len(record.requirements) - _REQUIREMENTS))


def _index(
    record: RunRecord,
    begun: Sequence[CaseRecord],
    drawn: Sequence[Mapping[str, Any]],
    anchors: Mapping[str, str],
) -> First[dict[str, Any]]:
    """A line for each case that began and stands in no grid, those that did not pass first."""
    in_grids = {id_ for grid in drawn for id_ in grid["cases"]}
    listed = sorted(
        (case for case in begun if case.id not in in_grids or record.rerun_of is not None),
        key=lambda case: WORST_FIRST.index(case.outcome),
    )
    rows = [
        {
            "outcome": case.outcome,
            "id": case.id,
            "earlier": None if record.rerun_of is None else record.rerun_of.cases.get(case.id),
            "steps": f"{sum(step.outcome == 'passed' for step in case.steps)} of {len(case.steps)}",
            "took": seconds(case.duration_s) if case.started else "–",
            "anchor": anchors.get(case.id),
        }
        for case in listed[:_INDEX]
    ]
    return First(rows, max(0, len(listed) - _INDEX))

"""Which requirement is proved by what: from the record's cases, steps and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.evidence.record import (
    CaseRecord,
    CheckRecord,
    ProofRecord,
    RequirementRecord,
    StepRecord,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scenario_runner.events import Outcome

WORST_FIRST: tuple[Outcome, ...] = ("failed", "error", "interrupted", "skipped", "passed")
"""A check that failed says the PACS does not do it; nothing else that went wrong softens that."""


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome that decides; ``skipped`` when there is none: what was not tried is not proved."""
    found = set(outcomes)
    return next((outcome for outcome in WORST_FIRST if outcome in found), "skipped")


def final_checks(step: StepRecord) -> list[CheckRecord]:
    """The checks of the attempt that counts, the last one."""
    last = max((check.attempt for check in step.checks), default=0)
    return [check for check in step.checks if check.attempt == last]


def requirements_of(cases: Iterable[CaseRecord]) -> list[RequirementRecord]:
    """The traceability matrix, in the order the requirements are first named."""
    proofs: dict[str, list[ProofRecord]] = {}
    for case in cases:
        for requirement, proof in _proofs(case):
            proofs.setdefault(requirement, []).append(proof)
    return [
        RequirementRecord(id=id_, outcome=worst(proof.outcome for proof in named), proved_by=named)
        for id_, named in proofs.items()
    ]


def _proofs(case: CaseRecord) -> Iterator[tuple[str, ProofRecord]]:
    for requirement in dict.fromkeys(case.scenario.requirements):
        yield requirement, ProofRecord(case=case.id, outcome=case.outcome)
    for step in case.steps:
        for requirement in dict.fromkeys(step.requirements):
            yield requirement, ProofRecord(case=case.id, step=step.id, outcome=step.outcome)
        evaluated = final_checks(step)
        for check in evaluated:
            # A later attempt that broke off before this check leaves the step's word to count.
            stale = check.attempt < step.attempts and step.outcome != "passed"
            outcome = step.outcome if stale else check.outcome
            for requirement in dict.fromkeys(check.requirements):
                if requirement not in step.requirements or outcome != step.outcome:
                    what = check.title or check.check
                    proof = ProofRecord(case=case.id, step=step.id, check=what, outcome=outcome)
                    yield requirement, proof
        missed = set(step.check_requirements).difference(
            step.requirements, *(check.requirements for check in evaluated)
        )
        for requirement in sorted(missed):
            # Named by a check that was never evaluated: nothing is proved, whatever the step says.
            outcome = "skipped" if step.outcome == "passed" else step.outcome
            yield requirement, ProofRecord(case=case.id, step=step.id, outcome=outcome)

"""What a load of whole cases came to: told and judged when the last case is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import model_validator

from scenario_runner.amounts import amount
from scenario_runner.api import Step, StepContext, StepResult
from scenario_runner.steps.load.calling import planned_calls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.language.loads import CaseLoad


class CasesUnderLoad(Step):
    """Tell what became of the cases of a load, and hold it to the checks of the load.

    No scenario names it: it stands in the case that tells of a load.
    """

    name: ClassVar[str] = "case"
    deferred: ClassVar[frozenset[tuple[str, ...]]] = frozenset({()})

    checks: list[Any]

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:
        return {"checks": value} if isinstance(value, list) else value

    def run(self, context: StepContext) -> StepResult:
        """Failed when a check failed, when the load was stopped, or when no case began."""
        told: Mapping[str, Any] = context.notes[self.name]
        outcomes: Mapping[str, int] = told["outcomes"]
        begun = sum(outcomes.values())
        plan = planned_calls(told["load"], told["seed"])
        watch = told["watch"]
        words = "; ".join(filter(None, [in_words(begun, outcomes), watch.words()]))
        facts = {"load": {**plan, "begun": begun, **watch.facts()}, "cases": dict(outcomes)}
        context.capture(None, facts, words)
        results = context.checks(self.checks) if self.checks and begun else []
        failed = [one.message for one in results if one.outcome == "failed"]
        if failed:
            words = f"{words}; {len(failed)} of {amount(len(results), 'check')} failed: {failed[0]}"
        bad = bool(failed or watch.stopped or not begun)
        return StepResult(
            outcome="failed" if bad else "passed",
            message=words,
            facts=facts,
            reasons=[*failed, *filter(None, [watch.stopped])],
        )


def in_words(begun: int, outcomes: Mapping[str, int]) -> str:
    """``12 cases, 11 passed, 1 failed``."""
    order = ("passed", "failed", "error", "skipped", "interrupted")
    said = [f"{outcomes[one]} {one}" for one in order if outcomes.get(one)]
    return ", ".join([amount(begun, "case"), *said])


def foretold_cases(load: CaseLoad, seed: str, cases: int) -> dict[str, Any]:
    """What the plan shows of a load of cases: ``planned_calls``, ``cases`` and ``words``."""
    told = planned_calls(load, seed)
    words = f"{amount(cases, 'case')}, {told['associations']} at once at the most"
    if load.is_open:
        seconds = sum(stage["seconds"] for stage in told["stages"])
        words += f", in {seconds:g} s"
        if missing := told["arrivals"] - cases:
            words += f"; {amount(missing, 'more arrival')} without a row"
    elif load.for_ is not None:
        words += f", begun within {load.for_:g} s"
    return {"load": {**told, "cases": cases, "words": words}}

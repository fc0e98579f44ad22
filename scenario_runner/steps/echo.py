"""The step ``echo``: whether the PACS answers at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from scenario_runner.api import Saved, Step, StepContext, StepResult, TargetName, status_class
from scenario_runner.language.loads import RequestLoad, most_offered
from scenario_runner.planning.plan import PlannedCase
from scenario_runner.steps.load.calling import LoadedCalls, foretold_calls
from scenario_runner.steps.load.queries import EchoCalls


class Echo(Step):
    """C-ECHO: open an association with a PACS and verify that it answers (PS3.7 9.1.5).

    DICOMweb has no such service: a target with nothing else is asked for one study by QIDO-RS, and
    any proper answer counts as 0000.

    ``save_as`` gives ``{status, class}``: the code in hexadecimal, and ``success`` or what else it is.
    """

    name: ClassVar[str] = "echo"
    saves: ClassVar[frozenset[Saved] | None] = frozenset(["statuses"])
    measures: ClassVar[frozenset[str] | None] = frozenset(["C-ECHO"])
    example: ClassVar[str] = "echo: {to: pacs}"

    to: TargetName
    """The PACS to ask."""
    load: RequestLoad | None = None
    """Ask again and again, when requests arrive, each over an association of its own. ``save_as`` gives
    ``{answered, failed, unanswered, answers}``, how many of each."""

    @classmethod
    def most_per_second(cls, parameters: Any) -> float:
        """What its load offers."""
        return most_offered(RequestLoad, parameters)

    def foretell(self, case: PlannedCase, step_id: str) -> Mapping[str, Any]:
        """The load that will be offered."""
        return foretold_calls(self.load, case, step_id, "C-ECHO")

    def run(self, context: StepContext) -> StepResult:
        """Passed when the PACS answers with status 0000."""
        target = context.target(self.to)
        if self.load is not None:
            calls = LoadedCalls(
                context, self.load, "C-ECHO", lambda: EchoCalls(target, context.deadline)
            )
            return calls.result("C-ECHO", "answer", {})
        answer = target.echo(context.deadline)
        status = f"{answer.status:04X}"
        ok = status_class(answer.status) == "success"
        context.took("C-ECHO", answer.seconds, failed=not ok)
        return StepResult(
            outcome="passed" if ok else "failed",
            message=f"answered {status} in {answer.seconds * 1000:.0f} ms",
            value={"status": status, "class": status_class(answer.status)},
            facts={"status": status, "association": dict(answer.association)},
        )

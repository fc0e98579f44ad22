"""The step ``echo``: whether the PACS answers at all."""

from __future__ import annotations

from typing import ClassVar

from scenario_runner.api import Step, StepContext, StepResult, TargetName, status_class


class Echo(Step):
    """C-ECHO: open an association with a PACS and verify that it answers (PS3.7 9.1.5).

    DICOMweb has no such service: a target with nothing else is asked for one study by QIDO-RS, and
    any proper answer counts as 0000.

    ``save_as`` gives ``{status, class}``: the code in hexadecimal, and ``success`` or what else it is.
    """

    name: ClassVar[str] = "echo"
    example: ClassVar[str] = "echo: {to: pacs}"

    to: TargetName
    """The PACS to ask."""

    def run(self, context: StepContext) -> StepResult:
        """Passed when the PACS answers with status 0000."""
        answer = context.target(self.to).echo(context.deadline)
        status = f"{answer.status:04X}"
        ok = status_class(answer.status) == "success"
        context.took("C-ECHO", answer.seconds, failed=not ok)
        return StepResult(
            outcome="passed" if ok else "failed",
            message=f"answered {status} in {answer.seconds * 1000:.0f} ms",
            value={"status": status, "class": status_class(answer.status)},
            facts={"status": status, "association": dict(answer.association)},
        )

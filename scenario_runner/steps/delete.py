"""The step ``delete``: take back what the run stored."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from scenario_runner.api import Selection, Step, StepContext, StepResult, TargetName


class Delete(Step):
    """Delete the studies that this case stored, and no others, from a PACS.

    Works where the target has Orthanc's REST API or is the embedded PACS. In ``finally``, a target
    that has no way to delete makes the step skipped, and the report says what is left there.
    """

    name: ClassVar[str] = "delete"
    example: ClassVar[str] = "delete: {from: pacs}"

    from_: TargetName = Field(alias="from")
    """The PACS to clean up."""
    what: Selection | None = None
    """What ``generate`` or ``send`` saved; by default everything this case stored there."""

    def run(self, context: StepContext) -> StepResult:
        """Delete, and say how many studies were there and are gone."""
        target = context.target(self.from_)
        studies = context.ledger.study_uids(self.from_)
        if self.what is not None:
            chosen = {series.study.uid for series in context.selection(self.what)}
            studies = [uid for uid in studies if uid in chosen]
        if not studies:
            return StepResult(message="nothing to delete: this case stored nothing there")
        if context.section == "finally" and "delete" not in target.capabilities:
            return StepResult(
                outcome="skipped",
                message=f"'{self.from_}' has no way to delete; "
                + (
                    f"{len(studies)} studies stay there"
                    if len(studies) > 1
                    else "its study stays there"
                ),
                facts={"left": studies[:20]},
            )
        context.deleting(self.from_, studies, done=False)
        gone = target.delete(studies, context.deadline)
        acknowledged = {image.series.study.uid for image in context.ledger.stored(self.from_)}
        lost = [uid for uid in studies if uid in acknowledged and uid not in gone]
        context.deleting(self.from_, studies, done=True)
        noun = "study" if len(gone) == 1 else "studies"
        message = f"{len(gone)} {noun} deleted"
        if lost:
            message += f"; not there, though it was acknowledged: {', '.join(lost[:3])}"
        return StepResult(
            outcome="failed" if lost else "passed",
            message=message,
            facts={"deleted": gone[:20], "not_there": lost[:20], "asked": len(studies)},
        )

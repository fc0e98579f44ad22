"""The step ``delete``: take back what the run stored."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from scenario_runner.amounts import amount
from scenario_runner.api import Selection, Step, StepContext, StepResult, Target, TargetName


class Delete(Step):
    """Delete the studies that this case stored, and no others, from a PACS.

    Works where the target has Orthanc's REST API, is the embedded PACS, or takes DELETE over
    DICOMweb: that is no part of PS3.18, so the site file says ``expects: {dicomweb_delete: true}``,
    or the step ``via: dicomweb``. In ``finally``, a target that has no way to delete makes the step
    skipped, and the report says what is left there.
    """

    name: ClassVar[str] = "delete"
    example: ClassVar[str] = "delete: {from: pacs}"

    from_: TargetName = Field(alias="from")
    """The PACS to clean up."""
    via: Literal["orthanc", "dicomweb"] | None = Field(
        default=None, json_schema_extra={"x-way": True}
    )
    """How; by default whichever the target has."""
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
        if self._cannot(context, target):
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
        gone = target.by(self.via).delete(studies, context.deadline)
        acknowledged = {image.series.study.uid for image in context.ledger.stored(self.from_)}
        lost = [uid for uid in studies if uid in acknowledged and uid not in gone]
        context.deleting(self.from_, studies, done=True)
        message = f"{amount(len(gone), 'study')} deleted"
        if lost:
            message += f"; not there, though it was acknowledged: {', '.join(lost[:3])}"
        return StepResult(
            outcome="failed" if lost else "passed",
            message=message,
            facts={"deleted": gone[:20], "not_there": lost[:20], "asked": len(studies)},
        )

    def _cannot(self, context: StepContext, target: Target) -> bool:
        """Whether there is no way, and it is no failure that there is none."""
        if context.section != "finally":
            return False
        return (
            "delete" not in target.capabilities if self.via is None else self.via not in target.ways
        )

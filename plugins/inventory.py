"""The step ``inventory``: a CSV list of what was sent, as evidence. An example of a step.

In a scenario: ``- inventory: {of: pacs}``
"""

from __future__ import annotations

import csv
import io
from typing import ClassVar

from scenario_runner.api import Step, StepContext, StepResult, TargetName, hookimpl

_COLUMNS = ("patient_id", "accession", "study_uid", "series_uid", "sop_instance_uid", "status")


class Inventory(Step):
    """List every instance sent to a PACS, with the status it was answered with, as a CSV file."""

    name: ClassVar[str] = "inventory"
    example: ClassVar[str] = "inventory: {of: pacs}"

    of: TargetName
    """The PACS whose instances are listed."""

    def run(self, context: StepContext) -> StepResult:
        """Write one row an instance and keep the file as evidence."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(_COLUMNS)
        rows = 0
        for sent in context.ledger.sent(self.of):
            study = sent.image.series.study
            status = sent.status.status
            writer.writerow(
                (
                    study.patient.patient_id,
                    study.accession,
                    study.uid,
                    sent.image.series.uid,
                    sent.status.sop_instance_uid,
                    "" if status is None else f"{status:04X}",
                )
            )
            rows += 1
        context.attach(
            "inventory.csv",
            text.getvalue().encode(),
            media_type="text/csv",
            title=f"What was sent to {self.of}",
        )
        return StepResult(message=f"{rows} instances listed", value=rows, facts={"instances": rows})


@hookimpl
def fabricate_steps() -> list[type[Step]]:
    """The one step of this plugin."""
    return [Inventory]

"""The step ``misbehave``: switch faults of the embedded PACS on and off."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from scenario_runner.api import Faults, Saved, Step, StepContext, StepResult, TargetName


class Misbehave(Step):
    """Make the embedded PACS do something wrong on purpose, for tests of what notices it.

    The faults given replace those before; without any it behaves again. They count for associations
    that begin afterwards, and for this case only: a scenario with this step has an embedded PACS of its
    own for each case. Other targets cannot do it.
    """

    name: ClassVar[str] = "misbehave"
    changes_targets: ClassVar[bool] = True
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = "misbehave: {on: pacs, faults: [lose: {share: 0.5}]}"

    on: TargetName
    """The embedded PACS."""
    faults: Faults = Field(default=[])
    """What it does wrong from now on; an empty list, or none, ends it."""

    def run(self, context: StepContext) -> StepResult:
        """Switch them on."""
        context.target(self.on).misbehave(self.faults)
        names = ", ".join(fault.name for fault in self.faults)
        return StepResult(
            message=f"'{self.on}' misbehaves: {names}" if names else f"'{self.on}' behaves",
            facts={
                "faults": [
                    fault.model_dump(mode="json", exclude_unset=True) for fault in self.faults
                ]
            },
        )

"""The step ``use``, which stands for the steps of a list."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from scenario_runner.api import Step, StepContext, StepResult
from scenario_runner.errors import UsageError
from scenario_runner.fields.types import Text, one_of


class Use(Step):
    """Do the steps of a list, of a library or of the scenario's own.

    The steps stand in its place before anything runs; each has the id ``USEID.STEPID``. What ``when``,
    ``requirements`` and ``tags`` beside it say goes for each of them; ``for_each`` takes a list that is
    written out, and ``repeat`` a number.
    """

    name: ClassVar[str] = "use"
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = "use: {steps: radiology/store_and_find@^1.2, with: {to: pacs}}"

    steps: Annotated[Text, one_of("step_list")]
    """``LIBRARY/NAME@RANGE``; ranges as in npm: ``^1.2``, ``~1.2.3``, ``>=1 <2``, ``1.2.0``. Without a range any
    version will do, and ``NAME`` alone is a list of the same library."""
    with_: dict[str, Any] = Field(default={}, alias="with")
    """Values of the list's parameters."""

    def run(self, context: StepContext) -> StepResult:
        """Raises UsageError: the steps of the list run in its place."""
        del context
        raise UsageError(f"'{self.steps}' was not spelled out", hint="use is no step of its own")

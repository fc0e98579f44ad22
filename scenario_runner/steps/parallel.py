"""The step ``parallel``, which stands for steps that run side by side."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field
from pydantic.json_schema import WithJsonSchema

from scenario_runner.api import StepContext, StepResult
from scenario_runner.errors import UsageError
from scenario_runner.steps.bare_list import BareList

_MOST = 32


class Parallel(BareList):
    """Do the steps of a list side by side, and go on when all of them are over.

    Each entry of the list is one branch; a ``use`` is one with several steps, which run in order. One that
    does not pass stops none beside it; the steps after ``parallel`` are skipped then. A step sees what was
    saved before ``parallel`` and in its own branch, the steps after it see all. At most 32 entries.
    """

    name: ClassVar[str] = "parallel"
    measures: ClassVar[frozenset[str] | None] = frozenset()
    listed: ClassVar[str] = "branches"
    example: ClassVar[str] = "parallel: [echo: {to: pacs}, echo: {to: archive}]"

    branches: Annotated[
        list[Any],
        Field(min_length=1, max_length=_MOST),
        WithJsonSchema(
            {"type": "array", "items": {"x-entry-of": "step"}, "minItems": 1, "maxItems": _MOST}
        ),
    ]

    def run(self, context: StepContext) -> StepResult:
        """Raises UsageError: the steps of the list run in its place."""
        del context
        raise UsageError(
            "the steps of 'parallel' were not spelled out", hint="parallel is no step of its own"
        )

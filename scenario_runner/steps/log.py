"""The step ``log``."""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar

from pydantic import WithJsonSchema

from scenario_runner.api import Saved, Step, StepContext, StepResult
from scenario_runner.checks.equality import event_value
from scenario_runner.fields.scalars import as_written


class Log(Step):
    """Say something to the reader of the report."""

    name: ClassVar[str] = "log"
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = 'log: {message: "Accession {{ studies[0].accession }}"}'

    message: Annotated[Any, WithJsonSchema({"type": ["string", "number", "boolean"]})]
    """What to say; a template that gives a list or a mapping is shown as JSON."""

    def run(self, context: StepContext) -> StepResult:
        """Put the message into the record."""
        text = as_written(self.message)
        if not isinstance(text, str):
            text = json.dumps(event_value(text), ensure_ascii=False)
        context.log(text)
        return StepResult(message=text)

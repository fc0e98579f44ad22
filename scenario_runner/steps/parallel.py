"""The step ``parallel``, which stands for steps that run side by side."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue, WithJsonSchema
from pydantic_core import CoreSchema

from scenario_runner.api import Step, StepContext, StepResult
from scenario_runner.errors import UsageError

_MOST = 32


class Parallel(Step):
    """Do the steps of a list side by side, and go on when all of them are over.

    Each entry of the list is one branch; a ``use`` is one with several steps, which run in order. One that
    does not pass stops none beside it; the steps after ``parallel`` are skipped then. A step sees what was
    saved before ``parallel`` and in its own branch, the steps after it see all. At most 32 entries.
    """

    name: ClassVar[str] = "parallel"
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = "parallel: [echo: {to: pacs}, echo: {to: archive}]"

    branches: Annotated[
        list[Any],
        Field(min_length=1, max_length=_MOST),
        WithJsonSchema(
            {"type": "array", "items": {"x-entry-of": "step"}, "minItems": 1, "maxItems": _MOST}
        ),
    ]

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:
        return {"branches": value} if isinstance(value, list) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """A bare list, as people write it."""
        whole = handler.resolve_ref_schema(handler(schema))
        branches: JsonSchemaValue = {**whole["properties"]["branches"]}
        branches["description"] = whole.get("description", "")
        return branches

    def run(self, context: StepContext) -> StepResult:
        """Raises UsageError: the steps of the list run in its place."""
        del context
        raise UsageError(
            "the steps of 'parallel' were not spelled out", hint="parallel is no step of its own"
        )

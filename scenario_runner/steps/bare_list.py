"""Steps that a scenario writes as a bare list: ``assert: [stored: {on: pacs}]``."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from scenario_runner.api import Step


class BareList(Step):
    """A step with one parameter, a list, which is written without its name."""

    listed: ClassVar[str]
    """The name of that parameter."""

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:
        return {cls.listed: value} if isinstance(value, list) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """A bare list, as people write it."""
        whole = handler.resolve_ref_schema(handler(schema))
        listed: JsonSchemaValue = {**whole["properties"][cls.listed]}
        listed["description"] = whole.get("description", "")
        return listed

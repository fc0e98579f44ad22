"""What models say about their fields, read from their source when a schema is made.

pydantic can collect these docstrings itself, but does it whenever a class is made: a fifth of a second
at every start, for words that only a schema shows.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

if TYPE_CHECKING:
    from pydantic_core import core_schema


@cache
def attribute_docstrings(model: type) -> dict[str, str]:
    """Field name to the string that stands below the field, inherited ones included.

    model: of pydantic, or a data class.
    """
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if cls not in (BaseModel, object):
            found |= _own(cls)
    return found


def _own(cls: type) -> dict[str, str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):
        return {}  # made by a program, or without its source: then it has no docstrings
    body = getattr(tree.body[0], "body", [])
    return {
        field.target.id: inspect.cleandoc(below.value.value)
        for field, below in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


class DescribedSchema(GenerateJsonSchema):
    """JSON Schema with each field's docstring as its description."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """The schema of one model; a description given with ``Field`` stays."""
        result = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        properties = result.get("properties", {})
        for name, text in attribute_docstrings(model).items():
            field = model.model_fields.get(name)
            key = (field.alias if field is not None else None) or name
            if key in properties:
                properties[key].setdefault("description", text)
        return result

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        """The schema of one data class, in the same way."""
        result = super().dataclass_schema(schema)
        cls: Any = schema["cls"]
        for name, text in attribute_docstrings(cls).items():
            if name in result.get("properties", {}):
                result["properties"][name].setdefault("description", text)
        return result

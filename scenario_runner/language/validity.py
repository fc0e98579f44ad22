"""Whether a document is valid at all, said at once by a compiled validator.

Nearly every file that is read is valid, and then nothing has to be explained. What is not said to be
valid here is looked at again by ``check``, whose validator can be told what a whole number is.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from scenario_runner.language.scalars import WrittenFloat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsonschema_rs import Draft202012Validator


class Validity:
    """One schema, compiled when it is first used."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema

    @cached_property
    def _validator(self) -> Draft202012Validator:
        from jsonschema_rs import Draft202012Validator

        return Draft202012Validator(dict(self._schema))

    def is_certain(self, data: Any) -> bool:
        """Whether plain values are valid beyond doubt; False decides nothing."""
        try:
            return self._validator.is_valid(_bare(data))
        except (ValueError, RecursionError):
            return False  # a number or text that has no form in JSON, or nesting without end


def _bare(value: Any) -> Any:
    """Without decimals that remember how they were written. Raises ValueError for one like 1.0.

    JSON Schema takes that for a whole number, which it is not here.
    """
    if isinstance(value, dict):
        return {key: _bare(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_bare(inner) for inner in value]
    if isinstance(value, WrittenFloat):
        if value.is_integer():
            raise ValueError(value.source)
        return float(value)
    return value

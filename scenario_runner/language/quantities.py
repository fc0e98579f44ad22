"""Field types for rates, shares and bounds of a count: values for Python, pieces of JSON Schema for editors."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from scenario_runner.errors import Advised
from scenario_runner.fields.types import Model, advised, number_or_text

_SECONDS = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(s|min|m|h)", re.ASCII)
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%", re.ASCII)


def _rate(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and (match := _RATE.fullmatch(value.strip())):
        return float(match[1]) / _SECONDS[match[2]]
    raise advised("rate", f"'{value}' is not a rate", "write 20/s, 90/min or 300/h")


def _share(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and (match := _SHARE.fullmatch(value.strip())):
        share = float(match[1]) / 100
    elif isinstance(value, int | float):
        share = float(value)
    else:
        share = -1.0
    if 0 <= share <= 1:
        return share
    raise advised("share", f"'{value}' is not a share", "write 0.1% or 5%")


Rate = Annotated[
    float,
    BeforeValidator(_rate),
    Field(gt=0),
    number_or_text(
        r"^\d+(\.\d+)?\s*/\s*(s|min|m|h)$", "20/s", "90/min", "300/h", exclusiveMinimum=0
    ),
]
"""So many a second as a float, from 20/s, 90/min, 300/h or a plain number a second."""

StageRate = Annotated[
    float,
    BeforeValidator(_rate),
    Field(ge=0),
    number_or_text(r"^\d+(\.\d+)?\s*/\s*(s|min|m|h)$", "20/s", "90/min", "0/s", minimum=0),
]
"""The same, and 0 where nothing arrives: a ramp begins or ends there."""

Share = Annotated[
    float,
    BeforeValidator(_share),
    number_or_text(r"^\d+(\.\d+)?\s*%$", "0.1%", "5%", minimum=0, maximum=1),
]
"""A share from 0 to 1 as a float, from 5% or a plain number from 0 to 1."""


def rate_of(value: Any) -> float | None:
    """So many a second, as a scenario has it; None where it has none, a template, or what is no rate."""
    try:
        return None if value is None else float(_rate(value))
    except (PydanticCustomError, ValueError, TypeError):
        return None


class Bounds(Model):
    """Bounds of a count, both included."""

    min: Annotated[int, Field(ge=0)] = 0
    """The least."""
    max: Annotated[int, Field(ge=0)] | None = None
    """The most; by default no limit."""

    @model_validator(mode="after")
    def _in_order(self) -> Bounds:
        in_order(self.min, self.max)
        return self

    def holds(self, number: int) -> bool:
        """Whether the number lies between the bounds."""
        return self.min <= number and (self.max is None or number <= self.max)


def refuse_all(share: float, words: str) -> float:
    """A share that is not the whole. Raises Advised: a plain 1 is 100 %, and who writes it means 1 % or one."""
    if share == 1:
        raise Advised(words, "write 1% for one in a hundred, and 0 for none")
    return share


def in_order(least: Any, most: Any) -> None:
    """Raises ValueError for bounds that nothing can lie between; what cannot be compared yet is no such thing."""
    numbers = all(isinstance(one, int | float) for one in (least, most))
    if numbers and least > most:
        raise Advised(f"'min' is {least} and 'max' is {most}, so that nothing holds", "swap them")

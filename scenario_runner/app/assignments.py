"""What ``--set`` gives a variable of a scenario, or an axis of its matrix."""

from __future__ import annotations

from typing import Any

from scenario_runner.errors import UsageError
from scenario_runner.fields.scalars import AXIS_OF, plain_scalar
from scenario_runner.language.overriding import variable_in, written_value


def assigned(name: str, text: str) -> Any:
    """The value that text has by the scalar rules of the language. Raises UsageError.

    name: of a variable, or of something within one, ``protocol.slices``; or ``matrix.AXIS``, of which ``[a, b]`` are
    several values. Text in quotes stays text.
    """
    axis = name.removeprefix(AXIS_OF)
    parts = (axis,) if axis != name else variable_in(name)
    if not parts[0].isidentifier() or not all(parts):
        raise UsageError(f"'{name}={text}' is not NAME=VALUE")
    if axis != name and text.startswith("["):
        return _list(text)
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return plain_scalar(text)


def _list(text: str) -> list[Any]:
    """Several values of an axis: ``[a, b]``, as a scenario has them."""
    values = written_value(text)
    if not values or any(isinstance(one, dict | list) for one in values):
        raise UsageError(f"'{text}' is no list of values such as [a, b]")
    return list(values)

"""Why something in a log or a plan that somebody has edited makes no sense, in a line."""

from __future__ import annotations

from pydantic import ValidationError


def first_line(error: Exception) -> str:
    """The first thing that is wrong, with the name of the field where one is known."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    if isinstance(error, KeyError):
        return f"it has no {error}"
    return str(error)

"""The axes of a matrix as they are written, and what it is to mean one of their values."""

from __future__ import annotations

from typing import Any

from scenario_runner.fields.scalars import as_written

DIRECTIVES = ("exclude", "include")
"""Keys of a matrix that are no axes."""


def axes_of(matrix: Any) -> list[str]:
    """The names that ``matrix.NAME`` can have: the axes, and what ``include`` adds."""
    if not isinstance(matrix, dict):
        return []
    names = [name for name in matrix if name not in DIRECTIVES]
    names += (name for one in _included(matrix) for name in one)
    return list(dict.fromkeys(names))


def values_of(matrix: Any, axis: str) -> list[Any] | None:
    """The values that an axis has, with those that ``include`` gives it; None where they are not written out."""
    own = matrix.get(axis, []) if isinstance(matrix, dict) else None
    if not isinstance(own, list):
        return None
    return [*own, *(one[axis] for one in _included(matrix) if axis in one)]


def same_value(one: Any, other: Any) -> bool:
    """Equality that tells 1 from true and 1 from "1", as the language does."""
    return type(one) is type(other) and bool(one == other)


def has_part(value: Any, part: Any) -> bool:
    """Whether a value is or has what is asked for: of a mapping some keys, of a list every item."""
    if isinstance(part, dict):
        return isinstance(value, dict) and all(
            name in value and has_part(value[name], inner) for name, inner in part.items()
        )
    if isinstance(part, list):
        return (
            isinstance(value, list) and len(value) == len(part) and all(map(has_part, value, part))
        )
    return same_value(value, part)


def is_meant(value: Any, wanted: Any) -> bool:
    """Whether a person who wrote ``wanted`` on a command line means that value: quotes get lost there."""
    return same_value(value, wanted) or (
        not isinstance(value, dict | list) and str(as_written(value)) == str(as_written(wanted))
    )


def _included(matrix: dict[str, Any]) -> list[dict[str, Any]]:
    entries = matrix.get("include")
    return [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []

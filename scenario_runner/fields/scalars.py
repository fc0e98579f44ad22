"""What an unquoted YAML scalar means here: far less than in YAML 1.1 or 1.2, on purpose.

``true false null ~``, integers without a leading zero and plain decimals are typed; everything
else is text. So ``0123456``, ``12:30:45``, ``NO``, ``12E45`` and ``2026-01-31`` stay what a person
wrote. ``--set NAME=VALUE`` reads its value by the same rules.
"""

from __future__ import annotations

import re
from typing import Any, Self

AXIS_OF = "matrix."
"""Stands before the name of an axis in ``--set``: of the matrix only these values are run."""
_INTEGER = re.compile(r"-?[1-9][0-9]{0,299}|0")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,299})\.[0-9]{1,300}")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


class WrittenFloat(float):
    """A decimal that remembers its characters, so that ``1.10`` can still become the text 1.10."""

    source: str

    def __new__(cls, source: str) -> Self:
        """source: characters matched by the decimal rule."""
        value = super().__new__(cls, source)
        value.source = source
        return value

    def __str__(self) -> str:
        return self.source


def plain_scalar(text: str) -> Any:
    """The value of an unquoted scalar: bool, None, int, WrittenFloat or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return WrittenFloat(text)
    return text


def as_written(value: Any) -> Any:
    """The characters of a typed scalar, for a field that holds text; other values unchanged."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return value

"""Comparing plain values the way the language promises: types count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def same(left: Any, right: Any) -> bool:
    """Equal and of one kind: ``1`` is ``1.0`` but neither ``"1"`` nor ``true``; lists deeply."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if _is_list(left) and _is_list(right):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, str) and isinstance(right, str):
        return left == right  # a date of the plan also knows DICOM's text of it
    return type(left) is type(right) and bool(left == right)


def kind(value: Any) -> str:
    """What a person calls the type of a plain value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if _is_list(value) else type(value).__name__


def why_not_same(expected: Any, actual: Any) -> str:
    """One sentence on how two values differ, with a hint when only the types do."""
    if kind(expected) != kind(actual) and str(expected) == str(actual):
        return (
            f"expected {kind(expected)} {short(expected)} but got {kind(actual)} {short(actual)}; "
            "quote the expected value to make it text, or use a filter such as | int"
        )
    return f"expected {short(expected)} but got {short(actual)}"


def short(value: Any, limit: int = 200) -> str:
    """A value for a sentence: cut when long, without the whole of a big list."""
    if _is_list(value) and len(value) > 10:
        return f"a list of {len(value)}"
    text = {None: "null", True: "true", False: "false"}.get(value) if _is_word(value) else None
    text = text or repr(value)
    return text if len(text) <= limit else f"{text[:limit]}…"


def _is_word(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def plain(value: Any, limit: int = 100) -> Any:
    """A value that can go into an event: lists cut to ``limit`` items, handles described."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item, limit) for key, item in list(value.items())[:limit]}
    if _is_list(value):
        shown = [plain(item, limit) for item in value[:limit]]
        return shown if len(value) <= limit else [*shown, f"… {len(value) - limit} more"]
    return str(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)

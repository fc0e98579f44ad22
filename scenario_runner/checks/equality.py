"""Comparing plain values the way the language promises: types count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, zip_longest
from typing import Any, Final

_LONGEST: Final = 200
"""Characters of a value that a sentence has."""
_MOST_LISTED: Final = 10


class _Absent:
    """Is in no value, whatever text that has."""

    def __repr__(self) -> str:
        return "absent"


_ABSENT: Final = _Absent()


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
    text = f"expected {short(expected)} but got {short(actual)}"
    if _is_said_whole(expected) and _is_said_whole(actual):
        return text
    where, wanted, found = _first_difference(expected, actual)
    if not where:
        return text
    return f"{text}; first at {where}: expected {short(wanted)} but got {short(found)}"


def _is_said_whole(value: Any) -> bool:
    return not (_is_list(value) and len(value) > _MOST_LISTED) and len(repr(value)) <= _LONGEST


def _first_difference(expected: Any, actual: Any) -> tuple[str, Any, Any]:
    """Where two values are not the same, as an expression has it, and what stands there; no place for nowhere inside."""
    where = ""
    while True:
        if isinstance(expected, Mapping) and isinstance(actual, Mapping):
            pairs = (
                (key, expected.get(key, _ABSENT), actual.get(key, _ABSENT))
                for key in {**expected, **actual}
            )
            key, expected, actual = next(pair for pair in pairs if not same(*pair[1:]))
            where += f".{key}" if where else str(key)
        elif _is_list(expected) and _is_list(actual):
            members = enumerate(zip_longest(expected, actual, fillvalue=_ABSENT))
            place, (expected, actual) = next(each for each in members if not same(*each[1]))
            where += f"[{place}]"
        elif isinstance(expected, str) and isinstance(actual, str) and len(expected) > _LONGEST:
            both = zip_longest(expected, actual)
            place = next(n for n, (one, other) in enumerate(both) if one != other)
            where += f"{' ' if where else ''}character {place + 1}"
            return where, expected[place:], actual[place:]
        else:
            return where, expected, actual


def short(value: Any, limit: int = _LONGEST) -> str:
    """A value for a sentence: cut when long, without the whole of a big list."""
    if _is_list(value) and len(value) > _MOST_LISTED:
        return f"a list of {len(value)}"
    text = {None: "null", True: "true", False: "false"}.get(value) if _is_word(value) else None
    text = text or repr(value)
    return text if len(text) <= limit else f"{text[:limit]}…"


def _is_word(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def event_value(value: Any, limit: int = 100) -> Any:
    """A value that can go into an event: lists and mappings cut to ``limit`` items, which is told; handles described."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping):
        pairs = {str(key): event_value(item, limit) for key, item in islice(value.items(), limit)}
        return pairs if len(value) <= limit else {**pairs, "…": f"{len(value) - limit} more"}
    if _is_list(value):
        shown = [event_value(item, limit) for item in value[:limit]]
        return shown if len(value) <= limit else [*shown, f"… {len(value) - limit} more"]
    return str(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)

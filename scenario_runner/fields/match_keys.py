"""Keys that a query or a retrieval matches by, judged as far as they can be without a PACS."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from scenario_runner.dicom.key_forms import form_fault
from scenario_runner.dicom.retrieve_keys import UID_HINT, number_fault, uid_fault
from scenario_runner.fields.scalars import as_written

_DATES = re.compile(r"(?<!\d)(\d{4})-?(\d{2})-?(\d{2})(?!\d)", re.ASCII)

_RANGE = re.compile(r"(\d{4}-?\d{2}-?\d{2})\s*-\s*(\d{4}-?\d{2}-?\d{2})", re.ASCII)


def _leaves(
    keys: dict[str, Any], place: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value of keys and of the items of their sequences, with its place; what is raw is left out."""
    for keyword, value in keys.items():
        if keyword == "raw":
            continue
        for index, one in enumerate(value) if isinstance(value, list) else [(None, value)]:
            here = (*place, keyword) if index is None else (*place, keyword, index)
            if isinstance(one, dict):
                yield from _leaves(one, here)
            else:
                yield here, one


def _days(match: dict[str, Any]) -> dict[str, Any]:
    """Keys, in which a date has to be one. Raises PydanticCustomError.

    Every attribute of VR DA has a keyword in Date, and what has such a keyword and eight digits is
    meant as one. ``{raw: …}`` sends what no date is, for a negative test.
    """
    for place, value in _leaves(match, ()):
        keyword = _keyword_at(place)
        if not keyword.endswith("Date") or not isinstance(value, str | int):
            continue
        for found in _DATES.finditer(str(as_written(value))):
            try:
                dt.date(*map(int, found.groups()))
            except ValueError:
                raise PydanticCustomError(
                    "no_such_day",
                    "{keyword}: there is no day '{value}'; for a negative test write raw: '{value}'",
                    {"keyword": keyword, "place": place, "value": found[0]},
                ) from None
        _from_first_to_last(place, value)
    return match


def _from_first_to_last(place: tuple[str | int, ...], value: str | int) -> None:
    """Raises PydanticCustomError for a range that ends before it begins, into which no day falls."""
    days = _RANGE.fullmatch(str(as_written(value)))
    if days is None:
        return
    first, last = (day.replace("-", "") for day in days.groups())
    if first > last:
        raise _no_such_key(
            place, f"no day is in '{value}', which ends before it begins", "swap the two days"
        )


def _keyword_at(place: tuple[str | int, ...]) -> str:
    return next(part for part in reversed(place) if isinstance(part, str))


def _uids(match: dict[str, Any]) -> dict[str, Any]:
    """Keys of a query, in which a UID names something. Raises PydanticCustomError.

    ``{raw: …}`` sends what names nothing, for a negative test.
    """
    for place, value in _leaves(match, ()):
        if fault := uid_fault(_keyword_at(place), value):
            hint = "list the UIDs, or match by another key; for a negative test write raw: "
            raise _no_such_key(place, fault, f"{hint}'{value}'")
    return match


def _numbers(match: dict[str, Any]) -> dict[str, Any]:
    """Keys, in which a number is one. Raises PydanticCustomError."""
    for place, value in _leaves(match, ()):
        if fault := number_fault(_keyword_at(place), value):
            raise _no_such_key(place, fault, "list the numbers, each is asked for by itself")
    return match


def _forms(match: dict[str, Any]) -> dict[str, Any]:
    """Keys, in which codes, ages, days and times have their form. Raises PydanticCustomError."""
    for place, value in _leaves(match, ()):
        if found := form_fault(_keyword_at(place), as_written(value)):
            fault, hint = found
            raise _no_such_key(place, fault, f"{hint}; for a negative test write raw: '{value}'")
    return match


Keys = Annotated[
    dict[str, Any],
    AfterValidator(_days),
    AfterValidator(_forms),
    AfterValidator(_numbers),
    AfterValidator(_uids),
    WithJsonSchema({"type": "object", "x-name-of": "attribute"}),
]
"""Keys of a query by keyword, each with the value to match."""


def _retrieve_keys(match: dict[str, Any]) -> dict[str, Any]:
    """Keys of a retrieval, in which a UID names something. Raises PydanticCustomError."""
    for keyword, value in match.items():
        if fault := uid_fault(keyword, value):
            raise _no_such_key((keyword,), fault, UID_HINT)
    return match


def _no_such_key(place: tuple[str | int, ...], message: str, hint: str) -> PydanticCustomError:
    context = {"place": place, "message": message, "hint": hint}
    return PydanticCustomError("no_such_key", "{message}", context)


RetrieveKeys = Annotated[
    dict[str, Any],
    AfterValidator(_days),
    AfterValidator(_forms),
    AfterValidator(_numbers),
    AfterValidator(_retrieve_keys),
    WithJsonSchema({"type": "object", "x-name-of": "attribute"}),
]
"""Keys of a retrieval by keyword."""

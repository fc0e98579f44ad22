"""Dates and times of the plan as text that can be compared with what a PACS answers."""

from __future__ import annotations

import re
from typing import Final

_DATE: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})", re.ASCII)
_TIME: Final = re.compile(r"(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?", re.ASCII)


class DateText(str):
    """A date or time of the plan: ISO 8601 text, which is the same as DICOM's text of that moment.

    ``2026-01-31`` equals ``20260131``, and ``09:30:00`` equals ``0930`` and ``093000.000``; they are ordered
    alike. With all other text it is what text is. Only what comes from the plan is of this type: two
    texts that somebody wrote, or a PACS answered, are compared character by character.
    """

    __slots__ = ()
    __hash__ = str.__hash__  # as a key it is its characters

    def __eq__(self, other: object) -> bool:
        if str.__eq__(self, other) is True:
            return True
        moment = _moment(self)
        return moment is not None and isinstance(other, str) and moment == _moment(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: str) -> bool:
        left, right = self._comparable(other)
        return left < right

    def __le__(self, other: str) -> bool:
        left, right = self._comparable(other)
        return left <= right

    def __gt__(self, other: str) -> bool:
        left, right = self._comparable(other)
        return left > right

    def __ge__(self, other: str) -> bool:
        left, right = self._comparable(other)
        return left >= right

    def _comparable(self, other: str) -> tuple[str, str]:
        if not isinstance(other, str):
            raise TypeError(f"text and {type(other).__name__} have no order")
        left, right = _moment(self), _moment(other)
        if left is None or right is None or left[0] != right[0]:
            return str(self), str(other)
        return left, right


def _moment(text: str) -> str | None:
    """What two texts of one date, or of one time, have in common; None of what is neither."""
    if date := _DATE.fullmatch(text):
        return "D" + "".join(date.groups())
    if time := _TIME.fullmatch(text):
        hour, minute, second, fraction = (part or "" for part in time.groups())
        return f"T{hour}{minute:0>2}{second:0>2}{fraction:0<6}"
    return None

"""Dates and times as a person types them into a question, put as the Standard writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from scenario_runner.dicom.forms import is_date
from scenario_runner.errors import UsageError

_DAY: Final = r"\d{8}|\d{4}-\d\d-\d\d|\d{4}\.\d\d\.\d\d"
_TIME: Final = r"\d\d(?::?\d\d(?::?\d\d(?:\.\d{1,6})?)?)?"
_BETWEEN: Final = r"\s*(-|\.\.|/|\bto\b)\s*"
_KINDS: Final[Mapping[str, tuple[str, re.Pattern[str], str]]] = {
    vr: (
        what,
        re.compile(rf"({end})|({end})?{_BETWEEN}({end})?", re.ASCII),
        f"write {first} or {typed}; a range is {first}-{last}, {first}- or -{last}",
    )
    for vr, what, end, first, typed, last in (
        ("DA", "date", _DAY, "20260131", "2026-01-31", "20260228"),
        ("TM", "time", _TIME, "081500", "08:15", "093000"),
    )
}
"""By VR: what it is, one moment or two with something between them (PS3.4 C.2.2.2.5), what may be written."""


def moment(keyword: str, vr: str, value: str) -> str:
    """A key of a date or a time in the form of its VR; with a wildcard, and of any other VR, as it is.

    A PACS does not say of a key that it is no date: it has no match, which looks as if it had no such study. Raises
    UsageError.
    """
    text = value.strip()
    if vr not in _KINDS or not text or "*" in text or "?" in text:
        return value
    what, form, hint = _KINDS[vr]
    found = form.fullmatch(text)
    one, low, high = (_bare(vr, end) for end in found.group(1, 2, 4)) if found else ("", "", "")
    ends = [end for end in (one, low, high) if end]
    if not ends or not all(_is_one(vr, end) for end in ends):
        raise UsageError(f"{keyword}: '{value[:60]}' is no {what}", hint=hint)
    return one or f"{low}-{high}"


def _bare(vr: str, end: str | None) -> str:
    """Without what ISO 8601 and ACR-NEMA write between the parts; the point of a fraction stays."""
    return (end or "").translate({ord(one): None for one in ("-." if vr == "DA" else ":")})


def _is_one(vr: str, text: str) -> bool:
    if vr == "DA":
        return is_date(text)
    parts = (text[0:2], text[2:4], text[4:6])
    return all(int(part or 0) <= most for part, most in zip(parts, (23, 59, 60), strict=True))

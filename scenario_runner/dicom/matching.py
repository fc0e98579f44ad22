"""Attribute matching (PS3.4 C.2.2.2): one key of a query against the values of one attribute.

Both sides come as lists of text in Unicode, padding removed, as ``values.texts`` gives them. An
attribute with several values matches when any of them does (PS3.4 C.2.2.2).
"""

from __future__ import annotations

import calendar
import re
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Final

from scenario_runner.dicom import vrs

Matcher = Callable[[Sequence[str]], bool]
"""Whether an attribute with these values matches."""

WILDCARD_VRS: Final = vrs.CHARACTER_SET | {"AE", "CS", "UR"}
"""Value Representations in which ``*`` and ``?`` are wildcards (PS3.4 C.2.2.2.4)."""
_SHORT_VRS: Final = WILDCARD_VRS - vrs.ONE_TEXT - {"PN", "UC"}
RANGE_VRS: Final = frozenset(("DA", "TM", "DT"))

_DT_LIMITS: Final = ("00000101000000.000000", "99991231235959.999999")
_PN_COMPONENTS: Final = 5
# A hyphen begins an offset only where what follows can be one (-1200 to +1400, PS3.5 6.2).
_OFFSET: Final = re.compile(r"[+-]\d{4}$")
_MOMENT: Final = r"\d[\d.]*(?:[+-](?:0\d|1[0-4])[0-5]\d)?"


def matcher(vr: str, key: Sequence[str]) -> Matcher | None:
    """How values of this VR are matched against a key; None for universal matching (C.2.2.2.3).

    key: the values of the attribute in the query. A lone ``*`` is universal too (C.2.2.2.4).
    """
    if not any(key):
        return None
    if vr in WILDCARD_VRS and any(set(value) == {"*"} for value in key):
        return None
    tests = [_one(vr, value) for value in key if value]
    if len(tests) == 1:
        test = tests[0]
        return lambda values: any(map(test, values))
    return lambda values: any(test(value) for test in tests for value in values)


def folded_groups(name: str) -> set[str]:
    """The component groups of a person name, or of several, as they are compared; none is empty."""
    return {group for value in name.split("\\") for group in _groups(value) if group}


def date_range(key: str) -> tuple[str, str]:
    """The first and the last day that a DA key matches, as eight digits; open ends are all days.

    Raises ValueError for what is no date.
    """
    low, high = _range("DA", key)
    return bounds("DA", low)[0] if low else "0" * 8, bounds("DA", high)[1] if high else "9" * 8


def is_moment(vr: str, key: str) -> bool:
    """Whether a key of a VR of moments is a moment or a range of them (PS3.4 C.2.2.2.5); else it is plain text."""
    try:
        for end in _range(vr, key):
            if end:
                bounds(vr, end)
    except ValueError:
        return False
    return True


def is_plain(vr: str, value: str) -> bool:
    """Whether a key's value is matched by being the very same text, case and all."""
    if vr == "UI":
        return True
    return vr in _SHORT_VRS and not has_wildcard(value)


def has_wildcard(value: str) -> bool:
    """Whether ``*`` or ``?`` is in it."""
    return "*" in value or "?" in value


def _one(vr: str, value: str) -> Callable[[str], bool]:
    if vr == "PN":
        return _person_name(value)
    if vr in RANGE_VRS:
        return _temporal(vr, value)
    if vr == "FL":
        return _single(value)
    if vr in vrs.INTEGERS | vrs.REALS:
        return _number(value)
    if vr in WILDCARD_VRS and has_wildcard(value):
        return _matches(wildcard(value))
    return partial(str.__eq__, value)


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(value) is not None


def wildcard(pattern: str) -> re.Pattern[str]:
    """``*`` stands for any run of characters, ``?`` for exactly one (PS3.4 C.2.2.2.4)."""
    return _in_order([re.escape(part).replace(r"\?", ".") for part in pattern.split("*")])


def with_anything_between(parts: Sequence[str]) -> re.Pattern[str]:
    """A text of these parts in their order, with any run of characters between each two."""
    return _in_order([re.escape(part) for part in parts])


def _in_order(parts: Sequence[str]) -> re.Pattern[str]:
    """Expressions of fixed length with anything between them.

    It takes the first place where each part fits and never comes back to it (atomic groups), so that
    a hostile pattern cannot make matching slow.
    """
    first, *rest = parts
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    found = "".join(f"(?>.*?{part})" for part in middle if part)
    # The last part has a fixed length, so only one place is left for it: the end.
    return re.compile(f"{first}{found}.*{last}", re.DOTALL)


def _number(value: str) -> Callable[[str], bool]:
    wanted = _decimal(value)
    if wanted is None:
        return partial(str.__eq__, value)
    return lambda text: text == value or _decimal(text) == wanted


def _single(value: str) -> Callable[[str], bool]:
    """Of VR FL, which holds about seven digits: 1.1 is stored, and comes back, as 1.10000002384."""
    try:
        wanted = as_single(float(value))
    except ValueError:
        return partial(str.__eq__, value)

    def test(text: str) -> bool:
        try:
            return text == value or as_single(float(text)) == wanted
        except ValueError:
            return False

    return test


def as_single(number: float) -> float:
    """The number of single precision (PS3.5 6.2, FL) nearest to one; what is beyond those stays."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError:
        return number


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


# --- person names -------------------------------------------------------------------------------


def _person_name(key: str) -> Callable[[str], bool]:
    """Case does not count, nor do empty components at the end (PS3.4 C.2.2.2.1, PS3.5 6.2.1.1).

    A key of one component group may match any group of the value; a key of several must match each
    group it gives.
    """
    groups = [_person_name_group(group) if group else None for group in _groups(key)]
    if len(groups) == 1 and groups[0] is not None:
        only = groups[0]
        return lambda value: any(only(group) for group in _groups(value) if group)

    def every_group(value: str) -> bool:
        have = _groups(value)
        have += [""] * (len(groups) - len(have))
        return all(test is None or test(have[n]) for n, test in enumerate(groups))

    return every_group


def _groups(name: str) -> list[str]:
    """The component groups, each without insignificant spaces and empty components at its end."""
    return [
        "^".join(part.strip() for part in group.split("^")).rstrip("^").casefold()
        for group in name.split("=")
    ]


def _person_name_group(key: str) -> Callable[[str], bool]:
    if not has_wildcard(key):
        return partial(str.__eq__, key)
    pattern = wildcard(key)

    def test(group: str) -> bool:
        # "CITIZEN^*" is to find CITIZEN, which is the same name as CITIZEN^^^^.
        most = max(0, _PN_COMPONENTS - 1 - group.count("^"))
        return any(pattern.fullmatch(group + "^" * more) for more in range(most + 1))

    return test


# --- dates and times ----------------------------------------------------------------------------


def _temporal(vr: str, key: str) -> Callable[[str], bool]:
    """Single value and range matching (PS3.4 C.2.2.2.1, C.2.2.2.5).

    A time of lower precision stands for all it covers: 1030 as a key is 10:30:00 to 10:30:59.999999.
    """
    try:
        low, high = _range(vr, key)
        earliest = bounds(vr, low)[0] if low else ""
        latest = bounds(vr, high)[1] if high else "~"
    except ValueError:
        return partial(str.__eq__, key)

    def test(value: str) -> bool:
        try:
            first, last = bounds(vr, value)
        except ValueError:
            return value == key
        return last >= earliest and first <= latest

    return test


def _range(vr: str, key: str) -> tuple[str, str]:
    """The two ends of a range; both the same for a single value, one empty for an open range."""
    if vr != "DT":
        # ACR-NEMA dates and times used '.' and ':' between their parts (PS3.5 6.2).
        low, dash, high = key.partition("-")
        return (low.strip(), high.strip()) if dash else (key, key)
    found = re.fullmatch(rf"\s*({_MOMENT})?\s*(?:(-)\s*({_MOMENT})?)?\s*", key)
    if found is None:
        raise ValueError(key)
    low, dash, high = (part or "" for part in found.groups())
    return (low, high) if dash else (key, key)


def bounds(vr: str, value: str) -> tuple[str, str]:
    """The earliest and the latest moment a value can mean, as text that sorts by time.

    Raises ValueError for what is no date or time.
    """
    if vr == "DA":
        text = value.replace(".", "").strip()
        _digits(text)
        return text.ljust(8, "0"), text.ljust(8, "9")
    if vr == "TM":
        return _fill(value.replace(":", "").strip(), _DT_LIMITS[0][8:], _DT_LIMITS[1][8:])
    return _datetime_bounds(value)


def _datetime_bounds(value: str) -> tuple[str, str]:
    found = re.fullmatch(r"(\d{4,14}(?:\.\d{1,6})?)([+-])?(\d{4})?", value.strip(), re.ASCII)
    if found is None or (found[2] is None) != (found[3] is None):
        raise ValueError(value)
    bounds = _fill(found[1], *_DT_LIMITS)
    if found[2] is None:
        return bounds
    return _to_utc(bounds[0], found[2], found[3]), _to_utc(bounds[1], found[2], found[3])


def has_offset(moment: str) -> bool:
    """Whether a moment, or one of a range of them, says its offset from UTC itself (PS3.5 6.2, DT)."""
    try:
        return any(_OFFSET.search(end) for end in _range("DT", moment))
    except ValueError:
        return False


def with_offset(moment: str, offset: str) -> str:
    """A DT, or a range of two, with an offset from UTC where it has none; what is no DT as it is."""
    try:
        low, high = _range("DT", moment)
    except ValueError:
        return moment
    both = [end + offset if end and not _OFFSET.search(end) else end for end in (low, high)]
    return both[0] if low == high == moment else "-".join(both)


def _to_utc(moment: str, sign: str, offset: str) -> str:
    """The same in UTC. moment: the 31st is the last of a month of less, where only the month was given."""
    away = timedelta(hours=int(offset[:2]), minutes=int(offset[2:]))
    year, month, day = max(1, int(moment[:4])), int(moment[4:6]), int(moment[6:8])
    if not 1 <= month <= 12:
        raise ValueError(moment)
    day = min(day, calendar.monthrange(year, month)[1]) if day == 31 else day
    # A leap second is in no datetime.
    second = min(int(moment[12:14]), 59)
    local = datetime(
        year, month, day, int(moment[8:10]), int(moment[10:12]), second, int(moment[15:]), UTC
    )
    try:
        utc = local - away if sign == "+" else local + away
    except OverflowError:
        utc = local  # the calendar's first or last day
    return f"{utc:%Y%m%d%H%M%S.%f}".rjust(21, "0")


def _fill(text: str, earliest: str, latest: str) -> tuple[str, str]:
    _digits(text.replace(".", "", 1))
    if len(text) > len(earliest):
        raise ValueError(text)
    return text + earliest[len(text) :], text + latest[len(text) :]


def _digits(text: str) -> None:
    if not text.isascii() or not text.isdigit():
        raise ValueError(text)

"""A date and a time as one moment: ranges that are one period, and moments in another time zone.

PS3.4 C.2.2.2.5 (combined datetime matching) and K.6-1: of 20240111-20240112 and 2300-0100 together
one night is meant, not two hours of each day.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from pydicom.datadict import keyword_for_tag, tag_for_keyword

from scenario_runner.dicom.matching import bounds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenario_runner.archive.keys import Key

TIMEZONE_OFFSET: Final = 0x00080201
_OFFSET: Final = re.compile(r"([+-])(0\d|1[0-4])([0-5]\d)")
_MIDNIGHT, _LAST = "000000.000000", "235959.999999"


@dataclass(frozen=True, slots=True)
class Period:
    """From one moment to another, of a date and the time beside it. first, last: texts that sort.

    time: the tag of the time.
    """

    time: int
    first: str
    last: str

    def has(self, dates: Sequence[str], times: Sequence[str]) -> bool:
        """Whether a moment of these, taken in pairs, can lie within."""
        for date, time in zip(dates, times, strict=False):
            try:
                days, hours = bounds("DA", date), bounds("TM", time)
            except ValueError:
                continue
            if days[1] + hours[1] >= self.first and days[0] + hours[0] <= self.last:
                return True
        return False


def time_beside(tag: int) -> int | None:
    """The tag of the time that goes with a date: StudyTime with StudyDate."""
    keyword = keyword_for_tag(tag)
    if not keyword.endswith("Date"):
        return None
    found = tag_for_keyword(keyword.removesuffix("Date") + "Time")
    return None if found is None else int(found)


def combined(keys: Iterable[Key]) -> list[Key]:
    """The same keys, with a range of dates and a range of times beside it as one period."""
    given = list(keys)
    by_tag = {key.tag: key for key in given}
    for place, key in enumerate(given):
        if key.vr == "SQ":
            items = tuple(tuple(combined(inner)) for inner in key.items)
            given[place] = dataclasses.replace(key, items=items)
            continue
        time = by_tag.get(time_beside(key.tag) or 0) if key.vr == "DA" else None
        period = None if time is None else _period(key, time)
        if time is None or period is None:
            continue
        given[place] = dataclasses.replace(key, period=period)
        where = next(n for n, one in enumerate(given) if one.tag == time.tag)
        given[where] = dataclasses.replace(time, test=None)
    return given


def _period(date: Key, time: Key) -> Period | None:
    """None unless both are one range each."""
    if len(date.values) != 1 or len(time.values) != 1:
        return None
    (first_day, day_dash, last_day), (from_hour, dash, to_hour) = (
        one.values[0].partition("-") for one in (date, time)
    )
    if not (day_dash and dash):
        return None
    try:
        first = bounds("DA", first_day.strip())[0] if first_day.strip() else "0" * 8
        last = bounds("DA", last_day.strip())[1] if last_day.strip() else "9" * 8
        begin = bounds("TM", from_hour.strip())[0] if from_hour.strip() else _MIDNIGHT
        end = bounds("TM", to_hour.strip())[1] if to_hour.strip() else _LAST
    except ValueError:
        return None
    # A range without an end has no last day that the hour could be of.
    return Period(time.tag, first + begin, last + (end if last_day.strip() else _LAST))


def is_offset(text: str) -> bool:
    """Whether a text is an offset from UTC (0008,0201): ``+0100``, within -1200 and +1400."""
    away = _away(text)
    return away is not None and timedelta(hours=-12) <= away <= timedelta(hours=14)


def moved(found: Mapping[int, Sequence[str]], stored: str, wanted: str) -> dict[int, Sequence[str]]:
    """Values of attributes with each date and the time beside it told in another zone.

    found: by tag. stored, wanted: offsets from UTC. A date without a time stays the day it is.
    """
    here, there = _away(stored), _away(wanted)
    result = dict(found)
    if here is None or there is None or here == there:
        return result
    for tag, dates in found.items():
        beside = time_beside(tag)
        times = found.get(beside) if beside is not None else None
        if beside is None or not times or len(dates) != len(times):
            continue
        pairs = [_moved(*pair, there - here) for pair in zip(dates, times, strict=True)]
        result[tag] = [date for date, _ in pairs]
        result[beside] = [time for _, time in pairs]
    return result


def _moved(date: str, time: str, by: timedelta) -> tuple[str, str]:
    """A date and a time some hours later; as they are when they are none."""
    try:
        start = bounds("DA", date)[0] + bounds("TM", time)[0]
        moment = datetime.strptime(start, "%Y%m%d%H%M%S.%f").replace(tzinfo=UTC) + by
    except (ValueError, OverflowError):
        return date, time
    # As precise as it was: hours and minutes move, what follows stays.
    return moment.strftime("%Y%m%d"), moment.strftime("%H%M%S.%f")[: max(4, len(time))]


def _away(text: str) -> timedelta | None:
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    away = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return away if found[1] == "+" else -away

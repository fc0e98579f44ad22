"""A date and a time as one moment: ranges that are one period, and moments in another time zone.

PS3.4 C.2.2.2.5 (combined datetime matching) and K.6-1: of 20240111-20240112 and 2300-0100 together
one night is meant, not two hours of each day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from scenario_runner.dicom.dictionary import attribute, tag_for_keyword, vr_of
from scenario_runner.dicom.matching import bounds, has_offset, with_offset
from scenario_runner.lazy_dataclasses import dataclass

TIMEZONE_OFFSET: Final = 0x00080201
_OFFSET: Final = re.compile(r"([+-])(0\d|1[0-4])([0-5]\d)")
MIDNIGHT, LAST = "000000.000000", "235959.999999"


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
    return _partner(tag, "DA", "Date", "Time")


def date_beside(tag: int) -> int | None:
    """The tag of the date that goes with a time: StudyDate with StudyTime."""
    return _partner(tag, "TM", "Time", "Date")


@lru_cache(maxsize=512)
def _partner(tag: int, vr: str, word: str, other: str) -> int | None:
    known = attribute(tag)
    keyword = "" if known is None else known.keyword
    if vr_of(tag) != vr or word not in keyword:
        return None
    found = tag_for_keyword(other.join(keyword.rsplit(word, 1)))
    return None if found is None or vr_of(int(found)) not in ("DA", "TM") else int(found)


@dataclass(frozen=True, slots=True)
class Zones:
    """Offsets from UTC, each empty where it is not said. stored: of a data set. asked: of the query's keys."""

    stored: str
    asked: str = ""

    def told(
        self, tag: int, vr: str, values: Sequence[str], others: Callable[[int], Sequence[str]]
    ) -> Sequence[str]:
        """Values of a data set as they are where the query comes from.

        others: the values of another attribute of the same data set or item. A date without a time, and
        what is no date or time, stays as it is.
        """
        if vr == "DT":
            zone = self.stored or self.asked
            return [with_offset(value, zone) for value in values] if zone else values
        if vr not in ("DA", "TM") or not self.asked:
            return values
        beside = time_beside(tag) if vr == "DA" else date_beside(tag)
        if beside is None:
            return values
        both = {tag: values, beside: others(beside)}
        return moved(both, self.stored, self.asked)[tag]

    def concern(self, vr: str, key: Sequence[str]) -> bool:
        """Whether values of this VR are another moment where this key comes from."""
        if vr == "DT":
            return any(map(has_offset, key))
        return vr in ("DA", "TM") and bool(self.asked)


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
        leap = start[12:14] == "60"  # which no datetime has (PS3.5 6.2)
        start = f"{start[:12]}59{start[14:]}" if leap else start
        moment = datetime.strptime(start, "%Y%m%d%H%M%S.%f").replace(tzinfo=UTC) + by
    except (ValueError, OverflowError):
        return date, time
    # As precise as it was: hours and minutes move, what follows stays.
    told = moment.strftime("%Y%m%d"), moment.strftime("%H%M%S.%f")[: max(4, len(time))]
    return (told[0], f"{told[1][:4]}60{told[1][6:]}") if leap else told


def _away(text: str) -> timedelta | None:
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    away = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return away if found[1] == "+" else -away

"""Keys of a query of which a range of dates and the range of times beside it are one period.

PS3.4 C.2.2.2.5.4 and K.6-1.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from scenario_runner.archive.periods import LAST, MIDNIGHT, Period, time_beside
from scenario_runner.dicom.matching import bounds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenario_runner.archive.keys import Key


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
        begin = bounds("TM", from_hour.strip())[0] if from_hour.strip() else MIDNIGHT
        end = bounds("TM", to_hour.strip())[1] if to_hour.strip() else LAST
    except ValueError:
        return None
    # A range without an end has no last day that the hour could be of.
    return Period(time.tag, first + begin, last + (end if last_day.strip() else LAST))

"""Birth date, age, study dates and times that agree with each other.

A date that is not given comes from the seed and never from the clock, so that the same seed makes
the same objects tomorrow; only ``today`` and ``-3d`` follow the run's clock.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenario_runner.language.model import AgeRange
    from scenario_runner.planning.identity import Dice

WINDOW = (dt.date(2025, 1, 1), dt.date(2025, 12, 31))
"""Where study dates lie that nobody chose: the 365 days before 2026-01-01."""
_ROOM = 27
"""Days after the window that a study may lie in when there is no room inside of it."""
_SATURDAY = 5
_WORKING_HOURS = (7 * 3600, 19 * 3600 - 1)
_LATEST = dt.datetime.combine(dt.date.max, dt.time.max)
_SERIES_APART = dt.timedelta(minutes=2)


def study_day(given: dt.date | int, today: dt.date) -> dt.date:
    """A date as it stands, or that many days from today."""
    return given if isinstance(given, dt.date) else _shifted(today, given)


def _shifted(day: dt.date, days: int) -> dt.date:
    """The day that many days later, or the calendar's first or last day."""
    ordinal = min(max(day.toordinal() + days, dt.date.min.toordinal()), dt.date.max.toordinal())
    return dt.date.fromordinal(ordinal)


def weekday_between(first: dt.date, last: dt.date, dice: Dice) -> dt.date:
    """A day from Monday to Friday between two days, both included; the last if there is none."""
    low, high = first.toordinal(), last.toordinal()
    day = dice.randint(low, high)
    weekday = (day - 1) % 7  # ordinal 1, 0001-01-01, is a Monday
    if weekday >= _SATURDAY:
        day = day - weekday + 4 if day - weekday + 4 >= low else min(day - weekday + 7, high)
    return dt.date.fromordinal(day)


def working_time(dice: Dice) -> dt.time:
    """A time from 07:00:00 to 18:59:59."""
    seconds = dice.randint(*_WORKING_HOURS)
    return dt.time(seconds // 3600, seconds // 60 % 60, seconds % 60)


def series_start(date: dt.date, time: dt.time, index: int) -> dt.datetime:
    """When the index-th series (from 0) of a study began; past midnight it is the next day."""
    start = dt.datetime.combine(date, time)
    return start + min(index * _SERIES_APART, _LATEST - start)


def years_before(day: dt.date, years: int) -> dt.date:
    """The same day that many years earlier; 28 February for the 29th where there is none."""
    year = min(max(dt.MINYEAR, day.year - years), dt.MAXYEAR)
    if (day.month, day.day) == (2, 29) and not calendar.isleap(year):
        return dt.date(year, 2, 28)
    return dt.date(year, day.month, day.day)


def whole_years(days: int) -> int | None:
    """The number of years that an age of ``40y`` stands for; None for 18m, 6w or 3d."""
    years = round(days / 365.25)
    return years if years >= 1 and round(years * 365.25) == days else None


def age_on(day: dt.date, birth: dt.date) -> int:
    """Completed years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


@dataclass(frozen=True, slots=True)
class AgeRule:
    """An age as the scenario gives it: in years where it was written in years, else in days."""

    low: int
    high: int
    in_years: bool

    @classmethod
    def of(cls, given: int | AgeRange) -> AgeRule:
        """given: days, or two bounds in days, both included."""
        low, high = (given, given) if isinstance(given, int) else (given.min, given.max)
        years = whole_years(low), whole_years(high)
        if years[0] is not None and years[1] is not None:
            return cls(years[0], years[1], in_years=True)
        return cls(low, high, in_years=False)

    def birth_date(self, reference: dt.date, dice: Dice) -> dt.date:
        """A birth date that gives an age within the rule on the reference day."""
        drawn = dice.randint(self.low, self.high)
        if not self.in_years:
            return _shifted(reference, -drawn)
        latest = years_before(reference, drawn)
        earliest = _shifted(years_before(reference, drawn + 1), 1)
        return _shifted(latest, -dice.randint(0, max(0, (latest - earliest).days)))

    def holds(self, birth: dt.date, day: dt.date) -> bool:
        """Whether somebody born then has such an age on that day."""
        age = age_on(day, birth) if self.in_years else (day - birth).days
        return self.low <= age <= self.high

    def days_of(self, birth: dt.date) -> tuple[dt.date, dt.date]:
        """The first and the last day on which somebody born then has such an age."""
        if not self.in_years:
            return _shifted(birth, self.low), _shifted(birth, self.high)
        after = _shifted(years_before(birth, -self.high - 1), -1)
        return years_before(birth, -self.low), after


_ADULT = AgeRule(18, 90, in_years=True)


@dataclass(frozen=True, slots=True)
class Life:
    """What a scenario says about the dates of one patient and its studies.

    first: date of the first study in the scenario's order, None when generated. earliest: the
    earliest date that is given for any study.
    """

    birth: dt.date | None
    age: AgeRule | None
    first: dt.date | None
    earliest: dt.date | None

    def window(self) -> tuple[dt.date, dt.date]:
        """Where the date of a study lies that nobody chose."""
        low, high = WINDOW
        if self.birth is not None and self.age is not None:
            agreeing = self.age.days_of(self.birth)
            if agreeing[0] <= high and agreeing[1] >= low:
                return max(low, agreeing[0]), min(high, agreeing[1])
            return agreeing
        if self.birth is not None and self.birth > low:
            return self.birth, max(high, _shifted(self.birth, _ROOM))
        if self.age is not None and self.first is not None:
            # A child of three days had no study before the one its age is given for.
            return self.first, max(high, _shifted(self.first, _ROOM))
        return low, high

    def first_study(self, dice: Dice) -> dt.date:
        """The date of the first study; the same for the same state of the dice."""
        return self.first or weekday_between(*self.window(), dice)

    def further_study(self, first: dt.date, dice: Dice) -> dt.date:
        """The date of a later study in the scenario's order, not before the first."""
        low, high = self.window()
        low = max(low, first)
        return weekday_between(low, max(low, high), dice)

    def birth_date(self, first: dt.date, dice: Dice) -> dt.date:
        """The birth date, given or fitting the age, or an adult's."""
        if self.birth is not None:
            return self.birth
        if self.age is not None:
            return self.age.birth_date(first, dice)
        reference = first if self.earliest is None else min(first, self.earliest)
        return _ADULT.birth_date(reference, dice)

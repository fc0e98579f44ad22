"""Birth date, age, study dates and times that agree with each other.

A date that is not given comes from the seed and never from the clock, so that the same seed makes
the same objects tomorrow; only ``today`` and ``-3d`` follow the run's clock.
"""

from __future__ import annotations

import calendar
import datetime as dt
from typing import TYPE_CHECKING

from scenario_runner.language.model import GivenAge
from scenario_runner.lazy_dataclasses import dataclass

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


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day that many months earlier; the last of the month where that has no such day."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    if years < dt.MINYEAR:
        return dt.date.min
    if years > dt.MAXYEAR:
        return dt.date.max
    last = calendar.monthrange(years, month + 1)[1]
    return dt.date(years, month + 1, min(day.day, last))


def before(day: dt.date, age: int, unit: str) -> dt.date:
    """The last day of birth of somebody who is so old on a day; unit: of GivenAge."""
    if unit == "y":
        return years_before(day, age)
    if unit == "m":
        return months_before(day, age)
    return _shifted(day, -age * _DAYS[unit])


_DAYS = {"d": 1, "w": 7}


def age_on(day: dt.date, birth: dt.date, unit: str = "y") -> int:
    """Completed years, or months, weeks or days."""
    if unit in _DAYS:
        return (day - birth).days // _DAYS[unit]
    months = (day.year - birth.year) * 12 + day.month - birth.month - (day.day < birth.day)
    return months // 12 if unit == "y" else months


@dataclass(frozen=True, slots=True)
class AgeRule:
    """An age as the scenario gives it: two bounds, each in its own unit and both included."""

    low: GivenAge
    high: GivenAge

    @classmethod
    def of(cls, given: GivenAge | AgeRange) -> AgeRule:
        """given: one age, or a range."""
        return cls(given, given) if isinstance(given, GivenAge) else cls(given.min, given.max)

    @property
    def impossible(self) -> bool:
        """Whether the least age is above the greatest."""
        day = dt.date(2000, 1, 31)
        return self.latest_birth(day) < self.earliest_birth(day)

    def latest_birth(self, day: dt.date) -> dt.date:
        """When somebody was born at the latest who has such an age on that day."""
        return before(day, self.low.number, self.low.unit)

    def earliest_birth(self, day: dt.date) -> dt.date:
        """When somebody was born at the earliest who has such an age on that day."""
        return _shifted(before(day, self.high.number + 1, self.high.unit), 1)

    def birth_date(self, reference: dt.date, dice: Dice) -> dt.date:
        """A birth date that gives an age within the rule on the reference day."""
        low, high = self.low, self.high
        if low.unit in _DAYS and high.unit in _DAYS:
            least = low.number * _DAYS[low.unit]
            # A week is exact where it can be: six of them are 42 days.
            most = max(least, high.number * _DAYS[high.unit])
            return _shifted(reference, -dice.randint(least, most))
        one = self
        if low.unit == high.unit:
            # Each number of years, or of months, is as likely as any other.
            drawn = GivenAge(dice.randint(low.number, high.number), low.unit)
            one = AgeRule(drawn, drawn)
        latest, earliest = one.latest_birth(reference), one.earliest_birth(reference)
        return _shifted(latest, -dice.randint(0, max(0, (latest - earliest).days)))

    def holds(self, birth: dt.date, day: dt.date) -> bool:
        """Whether somebody born then has such an age on that day."""
        return (
            age_on(day, birth, self.low.unit) >= self.low.number
            and age_on(day, birth, self.high.unit) <= self.high.number
        )

    def days_of(self, birth: dt.date) -> tuple[dt.date, dt.date]:
        """The first and the last day on which somebody born then has such an age."""
        first = _until(birth, self.low.number, self.low.unit)
        return first, _shifted(_until(birth, self.high.number + 1, self.high.unit), -1)


def _until(birth: dt.date, age: int, unit: str) -> dt.date:
    """The day on which an age is completed."""
    day = before(birth, -age, unit)
    # Who was born on the 31st completes a month of 30 days on the first of the next one.
    return _shifted(day, 1) if age_on(day, birth, unit) < age else day


_ADULT = AgeRule(GivenAge(18, "y"), GivenAge(90, "y"))


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

    @property
    def is_given(self) -> bool:
        """Whether the scenario says how old the patient is."""
        return self.birth is not None or self.age is not None

    def birth_date(self, first: dt.date, dice: Dice, usual: AgeRule | None = None) -> dt.date:
        """The birth date, given or fitting the age; else somebody's of a usual age, or an adult's."""
        if self.birth is not None:
            return self.birth
        if self.age is not None:
            return self.age.birth_date(first, dice)
        reference = first if self.earliest is None else min(first, self.earliest)
        return (usual or _ADULT).birth_date(reference, dice)

"""Dates that have to agree with each other."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING

from scenario_runner.conformance.rules.base import Problem
from scenario_runner.dicom.forms import is_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scenario_runner.conformance.dicom_file import DicomFile

_LENGTH = 8
_DATES = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")


def age(file: DicomFile) -> Iterator[Problem]:
    """PatientAge is the time from birth to the examination, in the unit it is given in.

    The examination may have gone on to the next day, so any of its dates will do.
    """
    born, text = date(file, "PatientBirthDate"), file.data.text("PatientAge")
    if born is None or len(text) != 4 or not text[:3].isdecimal() or text[3] not in _UNITS:
        return
    days = [day for keyword in _DATES if (day := date(file, keyword)) is not None]
    ages = [_UNITS[text[3]](born, day) for day in days if day >= born]
    if ages and int(text[:3]) not in ages:
        yield Problem("PatientAge", f"is {text}; from birth to study it is {ages[0]:03}{text[3]}")


def born_before(file: DicomFile) -> Iterator[Problem]:
    """Nobody is examined before birth."""
    born, studied = date(file, "PatientBirthDate"), date(file, "StudyDate")
    if born is not None and studied is not None and born > studied:
        yield Problem("PatientBirthDate", f"{born:%Y%m%d} is after the study, {studied:%Y%m%d}")


def date(file: DicomFile, keyword: str) -> dt.date | None:
    """A DA value of the data set, None when it is none."""
    text = file.data.text(keyword)
    return _date(text) if len(text) == _LENGTH else None


@lru_cache(maxsize=1024)
def _date(text: str) -> dt.date | None:
    return dt.date(int(text[:4]), int(text[4:6]), int(text[6:])) if is_date(text) else None


def _months(start: dt.date, end: dt.date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)


_UNITS: dict[str, Callable[[dt.date, dt.date], int]] = {
    "D": lambda born, day: (day - born).days,
    "W": lambda born, day: (day - born).days // 7,
    "M": _months,
    "Y": lambda born, day: _months(born, day) // 12,
}

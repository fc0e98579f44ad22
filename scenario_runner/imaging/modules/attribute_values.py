"""Python values as DICOM text, and how values of the plan become attributes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pydicom import DataElement
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR

from scenario_runner.dicom.dictionary import tag_for_keyword
from scenario_runner.dicom.times import tm
from scenario_runner.planning.dates import age_on

if TYPE_CHECKING:
    from pydicom import Dataset


def put(dataset: Dataset, **values: Any) -> None:
    """Set attributes to values of the plan.

    Planning has judged them, and what is wrong still is so on purpose: pydicom, which would warn
    whoever runs the scenario, is not asked again.
    """
    for keyword, value in values.items():
        tag = tag_for_keyword(keyword)
        assert tag is not None, keyword
        dataset.add(DataElement(tag, dictionary_VR(tag), value, validation_mode=IGNORE))


def da(day: dt.date) -> str:
    """A DA value."""
    return f"{day:%Y%m%d}" if day.year >= 1000 else f"{day.year:04d}{day:%m%d}"


def ds(number: float) -> str:
    """A DS value: the shortest decimal that is exact to 10 significant digits, at most 16 bytes."""
    text = f"{number:.10g}"
    if "e" in text:
        text = f"{number:.8e}"
    return "0" if text == "-0" else text


def later(day: dt.date, time: dt.time, seconds: float) -> tuple[str, str]:
    """DA and TM of a moment some seconds after a date and time."""
    moment = dt.datetime.combine(day, time) + dt.timedelta(seconds=int(seconds))
    return da(moment.date()), tm(moment.time())


def age(birth: dt.date, on: dt.date) -> str | None:
    """An AS value (PS3.5 6.2): whole years, below 2 years months, below 2 months days.

    None when the study is before the birth.
    """
    if on < birth:
        return None
    years, months = age_on(on, birth, "y"), age_on(on, birth, "m")
    if years >= 2:
        return f"{min(years, 999):03d}Y"
    if months >= 2:
        return f"{months:03d}M"
    return f"{age_on(on, birth, 'd'):03d}D"

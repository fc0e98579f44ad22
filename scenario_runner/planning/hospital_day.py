"""A day at a hospital in numbers: when studies come, of which modalities, and how large they are.

**Hours.** Of arrivals at emergency departments in England close to 60 % come between 9 and 18 o'clock (HSCIC, Hospital
Episode Statistics, March 2012 to February 2013), the busiest hours, 10 to 12, have twice the average of all hours
(HSCIC, Accident and Emergency Attendances in England 2011/12), and the quietest, at 4, about a ninth of those (NHS
Digital, Hospital Accident and Emergency Activity 2021/22). Between these the curve is ours.

**Modalities.** Imaging tests of the NHS in England, April to December 2012: 14.5 million radiographs, 4.7 million
ultrasound, 2.2 million CT, 1.5 million MRI, 0.6 million fluoroscopy (NHS England, Diagnostic Imaging Dataset,
provisional monthly statistics).

**Sizes.** 994,471 CT studies had 339,830,947 images and 522,678 MRI studies 199,379,634 (McDonald et al., Academic
Radiology 2015, S1076-6332(15)00245-7): 342 and 381 images each.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenario_runner.language.loads import HospitalDay

HOURS = (
    1.8, 1.5, 1.2, 1.0, 0.9, 1.0, 1.4, 2.4, 4.6, 6.8, 8.3, 8.3,
    6.9, 6.4, 6.3, 6.0, 5.8, 5.2, 5.2, 5.0, 4.6, 3.9, 3.1, 2.4,
)  # fmt: skip
"""Percent of a day's studies that come in each hour, from midnight."""

MODALITIES: Mapping[str, float] = {"DX": 0.616, "US": 0.199, "CT": 0.093, "MR": 0.065, "RF": 0.027}
"""Share of each modality."""

IMAGES: Mapping[str, int] = {"CT": 342, "MR": 381}
"""Images of a study on average."""

_HOUR = 3600.0
_DAY = 24 * _HOUR


def hourly_rates(day: HospitalDay) -> Iterator[tuple[float, float, str]]:
    """Seconds of the run, arrivals a second and name of each hour, or part of one, of a day."""
    begin = _seconds(day.from_)
    end = _DAY if day.until is None else _seconds(day.until)
    faster = 1.0 if day.in_ is None else (end - begin) / day.in_
    for hour, percent in enumerate(HOURS):
        first, last = max(begin, hour * _HOUR), min(end, (hour + 1) * _HOUR)
        if last > first:
            rate = day.studies * percent / 100 / _HOUR * faster
            yield (last - first) / faster, rate, f"{hour:02}:00"


def _seconds(time: dt.time) -> float:
    return time.hour * _HOUR + time.minute * 60 + time.second + time.microsecond / 1e6


def mix(known: Mapping[str, object]) -> dict[str, float]:
    """The shares of those modalities that there are: DX stands for CR, too, and XA for RF; those of none that is known."""
    found: dict[str, float] = {}
    for name, share in MODALITIES.items():
        stand_in = next((one for one in (name, *_INSTEAD.get(name, ())) if one in known), None)
        if stand_in is not None:
            found[stand_in] = share
    whole = sum(found.values())
    return {name: share / whole for name, share in found.items()}


_INSTEAD: Mapping[str, tuple[str, ...]] = {"DX": ("CR",), "RF": ("XA",)}

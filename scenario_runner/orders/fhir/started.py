"""When a study began whose ImagingStudy knows that to the day, the month or the year only: by its series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scenario_runner.orders.fhir import moments
from scenario_runner.orders.fhir.documents import listed
from scenario_runner.orders.fhir.study_reader import Reader
from scenario_runner.orders.order import Said
from scenario_runner.orders.unusable import Unusable

_READS: Final = {
    "StudyDate": moments.date,
    "StudyTime": moments.time,
    "TimezoneOffsetFromUTC": moments.offset,
}


def settled(reader: Reader, said: Mapping[str, Said]) -> dict[str, Said]:
    """What is said of a study, its start being that of the earliest series that began within what the study says.

    Where none did, a time that is said of a series is not the study's, for its date would be another.
    """
    started = reader.study.get("started")
    if not isinstance(started, str) or "T" in started or "StudyDate" not in said:
        return dict(said)
    rest = {name: one for name, one in said.items() if name not in _READS}
    if found := _within(reader, started):
        where = found["StudyDate"].where
        reader.remarks.append(
            f"{where.label}: the study began then, on '{started}' by its own word"
        )
        return rest | found
    day = said["StudyDate"]
    return rest | {"StudyDate": day} | ({} if day.text else {"StudyTime": day})


def _within(reader: Reader, started: str) -> dict[str, Said]:
    """By the earliest series whose time is told and which began then; empty where there is none."""
    series = enumerate(listed(reader.study.get("series")))
    known = [(one.get("started"), number) for number, one in series if isinstance(one, dict)]
    told = [(text, at) for text, at in known if isinstance(text, str) and text.startswith(started)]
    for text, number in sorted(told):
        where = reader.where(f"series[{number}].started")
        try:
            values = {name: read(text, reader.reading) for name, read in _READS.items()}
        except Unusable:
            continue  # told where the series is read
        if values["StudyTime"] or values["StudyDate"] != started.replace("-", ""):
            return {name: Said(value, where) for name, value in values.items() if value}
    return {}

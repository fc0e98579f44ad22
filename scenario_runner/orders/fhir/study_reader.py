"""One ImagingStudy read by the mapping table, with the place of every value and whatever is wrong with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from scenario_runner.errors import Diagnostic, Where
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.fhir import mapping, values
from scenario_runner.orders.fhir.documents import Resource, listed, name_of
from scenario_runner.orders.fhir.elements import elements
from scenario_runner.orders.fhir.moments import at_zone, zone_of
from scenario_runner.orders.fhir.reading import Reading
from scenario_runner.orders.order import Said
from scenario_runner.orders.unusable import Unusable


@dataclass(frozen=True, slots=True)
class Collected:
    """What a server gave: studies, and what they refer to by the reference that they use."""

    release: str
    studies: Sequence[Resource]
    beside: Mapping[str, Resource | None]


@dataclass(slots=True)
class Reader:
    """Reads one ImagingStudy; everything that is wrong with it is collected."""

    study: Resource
    collected: Collected
    table: mapping.Table
    reading: Reading = field(init=False)
    remarks: list[str] = field(default_factory=list)
    wrong: list[Diagnostic] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reading = Reading(self.resolve)

    @property
    def zone(self) -> dt.tzinfo | None:
        """In which the study tells times: that of its start (PS3.3 C.12.1.1), else the site's."""
        started = self.study.get("started")
        return zone_of(started) or self.table.zone

    def resolve(self, reference: Mapping[str, Any]) -> Resource | None:
        """What a Reference names: contained, or read beside the study."""
        name = reference.get("reference")
        if not isinstance(name, str):
            return None
        if name.startswith("#"):
            inside = [one for one in listed(self.study.get("contained")) if isinstance(one, dict)]
            return next((one for one in inside if one.get("id") == name[1:]), None)
        return self.collected.beside.get(name)

    def where(self, place: str) -> Where:
        """``ImagingStudy/123, series[0].uid``."""
        name = name_of(self.study)
        return Where("", path=place, label=f"{name}, {place}" if place else name)

    def told(self, place: str, message: str, hint: str = "") -> None:
        """Note what is wrong."""
        self.wrong.append(Diagnostic("FAB502", self.where(place), message, hint or None))

    def said(
        self, resource: Mapping[str, Any], what: mapping.Of, before: str = ""
    ) -> dict[str, Said]:
        """What a resource, or a part of one, says. before: its own place."""
        found: dict[str, Said] = {}
        for line in self.table.of.get(what, ()):
            if line.attribute in found:
                continue
            for path in line.paths_of(self.collected.release):
                one = self.one(resource, line, path, before)
                if one is not None:
                    found[line.attribute] = one
                    break
        return found

    def one(
        self, resource: Mapping[str, Any], line: mapping.Line, path: str, before: str
    ) -> Said | None:
        """What the first usable value at a path says; None where there is none."""
        read = values.READERS[line.reads_as]
        if line.reads_as in values.WHOLE and not path.isidentifier():
            # A site's rule that picks items, or what one of them says.
            read, given = values.picked(read), list(elements(resource, path))
        elif line.reads_as in values.WHOLE:
            given = [(resource[path], path)] if isinstance(resource.get(path), list) else []
        else:
            given = list(elements(resource, path))
        for value, at in given:
            # Of another resource by its name, of a part of this one by its path.
            place = f"{before}{', ' if '/' in before else '.'}{at}" if before else at
            try:
                if line.of == "ServiceRequest" and line.reads_as in ("date", "time"):
                    value = at_zone(value, self.zone)
                got = read(value, self.reading)
            except Unusable as error:
                if not error.left_out:
                    message = f"this cannot become {line.attribute}: {error.message}"
                    self.told(place, message, error.hint)
                    return None
                self.remarks.append(f"{name_of(self.study)}, {place} is left out: {error.message}")
                return Said("", self.where(place))
            self.remarks += [
                f"{name_of(self.study)}, {place}: {one}" for one in self.reading.remarks
            ]
            self.reading.remarks.clear()
            if got is not None:
                where = self.where(place)
                return Said("", where, got) if isinstance(got, list) else Said(got, where)
        return None

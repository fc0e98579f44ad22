"""Everything a plan would send, to look at before it is sent: pictures, attributes, what is new since last time.

Bounded whatever the plan is: of a long series a strip is shown, of a long plan its first series; what is
left out is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.app.previewed_imports import Previewed, previewed_imports
from scenario_runner.conformance.reader import read_file
from scenario_runner.conformance.standard import judge
from scenario_runner.conformance.tree import Line, lines
from scenario_runner.dicom.matching import RANGE_VRS
from scenario_runner.imaging.factory import preview_png
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.redaction import Redactor
from scenario_runner.temporary import TemporaryFolder

if TYPE_CHECKING:
    from scenario_runner.app.kept_objects import Objects
    from scenario_runner.app.plans import Plans
    from scenario_runner.engine.services import Factory
    from scenario_runner.imaging.instance import Instance
    from scenario_runner.planning.plan import (
        PlannedCase,
        PlannedPatient,
        PlannedSeries,
        PlannedStudy,
    )

STRIP = 32
"""Images that are shown of a series; a longer one is sampled evenly, from its first to its last."""
SERIES = 100
"""Series that are shown; more are counted."""
SIDE = 192
"""Pixels of a picture's longer edge."""
_ALWAYS_NEW = RANGE_VRS | {"UI", "OB", "OW"}
"""VRs of what no two studies have alike."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One image as it would be sent."""

    number: int
    """InstanceNumber."""
    png: bytes
    width: int
    height: int


@dataclass(slots=True)
class SheetSeries:
    """A series: the images of its strip, and the attributes of its first one."""

    planned: PlannedSeries
    pictures: list[Picture] = field(default_factory=list)
    attributes: Sequence[Line] = ()
    faults: int = 0
    """What the rules say of its first image."""

    @property
    def left_out(self) -> int:
        """Images that the strip does not show."""
        return self.planned.image_count - len(self.pictures)


WHOLE_SERIES = "whole series"


@dataclass(frozen=True, slots=True)
class Difference:
    """An attribute that is another one in the study before."""

    series: str
    attribute: str
    """Its name; ``WHOLE_SERIES`` for a series that only one of the two studies has."""
    before: str
    now: str


@dataclass(slots=True)
class SheetStudy:
    """A study, and how it differs from the one of the same patient before it."""

    planned: PlannedStudy
    series: list[SheetSeries] = field(default_factory=list)
    previous: PlannedStudy | None = None
    differences: list[Difference] = field(default_factory=list)


@dataclass(slots=True)
class SheetPatient:
    """A patient with the studies that are shown."""

    case: PlannedCase
    planned: PlannedPatient
    studies: list[SheetStudy] = field(default_factory=list)


@dataclass(slots=True)
class ContactSheet:
    """What was made of a plan."""

    title: str
    counts: Mapping[str, int]
    """patients, studies, series and images of the whole plan."""
    patients: list[SheetPatient] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is going to be sent and is not shown, or not as it is."""
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Of the site. Attributes, differences and the title are without them; what is planned may hold them."""

    @property
    def left_out(self) -> int:
        """Series that are not shown."""
        return self.counts["series"] - sum(1 for _ in self.series())

    def series(self) -> Iterator[SheetSeries]:
        """All that are shown, in plan order."""
        for patient in self.patients:
            for study in patient.studies:
                yield from study.series


def contact_sheet(plans: Plans, objects: Objects, factory: Factory) -> ContactSheet:
    """Make and keep every instance of a plan, and pictures of them, and of the files that are imported.

    Raises as ``Objects.make``.
    """
    scenarios = {job.scenario.header.name: job.scenario for job in plans.jobs}
    totals = {"patients": 0, "studies": 0, "series": 0, "images": 0}
    for job in plans.jobs:
        for what, count in job.case.counts().items():
            totals[what] += count
    titles = [one.header.title or name for name, one in scenarios.items()]
    redactor = Redactor(plans.secrets)
    sheet = ContactSheet(redactor.text(", ".join(titles)), totals, secrets=plans.secrets)
    for name, scenario in scenarios.items():
        if any(
            entry.step == "generate" and isinstance(entry.parameters, dict)
            and entry.parameters.get("modify") for entry in scenario.steps
        ):  # fmt: skip
            sheet.notes.append(
                f"{name} modifies attributes as it generates; what is shown is before that"
            )
    collector = _Collector(sheet, [job.case for job in plans.jobs], redactor)
    objects.make(plans, factory, collector.take)
    with TemporaryFolder() as folder:
        for number, job in enumerate(plans.jobs, start=1):
            for one in previewed_imports(job, folder / str(number)):
                if isinstance(one, str):
                    sheet.notes.append(redactor.text(one))
                else:
                    _count(totals, one)
                    collector.take(number, one.instance, one.path, pictured=one.pictured)
    collector.finish()
    return sheet


def _count(totals: dict[str, int], one: Previewed) -> None:
    assert one.instance.image is not None
    totals["images"] += 1
    totals["series"] += one.instance.image.index == 0


def strip(count: int, limit: int = STRIP) -> list[int]:
    """Which of so many images are shown, by position: all, or evenly from the first to the last."""
    if count <= limit:
        return list(range(count))
    return sorted({round(place * (count - 1) / (limit - 1)) for place in range(limit)})


class _Collector:
    """Takes the instances of a plan in order and keeps what the sheet shows of them."""

    def __init__(
        self, sheet: ContactSheet, cases: Sequence[PlannedCase], redactor: Redactor
    ) -> None:
        self._sheet, self._cases, self._redactor = sheet, cases, redactor
        self._shown = 0
        self._case = 0
        self._patients: dict[tuple[int, str], SheetPatient] = {}
        self._studies: dict[tuple[int, str], SheetStudy] = {}
        self._series: SheetSeries | None = None
        self._wanted: frozenset[int] = frozenset()

    def take(self, case: int, instance: Instance, path: Path, *, pictured: bool = False) -> None:
        """pictured: its pixels may show somebody, so they are not shown."""
        image = instance.image
        assert image is not None
        series = self._series
        if series is None or case != self._case or series.planned.id != image.series.id:
            series = self._begin(case, image.series)
        if series is None:
            return
        if image.index in self._wanted and not pictured:
            made = preview_png(instance, SIDE)
            series.pictures.append(Picture(image.number, made.png, made.width, made.height))
        if image.index == 0:
            read = read_file(path)
            findings = judge(read)
            series.attributes = self._redactor.tree(list(lines(read, findings)))
            series.faults = sum(1 for one in findings if one.severity == "error")

    def finish(self) -> None:
        """All patients are complete."""
        for patient in self._sheet.patients:
            _compare(patient)

    def _begin(self, case: int, planned: PlannedSeries) -> SheetSeries | None:
        self._series = None
        if self._shown == SERIES:
            return None
        self._shown += 1
        study = self._study(case, planned.study)
        self._case = case
        self._series = SheetSeries(planned)
        self._wanted = frozenset(strip(planned.image_count))
        study.series.append(self._series)
        return self._series

    def _study(self, case: int, planned: PlannedStudy) -> SheetStudy:
        key = case, planned.patient.id
        patient = self._patients.get(key)
        if patient is None:
            patient = SheetPatient(self._cases[case - 1], planned.patient)
            self._patients[key] = patient
            self._sheet.patients.append(patient)
        study = self._studies.get((case, planned.id))
        if study is None:
            study = self._studies[case, planned.id] = SheetStudy(planned)
            patient.studies.append(study)
        return study


def _compare(patient: SheetPatient) -> None:
    """Find out for each study how it differs from the one before it in time."""
    ordered = sorted(patient.studies, key=lambda one: (one.planned.date, one.planned.time))
    for before, now in pairwise(ordered):
        now.previous = before.planned
        now.differences = list(_differences(before, now))


def _differences(before: SheetStudy, now: SheetStudy) -> Iterator[Difference]:
    """Attributes of each series' first image beside those of the same series before; UIDs always differ."""
    earlier = {_place(before, one): _values(one) for one in before.series}
    for series in now.series:
        name = f"{series.planned.number} {series.planned.modality}"
        old = earlier.pop(_place(now, series), None)
        if old is None:
            yield Difference(name, WHOLE_SERIES, "not there", "new")
            continue
        new = _values(series)
        for keyword in dict.fromkeys([*old, *new]):
            if old.get(keyword) != new.get(keyword):
                yield Difference(name, keyword, old.get(keyword, ""), new.get(keyword, ""))
    for modality, number in earlier:
        yield Difference(f"{number} {modality}", WHOLE_SERIES, "there", "not made again")


def _place(study: SheetStudy, series: SheetSeries) -> tuple[str, int]:
    """Modality of a series, and the how manieth of it in its study it is."""
    alike = [one for one in study.series if one.planned.modality == series.planned.modality]
    return series.planned.modality, next(
        number for number, one in enumerate(alike, start=1) if one is series
    )


def _values(series: SheetSeries) -> dict[str, str]:
    """The elements that are in no sequence, by name; without what is another one in every study.

    That is UIDs, pixels, and all days and times but those of the patient's own life.
    """
    return {
        line.name: line.value
        for line in series.attributes
        if line.depth == 0
        and line.tag is not None
        and (line.vr not in _ALWAYS_NEW or line.tag >> 16 == 0x0010)
    }

"""A case half planned: everything that is alike for all that an entry of the scenario asks for.

An entry with ``count: 1000`` is one part here. ``build`` makes the k-th entity from its part.
"""

from __future__ import annotations

from dataclasses import field, fields
from typing import TYPE_CHECKING, Any

from scenario_runner.language.item_counts import Held
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.plan import SeriesDesign

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from scenario_runner.errors import Where
    from scenario_runner.language.model import InstanceSpec, PatientSpec, SeriesSpec, StudySpec
    from scenario_runner.planning.api import ModalityDefaults
    from scenario_runner.planning.arrivals import Arrival
    from scenario_runner.planning.dates import Life
    from scenario_runner.planning.examinations import Examination, Subject
    from scenario_runner.planning.patterns import Pattern
    from scenario_runner.planning.plan import PatientsFrom

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """A rule for an identifier, and which use of it is the first of this part's."""

    kind: str
    """``patient_id`` or ``accession``."""
    pattern: Pattern
    use: int
    where: Where


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPart(SeriesDesign):
    """``count`` series of each study of a part; numbered from ``first`` within their study."""

    spec: SeriesSpec
    first: int
    count: int
    defaults: ModalityDefaults
    tagged: Mapping[str, Any]
    """Fields of the planned series that ``tags`` decide, with their values."""
    image_uid: str | None
    """SOPInstanceUID of its images where ``tags`` give it."""
    phantom_of: Callable[[str], str]
    """The phantom for another body part than the usual one."""
    instances: tuple[InstanceSpec, ...] = ()
    """Its images one by one, where the scenario lists them."""
    uid_of: Callable[[int, str, str], str] | None = None
    """SOPInstanceUID where a fault changes it, from number, own UID and the first image's."""

    def design(self) -> dict[str, Any]:
        """What each of its series has of it, by field."""
        alike = {each.name: getattr(self, each.name) for each in fields(SeriesDesign)}
        return {**alike, **self.tagged}


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPart:
    """``count`` studies of each patient of a part."""

    spec: StudySpec
    path: Path
    first: int
    count: int
    accession: Identifier
    date: dt.date | None
    time: dt.time | None
    modality: str
    tagged: Mapping[str, Any]
    """Fields of the planned study that ``tags`` decide, with their values."""
    series: tuple[SeriesPart, ...]
    examinations: Sequence[Examination] = ()
    """What it can be of; none: what its first series is of by default."""
    in_words: bool = False
    """Whether the scenario says in words of its own what is examined."""

    @property
    def series_count(self) -> int:
        """Series of one study."""
        return sum(part.count for part in self.series)

    @property
    def image_count(self) -> int:
        """Images of one study."""
        return sum(part.count * part.image_count for part in self.series)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientPart:
    """``count`` patients of a case."""

    spec: PatientSpec
    path: Path
    first: int
    count: int
    patient_id: Identifier
    life: Life
    locale: str
    tagged: Mapping[str, Any]
    """Fields of the planned patient that ``tags`` decide, with their values."""
    studies: tuple[StudyPart, ...]
    subjects: Sequence[Subject] = ()
    """Who can have its studies; none: anybody."""

    @property
    def study_count(self) -> int:
        """Studies of one patient."""
        return sum(part.count for part in self.studies)


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePart:
    """A case with its patients' parts."""

    id: str
    name: str
    matrix: Mapping[str, Any]
    vars: Mapping[str, Any]
    row: Mapping[str, Any] | None = None
    """The row of the table that it is made for."""
    arrival: Arrival | None = None
    """When it begins, under a load of cases."""
    sources: Mapping[int, PatientsFrom] = field(default_factory=dict)
    """By entry, for those that name a source."""
    patients: tuple[PatientPart, ...] = field(repr=False)

    def lists(self) -> dict[str, Held]:
        """What templates call ``patients``, ``studies``, ``series`` and ``images``, by their numbers of members."""
        studies, series, images = [], [], []
        patients = []
        for patient in self.patients:
            studies_of = Held(
                tuple((one.count, {"series": _series(one)}) for one in patient.studies)
            )
            series_of = Held(tuple((one.count, _series(one)) for one in patient.studies))
            images_of = Held(tuple((one.count, _images(one)) for one in patient.studies))
            patients.append((patient.count, {"studies": studies_of}))
            studies.append((patient.count, studies_of))
            series.append((patient.count, series_of))
            images.append((patient.count, images_of))
        return {
            "patients": Held(tuple(patients)), "studies": Held(tuple(studies)),
            "series": Held(tuple(series)), "images": Held(tuple(images)),
        }  # fmt: skip

    def totals(self) -> dict[str, int]:
        """How many patients, studies, series and images there will be."""
        studies = [
            (patient.count * study.count, study)
            for patient in self.patients
            for study in patient.studies
        ]
        return {
            "patients": sum(patient.count for patient in self.patients),
            "studies": sum(count for count, _ in studies),
            "series": sum(count * study.series_count for count, study in studies),
            "images": sum(count * study.image_count for count, study in studies),
        }


def _series(study: StudyPart) -> Held:
    images = ((one.count, Held(((one.image_count, {}),))) for one in study.series)
    return Held(tuple((count, {"images": each}) for count, each in images))


def _images(study: StudyPart) -> Held:
    return Held(tuple((one.count, Held(((one.image_count, {}),))) for one in study.series))

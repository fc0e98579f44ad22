"""The plan: what will exist, with every identifier fixed. Immutable, lazy, cheap to walk.

Nothing here holds all images: ``studies``, ``series`` and ``images`` are sequences that make their
members on demand, always the same ones. Ids (``p1.s2.e1.i3``) are stable between runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.tagged_fields import text_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from scenario_runner.planning.arrivals import Arrival
    from scenario_runner.planning.pictures import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPatient:
    """One synthetic patient."""

    id: str
    """``p1``, counted over the case; the plan's own, not the PatientID."""
    path: tuple[str | int, ...]
    """Where in the scenario it was asked for: ``("patients", 0)``."""
    seed: int
    patient_id: str
    issuer: str | None
    name: str
    """A whole PN value: up to three component groups joined by ``=`` (PS3.5 6.2.1)."""
    sex: str
    birth_date: dt.date
    address: str | None
    phone: str | None
    locale: str
    character_set: tuple[str, ...] | None
    """Defined terms as given, or None: chosen for the values when the object is made."""
    keep: bool = False
    """Whether the registry is told of it."""
    tags: Mapping[str, Any]
    studies: Sequence[PlannedStudy] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStudy:
    """One study of a patient."""

    id: str
    path: tuple[str | int, ...]
    seed: int
    uid: str
    study_id: str
    accession: str
    description: str
    date: dt.date
    time: dt.time
    referring_physician: str
    institution: str
    procedure: str
    modality: str = ""
    """Of its first series."""
    procedure_code: tuple[str, str, str] | None = None
    """Value, scheme and meaning of ProcedureCodeSequence, where the procedure was generated."""
    timezone_offset: str | None = None
    """TimezoneOffsetFromUTC of its dates and times, where the site has a time zone."""
    tags: Mapping[str, Any]
    patient: PlannedPatient = field(repr=False, compare=False)
    series: Sequence[PlannedSeries] = field(repr=False, compare=False)

    @property
    def procedure_codes(self) -> list[dict[str, str]]:
        """The items of a sequence of procedure codes (PS3.3 8.8), as the images have them; none where nothing is coded."""
        if given := self.tags.get("ProcedureCodeSequence"):
            return [dict(one) for one in given]
        keywords = ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
        return (
            [dict(zip(keywords, self.procedure_code, strict=True))] if self.procedure_code else []
        )

    @property
    def request(self) -> Mapping[str, Any]:
        """What the images repeat of the order they were made from (PS3.3 table 10-9), of its first step; empty without one."""
        items = self.tags.get("RequestAttributesSequence") or [{}]
        return items[0] if isinstance(items[0], Mapping) else {}

    @property
    def requested_procedure_id(self) -> str:
        """RequestedProcedureID: the order's, else the study's own number."""
        return str(self.request.get("RequestedProcedureID") or self.study_id)

    @property
    def scheduled_step_id(self) -> str:
        """ScheduledProcedureStepID: the order's, else the study's own number."""
        return str(self.request.get("ScheduledProcedureStepID") or self.study_id)


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """Something that is wrong with images of a series on purpose."""

    name: str
    images: tuple[int, ...] | None
    """Places of those that have it, from 1, in order; None for all."""
    rules: tuple[str, ...]
    """Of the validator ``standard``; one of them has to find it."""
    also: tuple[str, ...] = ()
    """Rules that can be broken as a consequence."""

    def on(self, place: int) -> bool:
        """Whether the image at that place, from 1, has it."""
        return self.images is None or place in self.images


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesDesign:
    """What all series that one entry of a scenario asks for have in common.

    ``rows``, ``columns`` and ``image_count`` are final, never None; rows and columns are 0 for objects
    without pixels.
    """

    path: tuple[str | int, ...]
    modality: str
    """As it decides how the objects are made; ``stated_modality`` is what they say."""
    sop_class_uid: str
    transfer_syntax_uid: str
    description: str
    protocol: str = ""
    body_part: str = ""
    view: str | None = None
    image_count: int
    frames: int
    rows: int
    columns: int
    phantom: str = ""
    """A registered name, or the file of ``picture`` as the scenario has it."""
    picture: Picture | None = None
    """The user's own file that the images show."""
    burn_in: bool | tuple[str, ...] = False
    """Whether, or which attributes, are written on the images."""
    burn_in_as: Literal["pixels", "overlay"] = "pixels"
    code: Literal["qr"] | None = None
    """A machine-readable code with the UIDs, written where the text is."""
    tags: Mapping[str, Any]
    """Overrides of series, study and patient merged, nearest wins; values as the scenario has them."""
    faults: tuple[PlannedFault, ...] = ()
    """What is wrong with it on purpose."""
    color: bool = False
    """Whether its images are in colour."""
    kind: str = ""
    """Which IOD builder makes it, by its key; empty: the modality's usual one."""

    @property
    def has_pixels(self) -> bool:
        """Whether its instances are images, and not reports and the like."""
        return self.rows > 0

    @property
    def shows_nobody(self) -> bool:
        """Whether it is sure that no pixel says whose the images are: a phantom of ours, and no text on it."""
        drawn = bool(self.phantom) and self.picture is None
        return drawn and not self.burn_in and self.code is None

    @property
    def stated_modality(self) -> str:
        """Modality (0008,0060) as its objects have it."""
        return (text_of(self.tags["Modality"]) or "") if "Modality" in self.tags else self.modality


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSeries(SeriesDesign):
    """One series of a study: its entry's design, and what it alone has."""

    id: str
    seed: int
    uid: str
    number: int
    laterality: str | None = None
    frame_of_reference_uid: str
    date: dt.date
    time: dt.time
    """When the series began; not before the study's time."""
    study: PlannedStudy = field(repr=False, compare=False)
    images: Sequence[PlannedImage] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedImage:
    """One SOP instance."""

    id: str
    uid: str
    """SOPInstanceUID."""
    number: int
    """InstanceNumber, from 1 within its series unless the scenario gives others."""
    series: PlannedSeries = field(repr=False, compare=False)
    place: int | None = None
    """Position within the series, from 0, where the number does not say it."""

    @property
    def index(self) -> int:
        """Position within the series, from 0."""
        return self.number - 1 if self.place is None else self.place


@dataclass(frozen=True, slots=True)
class PatientsFrom:
    """Where an entry of a scenario has patients from who do not stand in it."""

    source: str
    called: str
    """By a report; empty where the patients were made up here, if in another run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCase:
    """A scenario with one combination of its matrix."""

    id: str
    """``xray_smoke`` or ``xray_smoke[modality=DX]``; unique within a run."""
    name: str
    matrix: Mapping[str, Any]
    """With ``row``, what the row is called, where there is a table."""
    index: int
    seed: int
    vars: Mapping[str, Any]
    row: Mapping[str, Any] | None = None
    """The cells of that row."""
    arrival: Arrival | None = None
    """When it begins, under an open load of cases."""
    patients: Sequence[PlannedPatient] = field(repr=False)
    uid_root: str | None = None
    """The site's arc for UIDs; None means ``2.25``."""
    sources: Mapping[int, PatientsFrom] = field(default_factory=dict)
    """By entry of the scenario's ``patients``, for those that name a source."""
    totals: Mapping[str, int] | None = field(default=None, repr=False, compare=False)
    """What ``counts`` answers, where it is known without looking."""

    def studies(self) -> Iterator[PlannedStudy]:
        """All studies in plan order."""
        for patient in self.patients:
            yield from patient.studies

    def series(self) -> Iterator[PlannedSeries]:
        """All series in plan order."""
        for study in self.studies():
            yield from study.series

    def images(self) -> Iterator[PlannedImage]:
        """All images in plan order, one at a time."""
        for series in self.series():
            yield from series.images

    def counts(self) -> dict[str, int]:
        """How many patients, studies, series and images there are; images are not visited."""
        if self.totals is not None:
            return dict(self.totals)
        totals = {"patients": len(self.patients), "studies": 0, "series": 0, "images": 0}
        for study in self.studies():
            totals["studies"] += 1
            totals["series"] += len(study.series)
            totals["images"] += sum(series.image_count for series in study.series)
        return totals

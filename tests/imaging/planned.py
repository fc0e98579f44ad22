"""Plans made by hand, so that this room's tests need no other room."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scenario_runner.imaging.built_in import (
    fabricate_faults,
    fabricate_iod_builders,
    fabricate_phantoms,
)
from scenario_runner.imaging.factory import InstanceFactory
from scenario_runner.planning.plan import (
    PlannedImage,
    PlannedPatient,
    PlannedSeries,
    PlannedStudy,
)

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"


class LazyImages(Sequence[PlannedImage]):
    """The images of a series, made when asked for."""

    def __init__(self, prefix: int, count: int) -> None:
        self.prefix, self.length = prefix, count
        self.series: PlannedSeries

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(self.length))]
        if not 0 <= index < self.length:
            raise IndexError(index)
        return PlannedImage(
            id=f"p1.s1.e1.i{index + 1}",
            uid=f"2.25.{self.prefix * 10**9 + 4 * 10**37 + index}",
            number=index + 1,
            series=self.series,
        )

    def __iter__(self) -> Iterator[PlannedImage]:
        return (self[index] for index in range(self.length))


def plan_series(
    modality: str = "CT",
    *,
    images: int = 3,
    size: tuple[int, int] | None = None,
    name: str = "CITIZEN^JANE",
    patient: Mapping[str, Any] | None = None,
    study: Mapping[str, Any] | None = None,
    seed: int = 7,
    number: int = 1,
    **series: Any,
) -> PlannedSeries:
    """A series of one kind of object; anything given replaces what is planned otherwise.

    modality: or the key of a kind that is made by its SOP class. Objects that refer to images have a
    CT series before them in their study.
    """
    kind = modality
    defaults = builders()[kind].defaults
    modality = defaults.modality
    before: tuple[PlannedSeries, ...] = ()
    if not defaults.has_pixels:
        size = (0, 0)
        before = (
            plan_series("CT", name=name, patient=patient, seed=seed, number=99, id="p1.s1.e0"),
        )
    planned_patient = PlannedPatient(
        **{
            "id": "p1",
            "path": ("patients", 0),
            "seed": seed,
            "patient_id": "PID000001",
            "issuer": None,
            "name": name,
            "sex": "F",
            "birth_date": dt.date(1970, 1, 31),
            "address": None,
            "phone": None,
            "locale": "en_AU",
            "character_set": None,
            "tags": {},
            "studies": (),
            **(patient or {}),
        }
    )
    planned_study = PlannedStudy(
        **{
            "id": "p1.s1",
            "path": ("patients", 0, "studies", 0),
            "seed": seed,
            "uid": f"2.25.{10**38 + seed}",
            "study_id": "1",
            "accession": "2026AB0000001",
            "description": "Study of something",
            "date": dt.date(2026, 1, 30),
            "time": dt.time(9, 30),
            "referring_physician": "DOCTOR^REFERRING",
            "institution": "General Hospital",
            "procedure": "",
            "tags": {},
            "patient": planned_patient,
            "series": before,
            **(study or {}),
        }
    )
    lazy = LazyImages(number, images)
    planned = PlannedSeries(
        **{
            "id": "p1.s1.e1",
            "path": ("patients", 0, "studies", 0, "series", 0),
            "seed": seed,
            "uid": f"2.25.{2 * 10**38 + seed * 1000 + number}",
            "number": number,
            "modality": modality,
            "sop_class_uid": defaults.sop_class_uid,
            "transfer_syntax_uid": EXPLICIT,
            "description": defaults.description,
            "protocol": defaults.protocol,
            "body_part": defaults.body_part,
            "laterality": None,
            "view": defaults.view,
            "image_count": images,
            "frames": min(defaults.frames, 3),
            "rows": (size or (defaults.rows, 0))[0],
            "columns": (size or (0, defaults.columns))[1],
            "phantom": defaults.phantom,
            "burn_in": True,
            "frame_of_reference_uid": f"2.25.{3 * 10**38 + seed}",
            "date": dt.date(2026, 1, 30),
            "time": dt.time(9, 31),
            "tags": {},
            "kind": kind if kind != modality else "",
            "study": planned_study,
            "images": lazy,
            **series,
        }
    )
    lazy.series = planned
    return planned


def builders() -> dict[str, Any]:
    """The built-in builders by the key of what they make."""
    return {builder.defaults.key: builder for builder in fabricate_iod_builders()}


def with_pixels() -> list[str]:
    """Keys of the kinds that are images."""
    return sorted(key for key, builder in builders().items() if builder.defaults.has_pixels)


def by_modality() -> list[str]:
    """Modalities whose usual object is an image."""
    return [key for key in with_pixels() if " " not in key]


def factory() -> InstanceFactory:
    """A factory with everything built in."""
    return InstanceFactory(
        builders(),
        {phantom.name: phantom for phantom in fabricate_phantoms()},
        {fault.name: fault for fault in fabricate_faults()},
    )

"""The orders that studies of a run come from, as the registry notes them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from scenario_runner.planning.tagged_fields import text_of

if TYPE_CHECKING:
    from scenario_runner.engine.services import Job
    from scenario_runner.planning.plan import PlannedStudy
    from scenario_runner.registry.orders import SeenOrder

NUMBERS: Final = {
    "placer": "PlacerOrderNumberImagingServiceRequest",
    "filler": "FillerOrderNumberImagingServiceRequest",
}
"""Where a study has its order's numbers (PS3.3 table C.4-12), the one that is noted first."""


def orders_of(jobs: Iterable[Job], run: str) -> list[SeenOrder]:
    """An order for each study that a source of patients gives with an order number.

    It goes by the placer's number; orders that share one, by the filler's, else by the accession number.
    """
    ordered = [(job, study) for job in jobs for study in _from_sources(job)]
    if not ordered:
        return []
    # Only here: a run without orders loads no database.
    from scenario_runner.registry.orders import SeenOrder

    found: dict[tuple[str, str], SeenOrder] = {}
    for _, study in ordered:
        numbers = {who: text_of(study.tags.get(key)) or "" for who, key in NUMBERS.items()}
        key = noted_by(numbers, study.accession, found)
        if key is not None:
            found[key] = SeenOrder(
                source=key[0],
                id=key[1],
                accession=study.accession,
                patient_id=study.patient.patient_id,
                run=run,
                modality=study.modality,
                date=study.date,
            )
    return list(found.values())


def noted_by(
    numbers: Mapping[str, str], accession: str, taken: Container[tuple[str, str]]
) -> tuple[str, str] | None:
    """Whose number an order is noted by, and the number; None for one without an order number.

    numbers: by who gave them, as ``NUMBERS`` has it. taken: what others that came with it go by.
    """
    given = [(who, number) for who, number in numbers.items() if number]
    if given and accession:
        given.append(("accession", accession))
    return next((one for one in given if one not in taken), None)


def _from_sources(job: Job) -> Iterator[PlannedStudy]:
    for patient in job.case.patients:
        if int(patient.path[1]) in job.case.sources:
            for study in patient.studies:
                if any(key in study.tags for key in NUMBERS.values()):
                    yield study

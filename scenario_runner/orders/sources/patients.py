"""Orders as patients of a scenario: each order is a study of its patient, ready to be planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from scenario_runner.errors import Where
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.order import Order, Said
from scenario_runner.origins import Path
from scenario_runner.planning.sources import Sourced

_PATIENT: Final = {
    "PatientID": "id",
    "IssuerOfPatientID": "issuer",
    "PatientName": "name",
    "PatientSex": "sex",
    "PatientBirthDate": "birth_date",
    "PatientAddress": "address",
    "PatientTelephoneNumbers": "phone",
}
_STUDY: Final = {
    "AccessionNumber": "accession",
    "RequestedProcedureDescription": "description",
    "StudyDescription": "description",
    "Modality": "modality",
    "ScheduledProcedureStepStartDate": "date",
    "ScheduledProcedureStepStartTime": "time",
    "StudyDate": "date",
    "StudyTime": "time",
    "ReferringPhysicianName": "referring_physician",
}
_ISSUED: Final = ("IssueDateOfImagingServiceRequest", "IssueTimeOfImagingServiceRequest")
_PATIENT_TAGS: Final = ("PatientMotherBirthName", "PatientBirthTime")
_STUDY_TAGS: Final = (
    "StudyInstanceUID", "AdmissionID", "RequestingPhysician", "PatientWeight", "PatientSize",
    "PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest",
    "OrderPlacerIdentifierSequence", "OrderFillerIdentifierSequence",
    "MedicalAlerts", "PatientState", "PregnancyStatus", "Allergies", "TimezoneOffsetFromUTC",
    "NameOfPhysiciansReadingStudy", "InstitutionalDepartmentName",
)  # fmt: skip
_REQUEST: Final = (
    "RequestedProcedureID", "RequestedProcedureDescription", "RequestedProcedureCodeSequence",
    "ReasonForTheRequestedProcedure", "ReasonForRequestedProcedureCodeSequence",
    "ScheduledProcedureStepID", "ScheduledProcedureStepDescription",
    "ScheduledProtocolCodeSequence",
)  # fmt: skip
"""What an image repeats of its request (PS3.3 table 10-9)."""
_EITHER_ID: Final = ("RequestedProcedureID", "ScheduledProcedureStepID")
"""Each has to be there when the procedure was scheduled (type 1C)."""
_NEVER_EMPTY: Final = ("modality", "issuer")
NOT_DONE: Final = ("cancelled", "discontinued", "held")


@dataclass(frozen=True, slots=True)
class Places:
    """The origins of a patient that comes from orders. top: where nothing nearer is known."""

    top: Where
    known: Mapping[Path, Where]

    def where(self, path: Path, *, key: bool = False) -> Where:
        """The place of the nearest value that was said."""
        del key  # a field is both
        for end in range(len(path), 0, -1):
            if (found := self.known.get(path[:end])) is not None:
                return found
        return self.top


def performed(orders: Iterable[Order]) -> list[Order]:
    """Those that a modality would perform: neither cancelled nor held."""
    return [order for order in orders if order.status not in NOT_DONE]


def patients(orders: Iterable[Order], *, modality: str | None = None) -> Iterator[Sourced]:
    """A patient for each identifier and issuer, with a study for each order, in order of appearance.

    Of what orders of one patient say differently the last one counts, as a RIS takes it. modality: of
    orders that name none.
    """
    grouped: dict[tuple[str, str, int], list[Order]] = {}
    for number, order in enumerate(orders):
        identifier = order.text("PatientID")
        # One without an identifier is nobody's second order.
        key = (identifier, order.text("IssuerOfPatientID"), 0 if identifier else number + 1)
        grouped.setdefault(key, []).append(order)
    for ordered in grouped.values():
        yield _patient(ordered, modality)


def _patient(orders: Sequence[Order], modality: str | None) -> Sourced:
    tree: dict[str, Any] = {}
    tags: dict[str, Any] = {}
    known: dict[Path, Where] = {}
    for order in orders:
        _say(order, _PATIENT, (), tree, tags, known)
        _tag(order, _PATIENT_TAGS, (), tags, known)
        if order.other_ids:
            tags["OtherPatientIDsSequence"] = [
                {"PatientID": one.id, "IssuerOfPatientID": one.issuer, "TypeOfPatientID": "TEXT"}
                for one in order.other_ids
            ]
            known["tags", "OtherPatientIDsSequence"] = order.other_ids[0].where
    tree["studies"] = [
        _study(order, ("studies", number), known, modality) for number, order in enumerate(orders)
    ]
    if tags:
        tree["tags"] = tags
    return Sourced(tree, Places(orders[0].where, known))


def _study(
    order: Order, at: Path, known: dict[Path, Where], modality: str | None
) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    tags: dict[str, Any] = {}
    known[at] = order.where
    _say(order, _STUDY, at, tree, tags, known)
    _tag(order, _STUDY_TAGS, at, tags, known)
    if "date" not in tree and "StudyDate" not in tags:
        for key, said in _when_issued(order).items():
            tree[key] = said.text
            known[*at, key] = said.where
    if not tree.get("modality") and modality:
        tree["modality"] = modality
    if (unsaid := order.where_unsaid("Modality")) is not None:
        known[*at, "modality"] = unsaid
    if (procedure := order.said.get("RequestedProcedureCodeSequence")) is not None:
        tags["ProcedureCodeSequence"] = procedure.value
        known[*at, "tags", "ProcedureCodeSequence"] = procedure.where
    request = _of_request(order.said)
    if request:
        for keyword in _EITHER_ID:
            request.setdefault(keyword, "1")
        further = [_of_request(step) for step in order.steps]
        tags["RequestAttributesSequence"] = [request, *({**request, **one} for one in further)]
        place: Path = (*at, "tags", "RequestAttributesSequence")
        known[place] = order.where
        known |= {(*place, 0, one): order.said[one].where for one in _REQUEST if one in order.said}
    if order.series:
        tree["series"] = [dict(one) for one in order.series]
        known |= {(*at, "series", *path): where for path, where in order.places.items()}
    if tags:
        tree["tags"] = tags
    return tree


def _when_issued(order: Order) -> Mapping[str, Said]:
    """Day and time of what nobody schedules: those of its order, for nothing is done before."""
    day, time = map(order.said.get, _ISSUED)
    if day is None or not day.text or day.text < order.text("PatientBirthDate"):
        return {}
    # A time of another field may be that of another day.
    return {"date": day, "time": time} if time and time.place == day.place else {"date": day}


def _of_request(given: Mapping[str, Said]) -> dict[str, Any]:
    """What an image repeats of one scheduled step and its request."""
    return {
        keyword: said.value
        for keyword in _REQUEST
        if (said := given.get(keyword)) is not None and (said.text or said.items)
    }


def _say(
    order: Order,
    keys: Mapping[str, str],
    at: Path,
    tree: dict[str, Any],
    tags: dict[str, Any],
    known: dict[Path, Where],
) -> None:
    """Put what an order says under the keys of a scenario.

    What it clears, and text that a scenario would take for an identifier pattern, goes into tags.
    """
    for keyword, key in keys.items():
        said = order.said.get(keyword)
        if said is None:
            continue
        as_tag = not said.text or (key in ("id", "accession") and "{" in said.text)
        if not said.text and (key in _NEVER_EMPTY or keyword.startswith("Scheduled")):
            continue
        if as_tag:
            tags[keyword] = said.text or None
            known[*at, "tags", keyword] = said.where
            if keyword in ("PatientBirthDate", "StudyDate"):
                tags["PatientAge"] = None  # it would be that of a day which nobody knows
        else:
            tree[key] = said.text
            known[*at, key] = said.where


def _tag(
    order: Order,
    keywords: Iterable[str],
    at: Path,
    tags: dict[str, Any],
    known: dict[Path, Where],
) -> None:
    for keyword in keywords:
        said = order.said.get(keyword)
        if said is not None and (said.text or said.items):
            tags[keyword] = said.value
            known[*at, "tags", keyword] = said.where

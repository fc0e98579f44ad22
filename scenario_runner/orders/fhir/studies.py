"""ImagingStudy resources as orders that were performed, by the mapping table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from scenario_runner.errors import InvalidInput
from scenario_runner.orders.fhir import identifiers, logical, mapping, started
from scenario_runner.orders.fhir.documents import Resource, listed, name_of
from scenario_runner.orders.fhir.elements import elements
from scenario_runner.orders.fhir.study_reader import Collected, Reader
from scenario_runner.orders.fhir.study_series import says_none, series_of
from scenario_runner.orders.order import Identifier, Order, Said, Status
from scenario_runner.planning.identity import derive_uid

_STATUS: Final[Mapping[str, Status]] = {
    "registered": "new", "available": "completed", "inactive": "completed", "unknown": "completed",
    "cancelled": "cancelled", "entered-in-error": "cancelled",
}  # fmt: skip
_ONLY_R5: Final = ("modality[0].coding", "procedure", "series[0].modality.coding", "series[0].bodySite.concept")  # fmt: skip
_ONLY_R4: Final = ("modality[0].code", "procedureCode", "reasonCode", "series[0].modality.code", "series[0].bodySite.coding")  # fmt: skip
"""Elements that tell one release from the other (ImagingStudy, R4 and R5)."""


def orders(
    collected: Collected, table: mapping.Table | None = None
) -> Iterator[Order | InvalidInput]:
    """An order for each study, or what is wrong with it. table: the site's mapping."""
    for study in collected.studies:
        reader = Reader(study, collected, table or mapping.standard())
        try:
            order = _order(reader)
        except RecursionError:
            reader.told("", "it is nested too deeply")
        yield InvalidInput(reader.wrong) if reader.wrong else order


def study_values(
    collected: Collected, table: mapping.Table
) -> Iterator[Mapping[str, Said] | InvalidInput]:
    """What each study, its patient and its orders say, without series and without what stands for anything."""
    for study in collected.studies:
        reader = Reader(study, collected, table)
        said = _said(reader, _patient(reader))
        yield InvalidInput(reader.wrong) if reader.wrong else said


def _said(reader: Reader, patient: Resource | None) -> dict[str, Said]:
    """What is said of the study as a whole."""
    study = reader.study
    said = started.settled(reader, reader.said(study, "ImagingStudy"))
    for reference, what in _referred(reader):
        found = _found(reader, reference, what)
        if found is not None:
            said = {**reader.said(found, what, _name(reference, what)), **said}
    if patient:
        said |= reader.said(patient, "Patient", _name_of_subject(study))
    for attribute, lines in reader.table.first.items():
        given = (_ruled(reader, line, patient) for line in lines)
        first = next((one for one in given if one is not None), None)
        if first is not None:
            said[attribute] = first
    return said


def _ruled(reader: Reader, line: mapping.Line, patient: Resource | None) -> Said | None:
    """What the element that a site names says, in whichever resource has it first."""
    of_kind: list[tuple[Mapping[str, Any], str]] = []
    if line.of == "ImagingStudy":
        of_kind = [(reader.study, "")]
    elif line.of == "Patient":
        of_kind = [(patient, _name_of_subject(reader.study))] if patient else []
    else:
        for reference, what in _referred(reader):
            found = _found(reader, reference, line.of) if what == line.of else None
            of_kind += [(found, _name(reference, line.of))] if found is not None else []
    said = (reader.one(resource, line, line.paths[0], before) for resource, before in of_kind)
    return next((one for one in said if one is not None), None)


def _order(reader: Reader) -> Order:
    study = reader.study
    name = name_of(study)
    if study.get("resourceType") != "ImagingStudy":
        reader.told("", "this is no ImagingStudy", "search for ImagingStudy")
    _require_release(reader)
    patient = _patient(reader)
    said = _said(reader, patient)
    if "StudyInstanceUID" not in said:
        made = derive_uid(None, "fhir", str(study.get("id") or study))
        reader.remarks.append(f"{name} has no identifier with a UID; {made} stands for it")
        said["StudyInstanceUID"] = Said(made, reader.where("identifier"))
    series, places = series_of(reader)
    status = _STATUS.get(str(study.get("status")), "completed")
    if status == "cancelled":
        reader.remarks.append(f"{name} is {study.get('status')}: not made")
    elif not series and (listed(study.get("series")) or says_none(study)):
        reader.remarks.append(f"{name} has no images by what it counts: not made")
        status = "cancelled"
    return Order(
        name=name,
        place=reader.where(""),
        status=status,
        said=said,
        other_ids=_other_ids(reader, patient or {}, said),
        series=series,
        places=places,
        remarks=reader.remarks,
    )


def _require_release(reader: Reader) -> None:
    """Tell of an element that the release of the server does not have."""
    release = reader.collected.release
    for path in _ONLY_R4 if release == "R5" else _ONLY_R5:
        plain = path.replace("[0]", "")
        found = next(elements(reader.study, plain), None)
        if found is not None:
            other = "R4" if release == "R5" else "R5"
            reader.told(
                found[1],
                f"this is an element of {other}, and the server speaks {release}",
                f"give the 'fhir' service 'version: {other}' if all of its resources are like that",
            )
            return


def _referred(reader: Reader) -> Iterator[tuple[Mapping[str, Any], mapping.Of]]:
    """What else says something of the study: its orders; its visit, else that of an order. What comes first counts."""
    study = reader.study
    requests = [one for one in reversed(listed(study.get("basedOn"))) if isinstance(one, dict)]
    for one in requests:
        yield one, "ServiceRequest"
    if isinstance(study.get("encounter"), dict):
        yield study["encounter"], "Encounter"
        return  # what this one does not say is not to be said of another visit
    for one in requests:
        visit = (_found(reader, one, "ServiceRequest") or {}).get("encounter")
        # What an order contains (#…) is looked for in the study, where it may be somebody else's.
        if isinstance(visit, dict) and not str(visit.get("reference")).startswith("#"):
            yield visit, "Encounter"


def _found(reader: Reader, reference: Mapping[str, Any], what: mapping.Of) -> Resource | None:
    """What is referred to, where it is of that type: a study may be based on a Task or an Appointment, too."""
    found = _resolved(reader, reference, what)
    return found if found is not None and found.get("resourceType") == what else None


def _resolved(reader: Reader, reference: Mapping[str, Any], what: mapping.Of) -> Resource | None:
    """What is referred to; where the server knows nobody by an identifier, what the reference itself says."""
    question = logical.question(reference, what)
    if question is None:
        return reader.resolve(reference)
    return reader.collected.beside.get(question) or logical.standing_for(reference, what)


def _name_of_subject(study: Resource) -> str:
    subject = study.get("subject")
    return _name(subject, "Patient") if isinstance(subject, dict) else "subject"


def _name(reference: Mapping[str, Any], what: mapping.Of) -> str:
    """What a resource is called in a place: ``Patient/123``, or ``Patient/?`` of one that has no address."""
    return str(reference.get("reference") or f"{what}/?")


def _patient(reader: Reader) -> Resource | None:
    subject = reader.study.get("subject")
    if not isinstance(subject, dict) or not (
        isinstance(subject.get("reference"), str) or logical.question(subject, "Patient")
    ):
        reader.told(
            "subject",
            "nobody is named whose study it is",
            "subject.reference or subject.identifier is a Patient",
        )
        return None
    found = _resolved(reader, subject, "Patient")
    if found is None or found.get("resourceType") != "Patient":
        what = (
            "the server does not have it" if found is None else f"it is a {found['resourceType']}"
        )
        key = "reference" if isinstance(subject.get("reference"), str) else "identifier.value"
        named = next(elements(subject, key))[0]
        reader.told(f"subject.{key}", f"'{named}' is no patient: {what}")
        return None
    if "id" not in found and not str(subject.get("reference")).startswith("#"):
        reader.remarks.append(
            f"{name_of(reader.study)}, subject: the server has no one patient of that identifier, "
            "so the reference is all that is known"
        )
    return found


def _other_ids(
    reader: Reader, patient: Mapping[str, Any], said: Mapping[str, Said]
) -> list[Identifier]:
    given = listed(patient.get("identifier"))
    own = said["PatientID"].text if "PatientID" in said else ""
    main = None if "PatientID" in reader.table.first else identifiers.main_identifier(given)
    found: list[Identifier] = []
    for number, one in enumerate(given):
        if not isinstance(one, dict) or one is main or one.get("use") == "old":
            continue
        identifier = identifiers.patient_id([one], reader.reading)
        if identifier and (main is not None or identifier != own):
            issuer = identifiers.issuer([one], reader.reading) or ""
            where = reader.where(f"{name_of(patient)}, identifier[{number}]")
            found.append(Identifier(identifier[:64], issuer, identifiers.kind_of(one), where))
    return found

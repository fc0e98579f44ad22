"""Resources of a plan: Patient, ServiceRequest, ImagingStudy and Endpoint, in the shape of each release."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.dicom.body_parts import BODY_PARTS
from scenario_runner.dicom.forms import uid_fault
from scenario_runner.dicom.times import iso_time
from scenario_runner.orders.fhir.names import REPRESENTATION

if TYPE_CHECKING:
    from scenario_runner.planning.plan import (
        PlannedPatient,
        PlannedSeries,
        PlannedStudy,
    )

Resource = dict[str, Any]
_DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_SCT: Final = "http://snomed.info/sct"
_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
_CONNECTION: Final = "http://terminology.hl7.org/CodeSystem/endpoint-connection-type"
_SEX: Final = {"M": "male", "F": "female", "O": "other"}
_SIDES: Final = {
    "L": ("7771000", "Left"),
    "R": ("24028007", "Right"),
    "B": ("51440002", "Bilateral"),
}
_CODED: Final = frozenset(("modality", "bodySite", "laterality"))
_REPRESENTATIONS: Final = ("ABC", "IDE", "SYL")


def patient(planned: PlannedPatient) -> Resource:
    """A Patient with its identifier, name by its groups, sex and birth date."""
    made: Resource = {
        "resourceType": "Patient",
        "identifier": [
            _identifier("MR", planned.patient_id, **_system(planned.issuer)),
        ],
        "name": _names(planned.name),
        "birthDate": planned.birth_date.isoformat(),
        "gender": _SEX.get(planned.sex, "unknown"),
    }
    if planned.phone:
        made["telecom"] = [{"system": "phone", "value": planned.phone}]
    if planned.address:
        made["address"] = [{"text": planned.address}]
    return made


def service_request(study: PlannedStudy, release: str, subject: str) -> Resource:
    """The order of a study, as its placer would have it. subject: a reference to the patient."""
    code = {"text": study.description or study.modality}
    return {
        "resourceType": "ServiceRequest",
        "identifier": [_identifier("ACSN", study.accession)],
        "status": "active",
        "intent": "order",
        "code": {"concept": code} if release == "R5" else code,
        "subject": {"reference": subject},
        "authoredOn": _moment(study.date, study.time, study.timezone_offset),
    }


def imaging_study(
    study: PlannedStudy,
    release: str,
    subject: str,
    kept: Collection[str] | None,
    *,
    endpoint: str | None = None,
) -> Resource:
    """A study with every series and instance. kept: only these SOP instances; None for all of the plan."""
    every = (_series(one, release, kept) for one in study.series)
    series = [one for one in every if one["numberOfInstances"]]
    modalities = dict.fromkeys(one.stated_modality for one in study.series)
    made: Resource = {
        "resourceType": "ImagingStudy",
        "identifier": [
            {"system": "urn:dicom:uid", "value": f"urn:oid:{study.uid}"},
            *([_identifier("ACSN", study.accession)] if study.accession else []),
        ],
        "status": "available" if series else "registered",
        "modality": [_coded(_DCM, one, None, release) for one in modalities],
        "subject": {"reference": subject},
        "started": _moment(study.date, study.time, study.timezone_offset),
        "numberOfSeries": len(series),
        "numberOfInstances": sum(one["numberOfInstances"] for one in series),
        "series": series,
    }
    if study.description:
        made["description"] = study.description
    if endpoint is not None:
        made["endpoint"] = [{"reference": endpoint}]
    return made


def _series(series: PlannedSeries, release: str, kept: Collection[str] | None) -> Resource:
    images = [image for image in series.images if kept is None or image.uid in kept]
    made: Resource = {
        "uid": series.uid,
        "number": series.number,
        "modality": _coded(_DCM, series.stated_modality, None, release),
        "numberOfInstances": len(images),
        "instance": [
            {
                "uid": image.uid,
                "sopClass": {
                    "system": "urn:ietf:rfc:3986",
                    "code": f"urn:oid:{series.sop_class_uid}",
                },
                "number": image.number,
            }
            for image in images
        ],
    }
    if series.description:
        made["description"] = series.description
    part = BODY_PARTS.get(series.body_part)
    if part is not None:
        site = _coded(_SCT, part.code, part.meaning, release)
        made["bodySite"] = {"concept": site} if release == "R5" else site
    if series.laterality in _SIDES:
        made["laterality"] = _coded(_SCT, *_SIDES[series.laterality], release)
    return made


def endpoint(url: str, release: str) -> Resource:
    """The root of a DICOMweb service, for WADO-RS."""
    kind = {"system": _CONNECTION, "code": "dicom-wado-rs"}
    made: Resource = {
        "resourceType": "Endpoint",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": url}],
        "status": "active",
        "connectionType": [{"coding": [kind]}] if release == "R5" else kind,
        "address": url,
    }
    if release != "R5":
        made["payloadType"] = [{"text": "DICOM"}]
    return made


def token(resource: Mapping[str, Any]) -> str:
    """The search for the resource's first identifier."""
    first = resource["identifier"][0]
    system = first.get("system")
    return f"{system}|{first['value']}" if system else str(first["value"])


def is_unnamed(study: Mapping[str, Any], series: str) -> bool:
    """Whether a study lists this series, and has no identifier that is a UID of DICOM."""
    given = study.get("identifier")
    named = (
        str(one.get("value")).removeprefix("urn:oid:")
        for one in (given if isinstance(given, list) else [])
        if isinstance(one, dict) and one.get("system") in ("urn:dicom:uid", "urn:ietf:rfc:3986")
    )
    listed = study.get("series")
    there = [
        one.get("uid")
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict)
    ]
    return all(map(uid_fault, named)) and series in {
        str(uid).removeprefix("urn:oid:") for uid in there
    }


def merged(before: Mapping[str, Any], now: Mapping[str, Any]) -> Resource:
    """What is there with what is known better now; who it is of, and what else it says, stays.

    An identifier and an endpoint are added to those that are there.
    """
    stays = {"subject", "started"} & before.keys()
    both = _over(before, {key: value for key, value in now.items() if key not in stays})
    if isinstance(before.get("series"), list):
        both["series"] = _parts(before["series"], now.get("series", []))
    if isinstance(before.get("modality"), list) and isinstance(now.get("modality"), list):
        both["modality"] = [_as_coded_before(before["modality"], one) for one in now["modality"]]
    for key in ("identifier", "endpoint"):
        old = before.get(key)
        there = old if isinstance(old, list) else []
        added = [one for one in now.get(key, []) if not any(_same(one, each) for each in there)]
        if there or added:
            both[key] = [*there, *added]
    return both


def _over(before: Mapping[str, Any], now: Mapping[str, Any]) -> Resource:
    """What is known now over what is there; what ``_birthDate`` says of a value that is no more goes (R4 2.6.2.3)."""
    stale = {f"_{key}" for key, value in now.items() if before.get(key) != value}
    return {**{key: value for key, value in before.items() if key not in stale}, **now}


def _parts(before: Any, now: Any) -> list[Resource]:
    """Series, or the instances of one, as they are now; what else was said of one, by its UID, stays."""
    there = before if isinstance(before, list) else []
    known = {
        str(one.get("uid")).removeprefix("urn:oid:"): one for one in there if isinstance(one, dict)
    }
    made = []
    for one in now:
        old = known.get(one["uid"], {})
        both = _over(old, one)
        for key in _CODED & old.keys() & one.keys():
            both[key] = _as_coded_before([old[key]], one[key])
        if "instance" in one:
            both["instance"] = _parts(old.get("instance"), one["instance"])
        made.append(both)
    return made


def _as_coded_before(before: Any, now: Resource) -> Resource:
    """A code as it was written, where it means the same now; a reference beside it stays."""
    for one in before:
        if isinstance(one, dict) and _codes(now) <= _codes(one):
            return one
    first = before[0] if before and isinstance(before[0], dict) else {}
    return (
        {**now, "reference": first["reference"]}
        if isinstance(first.get("reference"), dict)
        else now
    )


def _codes(value: Any) -> set[tuple[str, str]]:
    """Systems and codes of a Coding, a CodeableConcept or a CodeableReference."""
    concept = value.get("concept", value)
    codings = concept.get("coding", [concept]) if isinstance(concept, dict) else []
    return {
        (str(one.get("system")), str(one.get("code"))) for one in codings if isinstance(one, dict)
    }


def _same(one: Mapping[str, Any], other: Any) -> bool:
    keys = ("reference", "value")
    return isinstance(other, dict) and any(
        key in one and one[key] == other.get(key) for key in keys
    )


def _identifier(kind: str, value: str, **more: str) -> Resource:
    return {"type": {"coding": [{"system": _TYPES, "code": kind}]}, "value": value, **more}


def _system(issuer: str | None) -> dict[str, Any]:
    if not issuer:
        return {}
    if issuer.replace(".", "").isdigit():
        return {"system": f"urn:oid:{issuer}"}
    return {"system": issuer} if ":" in issuer else {"assigner": {"display": issuer}}


def _names(name: str) -> list[Resource]:
    """A name for each component group; the first of several says which it is, too."""
    groups = [
        (kind, text)
        for kind, text in zip(_REPRESENTATIONS, name.split("="), strict=False)
        if text.strip("^ ")
    ]
    made = []
    for kind, text in groups:
        family, given, middle, prefix, suffix = (*text.split("^"), *[""] * 5)[:5]
        one: Resource = {"use": "official"}
        if kind != "ABC" or len(groups) > 1:
            one["extension"] = [{"url": REPRESENTATION, "valueCode": kind}]
        if family:
            one["family"] = family
        for key, words in (("given", [given, middle]), ("prefix", [prefix]), ("suffix", [suffix])):
            if kept := [word for word in words if word]:
                one[key] = kept
        made.append(one)
    return made


def _coded(system: str, code: str, display: str | None, release: str) -> Resource:
    """Coding in R4, CodeableConcept in R5."""
    coding = {"system": system, "code": code, **({"display": display} if display else {})}
    return {"coding": [coding]} if release == "R5" else coding


def _moment(day: dt.date, time: dt.time, offset: str | None) -> str:
    """A dateTime; without a time zone only a date may stand (FHIR dateTime)."""
    if offset is None:
        return day.isoformat()
    return f"{day.isoformat()}T{iso_time(time)}{offset[:3]}:{offset[3:]}"

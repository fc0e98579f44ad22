"""Imaging studies as FHIR servers hold them, in the shape of R4 or of R5; nobody in them exists."""

from __future__ import annotations

from typing import Any

CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
    "MG": "1.2.840.10008.5.1.4.1.1.1.2",
}
_BODY = {
    "CT": ("816094009", "Chest"), "MR": ("12738006", "Brain"), "DX": ("56459004", "Foot"),
    "CR": ("816094009", "Chest"), "US": ("818981001", "Abdomen"), "MG": ("76752008", "Breast"),
}  # fmt: skip
_SNOMED = "http://snomed.info/sct"
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"


def typed(kind: str, value: str, **more: Any) -> dict[str, Any]:
    """An identifier of a type of HL7 table 0203."""
    return {"type": {"coding": [{"system": _V2_0203, "code": kind}]}, "value": value, **more}


def patient(number: int, **more: Any) -> dict[str, Any]:
    """``Patient/p1`` and so on."""
    return {
        "resourceType": "Patient",
        "id": f"p{number}",
        "identifier": [
            {"system": "urn:oid:1.2.36.1", "value": f"X{number}"},
            typed("MR", f"MRN{number:04}", system="urn:oid:1.2.36.146", use="usual"),
        ],
        "name": [
            {"use": "maiden", "family": "Before"},
            {"use": "official", "family": f"Test{number}", "given": ["Anna", "Maria"]},
        ],
        "gender": ("female", "male", "other")[number % 3],
        "birthDate": f"19{50 + number}-03-0{1 + number % 9}",
        **more,
    }


def uid_of(number: int, *below: int) -> str:
    """A UID of the samples."""
    return ".".join(map(str, ("1.2.826.0.1.3680043.8.498", 7, number, *below)))


def study(number: int, modality: str, release: str = "R4", **more: Any) -> dict[str, Any]:
    """``ImagingStudy/s1`` and so on: two series, with two and one instances."""
    newer = release == "R5"
    code, meaning = _BODY[modality]
    site = {"system": _SNOMED, "code": code, "display": meaning}
    kind = {"system": _DCM, "code": modality}
    series = [
        {
            "uid": uid_of(number, place),
            "number": place * 10,
            "modality": {"coding": [kind]} if newer else kind,
            "description": f"Series {place}",
            "numberOfInstances": 3 - place,
            "bodySite": {"concept": {"coding": [site]}} if newer else site,
            "started": f"2026-02-0{1 + number % 9}T10:{10 + place}:30+02:00",
            "instance": [
                {
                    "uid": uid_of(number, place, one),
                    "number": one + 4,
                    "sopClass": {
                        "system": "urn:ietf:rfc:3986",
                        "code": f"urn:oid:{CLASSES[modality]}",
                    },
                }
                for one in range(1, 4 - place)
            ],
        }
        for place in (1, 2)
    ]
    if modality in ("DX", "MG"):
        left = {"system": _SNOMED, "code": "7771000", "display": "Left"}
        for one in series:
            one["laterality"] = {"coding": [left]} if newer else left
    return {
        "resourceType": "ImagingStudy",
        "id": f"s{number}",
        "identifier": [
            {"system": "urn:dicom:uid", "value": f"urn:oid:{uid_of(number)}"},
            typed("ACSN", f"ACC{number:05}"),
        ],
        "status": "available",
        "modality": [{"coding": [kind]} if newer else kind],
        "subject": {"reference": f"Patient/p{1 + (number - 1) % 20}"},
        "started": f"2026-02-0{1 + number % 9}T10:10:15+02:00",
        "basedOn": [{"reference": f"ServiceRequest/r{number}"}],
        "description": f"{modality} of the {meaning.lower()}",
        "numberOfSeries": 2,
        "numberOfInstances": 3,
        "series": series,
        **more,
    }


def request(number: int, release: str = "R4") -> dict[str, Any]:
    """``ServiceRequest/r1`` and so on."""
    coded = {
        "coding": [{"system": _SNOMED, "code": "77477000", "display": "Computed tomography"}],
        "text": "As ordered",
    }
    return {
        "resourceType": "ServiceRequest",
        "id": f"r{number}",
        "identifier": [
            typed("PLAC", f"P{number}", system="urn:oid:1.2.36.7"),
            typed("FILL", f"F{number}", system="http://ris/orders", assigner={"display": "RIS"}),
        ],
        "status": "active",
        "intent": "order",
        "priority": "stat",
        "subject": {"reference": f"Patient/p{1 + (number - 1) % 20}"},
        "code": {"concept": coded} if release == "R5" else coded,
        "requester": {"reference": "Practitioner/d1"},
        "authoredOn": "2026-02-01T08:00:00Z",
    }


KNEE: dict[str, Any] = {
    "resourceType": "BodyStructure",
    "includedStructure": [{
        "structure": {"coding": [{"system": "http://snomed.info/sct", "code": "72696002"}]},
        "laterality": {"coding": [{"system": "http://snomed.info/sct", "code": "24028007"}]},
    }],
}  # fmt: skip
PAIN: dict[str, Any] = {
    "resourceType": "Condition",
    "code": {
        "coding": [
            {"system": "http://snomed.info/sct", "code": "30989003", "display": "Knee pain"}
        ],
        "text": "Pain in the knee",
    },
}
PRACTITIONER = {
    "resourceType": "Practitioner",
    "id": "d1",
    "name": [{"family": "Referrer", "given": ["Rita"], "prefix": ["Dr."]}],
}


def everything(count: int, release: str = "R4") -> list[dict[str, Any]]:
    """So many studies of all modalities, their orders, twenty patients and who ordered.

    The first six are of a modality each; the others are of those whose images are small.
    """
    kinds, small = list(CLASSES), ("CT", "MR", "US")
    numbers = range(1, count + 1)
    modalities = [
        kinds[number % len(kinds)] if number <= len(kinds) else small[number % len(small)]
        for number in numbers
    ]
    return [
        *(patient(number) for number in range(1, 21)),
        PRACTITIONER,
        *(request(number, release) for number in numbers),
        *(study(*one, release) for one in zip(numbers, modalities, strict=True)),
    ]

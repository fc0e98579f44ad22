"""Values of FHIR's data types as DICOM has them, one reader for each word of the mapping table."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from scenario_runner.dicom import forms
from scenario_runner.dicom.body_parts import BODY_PARTS
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.fhir.names import person_name
from scenario_runner.orders.unusable import Unusable
from scenario_runner.planning.identity import derive_uid

_MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)
_FARTHEST = 14
"""Hours from UTC that a clock is."""
_SEX = {"male": "M", "female": "F", "other": "O", "unknown": ""}
_PRIORITY = {"routine": "ROUTINE", "urgent": "HIGH", "asap": "HIGH", "stat": "STAT"}
_SIDES = {
    "L": "L", "R": "R", "B": "B", "U": "U", "LEFT": "L", "RIGHT": "R", "BILATERAL": "B", "BOTH": "B",
    "UNILATERAL": "U",
    "7771000": "L", "24028007": "R", "51440002": "B", "66459002": "U", "419161000": "L",
    "419465000": "R",
}  # fmt: skip
"""PS3.16 CID 244, the codes that FHIR's value set adds, and plain words."""
_SCHEMES = {
    "http://snomed.info/sct": "SCT", "http://loinc.org": "LN", "http://radlex.org": "RADLEX",
    "http://www.radlex.org": "RADLEX", "http://dicom.nema.org/resources/ontology/DCM": "DCM",
    "http://hl7.org/fhir/sid/icd-10": "I10", "http://hl7.org/fhir/sid/icd-10-cm": "I10C",
    "http://hl7.org/fhir/sid/icd-9-cm": "I9C", "http://www.ama-assn.org/go/cpt": "C4",
    "http://unitsofmeasure.org": "UCUM",
}  # fmt: skip
"""PS3.16 table 8-1: designators of the schemes that FHIR names by address."""
_SECOND_TERMS = frozenset(("ARM", "GLUTEAL", "SUPRAPUBIC"))
"""Terms of Body Part Examined whose code has another, which is closer to what the code means."""
_BODY_CODES = {part.code: term for term, part in BODY_PARTS.items() if term not in _SECOND_TERMS}
_OLDER_CODES = {
    "51185008": "CHEST", "302551006": "CHEST", "113345001": "ABDOMEN", "12921003": "PELVIS",
}  # fmt: skip
"""SNOMED CT codes that feeds and samples hold for the same regions."""
_BODY_WORDS = {part.meaning.upper(): term for term, part in BODY_PARTS.items()}
_LONGEST_TEXT, _LONGEST_PHONE, _LONGEST_CODE, _LONGEST_UID = 64, 16, 16, 64


@dataclass(slots=True)
class Reading:
    """What readers need besides the value. resolve: a resource by its Reference.

    remarks: what was taken though it is unusual, each with its place once it is known.
    """

    resolve: Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
    remarks: list[str] = field(default_factory=list)


Reader = Callable[[Any, Reading], Any]
"""Gives text, a list of items for a sequence, "" for what is said to be unknown, or None for nothing."""


def text(value: Any, reading: Reading) -> str | None:
    """Text, or a number as it is written, on one line."""
    del reading
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    line = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return " ".join(line.split()) or None


def short_text(value: Any, reading: Reading) -> str | None:
    """Text as a description of at most 64 characters; a backslash would divide it."""
    found = text(value, reading)
    if found is None:
        return None
    found = found.replace("\\", "/")
    if len(found) > _LONGEST_TEXT:
        reading.remarks.append(f"{len(found)} characters, of which {_LONGEST_TEXT} are kept")
    return found[:_LONGEST_TEXT].rstrip()


def reason(value: Any, reading: Reading) -> str | None:
    """Text, or what a Reference names: the text or the first display of its code, else the reference's own."""
    if not isinstance(value, Mapping):
        return short_text(value, reading)
    concept = _concept(value, reading)
    codings = concept.get("coding")
    first = codings[0] if isinstance(codings, list) and codings else None
    display = first.get("display") if isinstance(first, Mapping) else None
    return short_text(concept.get("text") or display or value.get("display"), reading)


def _concept(value: Mapping[str, Any], reading: Reading, *path: str) -> Mapping[str, Any]:
    """The CodeableConcept of what a Reference names, as of a Condition; a value that is no Reference is one itself.

    path: where that has it, ``code`` by default.
    """
    if not isinstance(value.get("reference"), str):
        return value if "coding" in value or "text" in value else {}
    found: Any = reading.resolve(value)
    for key in path or ("code",):
        found = found.get(key) if isinstance(found, Mapping) else None
        found = found[0] if isinstance(found, list) and found else found
    return found if isinstance(found, Mapping) else {}


def number(value: Any, reading: Reading) -> str | None:
    """An unsignedInt."""
    del reading
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise Unusable(f"'{value}' is no number from 0", "FHIR's type is unsignedInt")
    return str(value)


def _moment(value: Any) -> tuple[str, ...]:
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Unusable(f"'{value}' is no date or dateTime", "2026-01-31T08:30:00+01:00")
    return tuple(part or "" for part in match.groups())


def date(value: Any, reading: Reading) -> str | None:
    """The day. Raises Unusable for a year or a month alone, which DA cannot hold (PS3.5 6.2)."""
    del reading
    parts = _moment(value)
    if not parts[2]:
        known = "the month" if parts[1] else "the year"
        raise Unusable(
            f"'{value}' is known to {known} only, and a DICOM date is a day", left_out=True
        )
    if not forms.is_date("".join(parts[:3])):
        raise Unusable(f"'{value}' is no day of the calendar")
    return "".join(parts[:3])


def time(value: Any, reading: Reading) -> str | None:
    """The time of day, as precise as it is and in its own time zone; None for a day alone."""
    del reading
    parts = _moment(value)
    if not parts[3]:
        return None
    if parts[3] > "23" or parts[4] > "59" or parts[5] > "60":
        raise Unusable(f"'{value}' is no time of day")
    return "".join(parts[3:6]) + (f".{parts[6][:6]}" if parts[6] else "")


def offset(value: Any, reading: Reading) -> str | None:
    """Of local time from UTC: +0100."""
    del reading
    zone = _moment(value)[7]
    if not zone:
        return None
    return "+0000" if zone in ("Z", "-00:00") else zone.replace(":", "")


def zone_of(value: Any) -> dt.tzinfo | None:
    """The offset from UTC that a dateTime gives; None where it gives none, or is none."""
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None or not match[8]:
        return None
    if match[8] == "Z":
        return dt.UTC
    hours, minutes = int(match[8][1:3]), int(match[8][4:])
    if hours > _FARTHEST or minutes > 59:
        return None
    away = dt.timedelta(hours=hours, minutes=minutes)
    return dt.timezone(-away if match[8][0] == "-" else away)


def at_zone(value: Any, zone: dt.tzinfo | None) -> Any:
    """A dateTime as clocks of that zone had it; what says no time or no offset stays as it is."""
    theirs = zone_of(value)
    if zone is None or theirs is None:
        return value
    year, month, day, hour, minute, second, fraction = _moment(value)[:7]
    try:
        there = dt.datetime(
            int(year), int(month), int(day), int(hour), int(minute), tzinfo=theirs
        ).astimezone(zone)
    except (ValueError, OverflowError):
        return value  # which its reader judges
    seconds = f":{second}" if second else ""
    return f"{there:%Y-%m-%dT%H:%M}{seconds}" + (f".{fraction}" if fraction else "")


def sex(value: Any, reading: Reading) -> str | None:
    """AdministrativeGender: M, F, O; nothing for unknown."""
    del reading
    if not isinstance(value, str) or value not in _SEX:
        raise Unusable(f"'{value}' is no AdministrativeGender", "male, female, other or unknown")
    return _SEX[value]


def name(value: Any, reading: Reading) -> str | None:
    """Names of one person."""
    found, remark = person_name(value)
    if remark:
        reading.remarks.append(remark)
    return found or None


def person(value: Any, reading: Reading) -> str | None:
    """A Reference to somebody: the name of the Practitioner, else its display as it stands."""
    if not isinstance(value, Mapping):
        return None
    found = reading.resolve(value)
    if found is not None and found.get("resourceType") == "PractitionerRole":
        inner = found.get("practitioner")
        found = reading.resolve(inner) if isinstance(inner, Mapping) else None
    kind = found.get("resourceType") if found is not None else _kind(value)
    if kind in ("Organization", "CareTeam", "Device", "HealthcareService"):
        return None
    if found is not None and isinstance(found.get("name"), list):
        written, _ = person_name(found["name"])
        if written:
            return written
    return person_name([{"text": value.get("display")}])[0] or None


def _kind(reference: Mapping[str, Any]) -> str:
    return str(reference.get("type") or str(reference.get("reference", "")).rpartition("/")[0])


def address(value: Any, reading: Reading) -> str | None:
    """The home address, else the first: on one line, with commas."""
    known = [one for one in value if isinstance(one, Mapping)]
    if not known:
        return None
    one = next((each for each in known if each.get("use") == "home"), known[0])
    lines = one.get("line")
    parts = [
        *(lines if isinstance(lines, list) else ()),
        *(one.get(key) for key in ("city", "state", "postalCode", "country")),
    ]
    written = ", ".join(found for part in parts if (found := text(part, reading)))
    return short_text(written or one.get("text"), reading)


def phone(value: Any, reading: Reading) -> str | None:
    """A number in sixteen characters; without its blanks and marks where it is longer."""
    found = text(value, reading)
    if found is None or len(found) <= _LONGEST_PHONE:
        return found
    bare = re.sub(r"[^\d+]", "", found)
    if len(bare) > _LONGEST_PHONE:
        raise Unusable(f"'{found}' has more than {_LONGEST_PHONE} characters", left_out=True)
    return bare


def priority(value: Any, reading: Reading) -> str | None:
    """RequestPriority."""
    del reading
    return _PRIORITY.get(str(value))


def patient_id(value: Any, reading: Reading) -> str | None:
    """The medical record number, else the first identifier in use."""
    one = main_identifier(value)
    return None if one is None else text(one.get("value"), reading)


def issuer(value: Any, reading: Reading) -> str | None:
    """Who assigned that: a name, else the system without ``urn:oid:``."""
    one = main_identifier(value)
    if one is None:
        return None
    assigner = one.get("assigner")
    named = assigner.get("display") if isinstance(assigner, Mapping) else None
    return short_text(named or str(one.get("system") or "").removeprefix("urn:oid:"), reading)


def main_identifier(identifiers: Sequence[Any]) -> Mapping[str, Any] | None:
    """Which of a patient's identifiers is the PatientID."""
    known = [one for one in identifiers if isinstance(one, Mapping) and one.get("value")]
    in_use = [one for one in known if one.get("use") != "old"] or known
    return next((one for one in in_use if kind_of(one) == "MR"), in_use[0] if in_use else None)


def kind_of(identifier: Mapping[str, Any]) -> str:
    """Its type, of HL7 table 0203; empty where none is given."""
    given = identifier.get("type")
    codings = given.get("coding") if isinstance(given, Mapping) else None
    for one in codings if isinstance(codings, list) else ():
        if isinstance(one, Mapping) and isinstance(one.get("code"), str):
            return str(one["code"])
    return ""


def uid(value: Any, reading: Reading) -> str | None:
    """A UID without ``urn:oid:``. What is none becomes one that always follows from it, and that is said."""
    if not isinstance(value, str) or not value.strip():
        raise Unusable("there is no UID")
    given = value.strip().removeprefix("urn:oid:")
    if not (fault := _uid_fault(given)):
        return given
    if given.startswith("urn:uuid:"):
        try:
            made = f"2.25.{uuid.UUID(given.removeprefix('urn:uuid:')).int}"
        except ValueError:
            made = derive_uid(None, "fhir", given)
    else:
        made = derive_uid(None, "fhir", given)
    reading.remarks.append(f"'{given[:80]}' {fault}, so {made} stands for it")
    return made


def _uid_fault(given: str) -> str:
    if len(given) > _LONGEST_UID:
        return f"has {len(given)} characters, and a UID has {_LONGEST_UID} at most"
    return forms.uid_fault(given)


def sop_class(value: Any, reading: Reading) -> str | None:
    """A SOP class, which nothing can stand for."""
    del reading
    given = str(value).strip().removeprefix("urn:oid:")
    if fault := _uid_fault(given):
        raise Unusable(f"'{given}' is no SOP class: it {fault}")
    return given


def code(value: Any, reading: Reading) -> list[dict[str, Any]] | None:
    """CodeableConcept, or the code of what a Reference names: its first coding that has a code, as an item."""
    value = _concept(value, reading) if isinstance(value, Mapping) else {}
    codings = value.get("coding")
    for one in codings if isinstance(codings, list) else ():
        found = text(one.get("code"), reading) if isinstance(one, Mapping) else None
        if not found or "\\" in found:
            continue
        scheme = _SCHEMES.get(str(one.get("system") or "").rstrip("/"), "99LOCAL")
        meaning = text(one.get("display"), reading) or text(value.get("text"), reading) or found
        keyword = "CodeValue" if len(found) <= _LONGEST_CODE else "LongCodeValue"
        meaning = meaning.replace("\\", "/")[:_LONGEST_TEXT].rstrip()
        return [{keyword: found, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}]
    return None


def _concepts(value: Any) -> list[str]:
    """Codes, displays and the text of a Coding or a CodeableConcept, upper case."""
    if not isinstance(value, Mapping):
        return [value.upper()] if isinstance(value, str) else []
    codings = value["coding"] if isinstance(value.get("coding"), list) else [value]
    found = [
        one.get(key) for one in codings if isinstance(one, Mapping) for key in ("code", "display")
    ]
    return [each.strip().upper() for each in (*found, value.get("text")) if isinstance(each, str)]


def _is_reference(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("reference"), str)


def _structure(value: Any, key: str, reading: Reading) -> Any:
    """What a BodyStructure that is referred to says, else what the reference displays; any other value as it is."""
    if not _is_reference(value):
        return value
    return _concept(value, reading, "includedStructure", key) or value.get("display")


def body_part(value: Any, reading: Reading) -> str | None:
    """A defined term of Body Part Examined by code, name or term; left out, and told, where it is none.

    Of a Reference to a BodyStructure (R5) the structure that it includes first, else what the reference displays.
    """
    said = _concepts(_structure(value, "structure", reading))
    for word in said:
        plain = word.removeprefix("ENTIRE ").removesuffix(" STRUCTURE").strip()
        term = _BODY_CODES.get(word) or _OLDER_CODES.get(word) or _BODY_WORDS.get(plain)
        squeezed = plain.replace(" ", "").replace("-", "")
        term = term or (squeezed if squeezed in BODY_PARTS else None)
        if term in BODY_PARTS:
            return term
    if said:
        reading.remarks.append(f"{said[-1]} is no Body Part Examined of PS3.16 annex L; left out")
    return None


def side(value: Any, reading: Reading) -> str | None:
    """L, R, B or U; of a Reference to a BodyStructure (R5) the side of the structure that it includes first."""
    if _is_reference(value):
        value = _structure({**value, "display": None}, "laterality", reading)
    said = _concepts(value)
    found = next((_SIDES[word] for word in said if word in _SIDES), None)
    if said and found is None:
        reading.remarks.append(f"{said[0]} is no laterality; left out")
    return found


READERS: Final[Mapping[str, Reader]] = {
    "text": text, "short text": short_text, "reason": reason, "number": number, "date": date, "time": time,
    "offset": offset, "sex": sex, "name": name, "person": person, "address": address,
    "phone": phone, "priority": priority, "patient id": patient_id, "issuer": issuer, "uid": uid,
    "class": sop_class, "code": code, "body part": body_part, "side": side,
}  # fmt: skip
WHOLE: Final = ("name", "address", "patient id", "issuer")
"""Readers that want all items of a list at once."""


def picked(read: Reader) -> Reader:
    """A reader of lists, for single items, and for text that is taken as it is."""

    def one(value: Any, reading: Reading) -> Any:
        return read([value], reading) if isinstance(value, Mapping) else short_text(value, reading)

    return one

"""Values of FHIR's data types as DICOM has them, one reader for each word of the mapping table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from scenario_runner.orders.fhir.codes import body_part, code, reason, side
from scenario_runner.orders.fhir.identifiers import authority, issuer, patient_id, sop_class, uid
from scenario_runner.orders.fhir.moments import date, offset, time
from scenario_runner.orders.fhir.names import person_name
from scenario_runner.orders.fhir.reading import Reader, Reading, short_text, text
from scenario_runner.orders.unusable import Unusable

_SEX = {"male": "M", "female": "F", "other": "O", "unknown": ""}
_PRIORITY = {"routine": "ROUTINE", "urgent": "HIGH", "asap": "HIGH", "stat": "STAT"}
_LONGEST_PHONE: Final = 16


def number(value: Any, reading: Reading) -> str | None:
    """An unsignedInt."""
    del reading
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise Unusable(f"'{value}' is no number from 0", "FHIR's type is unsignedInt")
    return str(value)


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


READERS: Final[Mapping[str, Reader]] = {
    "text": text, "short text": short_text, "reason": reason, "number": number, "date": date, "time": time,
    "offset": offset, "sex": sex, "name": name, "person": person, "address": address,
    "phone": phone, "priority": priority, "patient id": patient_id, "issuer": issuer, "uid": uid,
    "class": sop_class, "code": code, "body part": body_part, "side": side, "authority": authority,
}  # fmt: skip
WHOLE: Final = ("name", "address", "patient id", "issuer")
"""Readers that want all items of a list at once."""


def picked(read: Reader) -> Reader:
    """A reader of lists, for single items, and for text that is taken as it is."""

    def one(value: Any, reading: Reading) -> Any:
        return read([value], reading) if isinstance(value, Mapping) else short_text(value, reading)

    return one

"""Identifiers of FHIR as DICOM has them: who a patient is, and what is named by a UID."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.dicom import forms
from scenario_runner.orders.fhir.reading import short_text, text
from scenario_runner.orders.unusable import Unusable
from scenario_runner.planning.identity import derive_uid

if TYPE_CHECKING:
    from scenario_runner.orders.fhir.reading import Reading

_LONGEST_UID: Final = 64


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


def authority(value: Any, reading: Reading) -> list[dict[str, Any]] | None:
    """Who gave the number of an identifier, as an item of an order's identifier sequence (PS3.3 table 10-17)."""
    if not isinstance(value, Mapping) or not value.get("value"):
        return None
    assigner = value.get("assigner")
    name = text(assigner.get("display"), reading) if isinstance(assigner, Mapping) else None
    system = text(value.get("system"), reading) or ""
    found = {"LocalNamespaceEntityID": name} if name else {}
    oid = system.removeprefix("urn:oid:")
    if oid != system and not _uid_fault(oid):
        found |= {"UniversalEntityID": oid, "UniversalEntityIDType": "ISO"}
    elif system:
        found |= {"UniversalEntityID": system, "UniversalEntityIDType": "URI"}
    return [found] if found else None


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

"""Codes of FHIR as DICOM has them: a Coding, a CodeableConcept, or what a Reference in their place names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.dicom.body_parts import BODY_PARTS
from scenario_runner.orders.fhir.reading import LONGEST_TEXT, short_text, text

if TYPE_CHECKING:
    from scenario_runner.orders.fhir.reading import Reading

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
_LONGEST_CODE: Final = 16
"""Characters of CodeValue (SH)."""


def reason(value: Any, reading: Reading) -> str | None:
    """Text, or what a Reference names: the text or the first display of its code, else the reference's own."""
    if not isinstance(value, Mapping):
        return short_text(value, reading)
    concept = _concept(value, reading)
    codings = concept.get("coding")
    first = codings[0] if isinstance(codings, list) and codings else None
    display = first.get("display") if isinstance(first, Mapping) else None
    return short_text(concept.get("text") or display or value.get("display"), reading)


def _is_reference(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("reference"), str)


def _concept(value: Mapping[str, Any], reading: Reading, *path: str) -> Mapping[str, Any]:
    """The CodeableConcept of what a Reference names, as of a Condition; a value that is no Reference is one itself.

    path: where that has it, ``code`` by default.
    """
    if not _is_reference(value):
        return value if "coding" in value or "text" in value else {}
    found: Any = reading.resolve(value)
    for key in path or ("code",):
        found = found.get(key) if isinstance(found, Mapping) else None
        found = found[0] if isinstance(found, list) and found else found
    return found if isinstance(found, Mapping) else {}


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
        meaning = meaning.replace("\\", "/")[:LONGEST_TEXT].rstrip()
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

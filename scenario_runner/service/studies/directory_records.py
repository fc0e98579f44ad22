"""Directory records: which type a SOP class has (PS3.3 table F.4-1), and what each type says (PS3.3 F.5)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom import element_writing
from scenario_runner.dicom.characters import SPECIFIC_CHARACTER_SET, UTF8
from scenario_runner.dicom.dictionary import tag_of, vr_of
from scenario_runner.dicom.element_text import character_sets, encode, texts
from scenario_runner.dicom.elements import (
    DamagedDatasetError,
    Element,
    Elements,
    in_little_endian,
    read_items,
)
from scenario_runner.dicom.sop_classes import KEY_OBJECT_SELECTION, RAW_DATA, STORAGE_ARC
from scenario_runner.dicom.vrs import CHARACTER_SET

if TYPE_CHECKING:
    from collections.abc import Mapping

IMAGE: Final = "IMAGE"
_LONGEST: Final = 1 << 14
"""Bytes of a value that a record repeats."""
_CONTENT: Final = ("InstanceNumber", "ContentLabel", "ContentDescription", "ContentCreatorName")
"""The Content Identification Macro (PS3.3 table 10-12), as far as records have it."""
_MADE: Final = ("ContentDate", "ContentTime")
_TITLED: Final = (*_MADE, "InstanceNumber", "ConceptNameCodeSequence", "ContentSequence")
KEYS: Final[Mapping[str, Sequence[str]]] = {
    "PATIENT": ("PatientName", "PatientID"),
    "STUDY": (
        "StudyDate", "StudyTime", "AccessionNumber", "StudyDescription", "StudyInstanceUID", "StudyID",
    ),
    "SERIES": ("Modality", "SeriesInstanceUID", "SeriesNumber"),
    IMAGE: ("InstanceNumber",),
    "RT DOSE": ("InstanceNumber", "DoseSummationType", "DoseComment"),
    "RT STRUCTURE SET": (
        "InstanceNumber", "StructureSetLabel", "StructureSetDate", "StructureSetTime",
    ),
    "RT PLAN": ("InstanceNumber", "RTPlanLabel", "RTPlanDate", "RTPlanTime"),
    "RT TREAT RECORD": ("InstanceNumber", "TreatmentDate", "TreatmentTime"),
    "PRESENTATION": (
        "PresentationCreationDate", "PresentationCreationTime", *_CONTENT, "ReferencedSeriesSequence",
        "BlendingSequence",
    ),
    "WAVEFORM": ("InstanceNumber", *_MADE),
    "SR DOCUMENT": ("CompletionFlag", "VerificationFlag", "VerificationDateTime", *_TITLED),
    "KEY OBJECT DOC": _TITLED,
    "SPECTROSCOPY": (
        "ImageType", *_MADE, "InstanceNumber", "ReferencedImageEvidenceSequence", "NumberOfFrames",
        "Rows", "Columns", "DataPointRows", "DataPointColumns",
    ),
    "RAW DATA": (*_MADE, "InstanceNumber"),
    "REGISTRATION": (*_MADE, *_CONTENT),
    "FIDUCIAL": (*_MADE, *_CONTENT),
    "ENCAP DOC": (
        *_MADE, "InstanceNumber", "DocumentTitle", "HL7InstanceIdentifier", "ConceptNameCodeSequence",
        "MIMETypeOfEncapsulatedDocument",
    ),
    "VALUE MAP": (*_MADE, *_CONTENT),
    "SURFACE": (*_MADE, *_CONTENT),
    "TRACT": (*_MADE, *_CONTENT),
    "SURFACE SCAN": (*_MADE, "InstanceNumber"),
    "MEASUREMENT": (*_MADE, "InstanceNumber"),
    "STEREOMETRIC": (*_MADE, *_CONTENT),
}  # fmt: skip
"""By type of record."""
_NEEDED: Final[Mapping[str, frozenset[str]]] = {
    "PATIENT": frozenset(("PatientName", "PatientID")),
    "STUDY": frozenset(("StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber")),
    "RT STRUCTURE SET": frozenset(("StructureSetDate", "StructureSetTime")),
    "RT PLAN": frozenset(("RTPlanDate", "RTPlanTime")),
    "RT TREAT RECORD": frozenset(("TreatmentDate", "TreatmentTime")),
    "RAW DATA": frozenset(("InstanceNumber",)),
    "ENCAP DOC": frozenset((*_MADE, "DocumentTitle", "ConceptNameCodeSequence")),
    **{
        kind: frozenset(("ContentDescription", "ContentCreatorName"))
        for kind, keys in KEYS.items()
        if "ContentCreatorName" in keys
    },
}  # fmt: skip
"""What stands there without a value, too: Type 2, and of patients and studies Type 1; nothing is made up for those."""
_NUMBERS: Final = ("SeriesNumber", "InstanceNumber")
"""Of Type 1 in records and not in objects: one that has none gets its number in the file-set."""
_OF_CLASS: Final = {
    KEY_OBJECT_SELECTION: "KEY OBJECT DOC",
    RAW_DATA: "RAW DATA",
    STORAGE_ARC + "4.2": "SPECTROSCOPY",
    STORAGE_ARC + "66.1": "REGISTRATION",
    STORAGE_ARC + "66.2": "FIDUCIAL",
    STORAGE_ARC + "66.3": "REGISTRATION",
    STORAGE_ARC + "66.5": "SURFACE",
    STORAGE_ARC + "66.6": "TRACT",
    STORAGE_ARC + "67": "VALUE MAP",
    STORAGE_ARC + "77.1.5.3": "STEREOMETRIC",
    STORAGE_ARC + "79.1": "SR DOCUMENT",
    STORAGE_ARC + "80.1": "MEASUREMENT",
    STORAGE_ARC + "481.2": "RT DOSE",
    STORAGE_ARC + "481.3": "RT STRUCTURE SET",
    STORAGE_ARC + "481.4": "RT TREAT RECORD",
    STORAGE_ARC + "481.5": "RT PLAN",
    STORAGE_ARC + "481.6": "RT TREAT RECORD",
    STORAGE_ARC + "481.7": "RT TREAT RECORD",
    STORAGE_ARC + "481.8": "RT PLAN",
    STORAGE_ARC + "481.9": "RT TREAT RECORD",
}
_FAMILIES: Final = {
    STORAGE_ARC + "9.": "WAVEFORM",
    STORAGE_ARC + "11.": "PRESENTATION",
    STORAGE_ARC + "68.": "SURFACE SCAN",
    STORAGE_ARC + "78.": "MEASUREMENT",
    STORAGE_ARC + "88.": "SR DOCUMENT",
    STORAGE_ARC + "104.": "ENCAP DOC",
}
"""By SOP class, and by how one begins; all others are images."""


def kind_of(sop_class_uid: str) -> str:
    """The type of record of an instance."""
    families = (kind for begins, kind in _FAMILIES.items() if sop_class_uid.startswith(begins))
    return _OF_CLASS.get(sop_class_uid) or next(families, IMAGE)


def listed(header: Elements, sop_class_uid: str) -> Elements:
    """Of a header what its records say, text in UTF-8; so that a thousand headers need not be held."""
    wanted = {
        keyword
        for kind in ("PATIENT", "STUDY", "SERIES", kind_of(sop_class_uid))
        for keyword in KEYS[kind]
    }
    terms = character_sets(header)
    found: Elements = {SPECIFIC_CHARACTER_SET: encode(SPECIFIC_CHARACTER_SET, [UTF8], ())}
    for tag in map(tag_of, wanted):
        element = header.get(tag)
        try:
            if element is None:
                continue
            is_content = tag == tag_of("ContentSequence")
            said = _modifiers(element, terms) if is_content else _in_utf8(tag, element, terms)
            if said is not None and 0 < len(said.value) <= _LONGEST:
                found[tag] = said
        except DamagedDatasetError:
            continue  # a sequence that nobody can read
    verified = _verified(header)
    if verified and "VerificationDateTime" in wanted:
        tag = tag_of("VerificationDateTime")
        found[tag] = encode(tag, [verified], ())
    return found


def _verified(header: Elements) -> str:
    """When a document was verified last; each observer says when they did (PS3.3 C.17.2)."""
    observers, tag = header.get(tag_of("VerifyingObserverSequence")), tag_of("VerificationDateTime")
    try:
        items = read_items(observers) if observers is not None else []
    except DamagedDatasetError:
        return ""
    return max((text for one in items if tag in one for text in texts(tag, one[tag])), default="")


def body_of(kind: str, said: Elements, number: int) -> dict[int, bytes]:
    """The keys of a record as elements in Explicit VR Little Endian; by tag.

    said: as ``listed`` gives it. number: which one it is where it is, for what has no number.
    """
    found: dict[int, bytes] = {}
    for keyword in KEYS[kind]:
        tag = tag_of(keyword)
        element = said.get(tag)
        if element is None and keyword in _NEEDED.get(kind, ()):
            element = Element(vr_of(tag), b"", element_writing.EXPLICIT)
        elif element is None and keyword in _NUMBERS:
            element = encode(tag, [str(number)], ())
        if element is not None:
            found[tag] = element_writing.element(tag, element.vr, element.value)
    return found


def _in_utf8(tag: int, element: Element, terms: Sequence[str]) -> Element:
    vr = vr_of(tag, element.vr)
    if vr == "SQ":
        value = b"".join(element_writing.item(_item(one, terms)) for one in read_items(element))
        return Element(vr, value, element_writing.EXPLICIT)
    if vr in CHARACTER_SET:
        with suppress(ValueError):  # broken as it is in the object
            return encode(tag, texts(tag, element, terms), (UTF8,), vr=vr)
    return Element(vr, in_little_endian(element, vr), element_writing.EXPLICIT)


def _item(elements: Elements, terms: Sequence[str]) -> bytes:
    terms = character_sets(elements) or terms
    return b"".join(
        element_writing.element(tag, one.vr, one.value)
        for tag, one in sorted(
            (tag, _in_utf8(tag, one, terms))
            for tag, one in elements.items()
            if tag != SPECIFIC_CHARACTER_SET
        )
    )


def _modifiers(content: Element, terms: Sequence[str]) -> Element | None:
    """Of a document's content what modifies its title, with what is below that (PS3.3 F.5.21, F.5.22)."""
    relationship = tag_of("RelationshipType")
    items = [
        _item(one, terms)
        for one in read_items(content)
        if relationship in one
        and texts(relationship, one[relationship], terms) == ["HAS CONCEPT MOD"]
    ]
    value = b"".join(map(element_writing.item, items))
    return Element("SQ", value, element_writing.EXPLICIT) if items else None

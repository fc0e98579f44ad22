"""Content items of structured documents (PS3.3 C.17.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.conformance.rules import classes
from scenario_runner.conformance.rules.base import Problem
from scenario_runner.conformance.rules.requirements import modules_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Items

_VALUE: Final = {
    "TEXT": "TextValue", "CODE": "ConceptCodeSequence", "DATETIME": "DateTime", "DATE": "Date",
    "TIME": "Time", "UIDREF": "UID", "PNAME": "PersonName", "COMPOSITE": "ReferencedSOPSequence",
    "IMAGE": "ReferencedSOPSequence", "WAVEFORM": "ReferencedSOPSequence",
    "SCOORD": "GraphicData", "SCOORD3D": "GraphicData", "TCOORD": "TemporalRangeType",
    "CONTAINER": "ContinuityOfContent",
}  # fmt: skip
"""What an item of each value type has, 1C (tables C.17-5, C.18)."""
_NAMED: Final = frozenset({"TEXT", "NUM", "CODE", "DATETIME", "DATE", "TIME", "UIDREF", "PNAME"})
"""Value types that say nothing without a concept name."""
_OTHER: Final = frozenset({"TABLE"})
_CONTINUITY: Final = ("SEPARATE", "CONTINUOUS")


def content(file: DicomFile) -> Iterator[Problem]:
    """Every content item has a value of its type, a name where it needs one, a relationship."""
    if file.sop_class in (*classes.SR, *classes.KO):
        yield from _item(file.data)
        for item in file.data.items_of("ContentSequence"):
            yield from _below(item)


def verified(file: DicomFile) -> Iterator[Problem]:
    """A document that is verified says by whom (1C)."""
    keyword = "VerifyingObserverSequence"
    if "sr-document-general" in modules_of(file.sop_class) and (
        file.data.text("VerificationFlag") == "VERIFIED" and not file.data.items_of(keyword)
    ):
        yield Problem(keyword, "is missing, and VerificationFlag is VERIFIED")


def evidence(file: DicomFile) -> Iterator[Problem]:
    """What a document refers to in its content, its lists of evidence name (PS3.3 C.17.2)."""
    if file.sop_class not in (*classes.SR, *classes.KO):
        return
    named = {
        instance.text("ReferencedSOPInstanceUID")
        for keyword in _EVIDENCE
        for study in file.data.items_of(keyword)
        for series in study.items_of("ReferencedSeriesSequence")
        for instance in series.items_of("ReferencedSOPSequence")
    }
    for reference in _references(file.data):
        uid = reference.text("ReferencedSOPInstanceUID")
        if uid and uid not in named:
            where = f"{reference.path}ReferencedSOPInstanceUID"
            yield Problem(where, f"'{uid}' is in no {' or '.join(_EVIDENCE)}")
            return


_EVIDENCE: Final = ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence")


def _references(item: Items) -> Iterator[Items]:
    yield from item.items_of("ReferencedSOPSequence")
    for below in item.items_of("ContentSequence"):
        yield from _references(below)


def _below(item: Items) -> Iterator[Problem]:
    if not item.text("RelationshipType"):
        yield Problem(f"{item.path}RelationshipType", "is missing from a content item")
    if item.get("ReferencedContentItemIdentifier") is None:
        yield from _item(item)
    for each in item.items_of("ContentSequence"):
        yield from _below(each)


def _item(item: Items) -> Iterator[Problem]:
    kind = item.text("ValueType")
    if not kind:
        yield Problem(f"{item.path}ValueType", "is missing from a content item")
        return
    if kind not in _VALUE and kind not in _NAMED and kind not in _OTHER:
        yield Problem(f"{item.path}ValueType", f"is '{kind}', which is no value type")
    elif item.parent is None and kind != "CONTAINER":
        yield Problem("ValueType", f"is '{kind}'; the root of a document is a CONTAINER")
    below = item.get("ContentSequence")
    if below is not None and below.empty:
        yield Problem(f"{item.path}ContentSequence", "is empty; there are items or it is not there")
    template = item.get("ContentTemplateSequence")
    if template is not None and template.empty:
        where = f"{item.path}ContentTemplateSequence"
        yield Problem(where, "is empty; a template is named or it is not there")
    if kind == "NUM" and item.get("MeasuredValueSequence") is None:
        yield Problem(f"{item.path}MeasuredValueSequence", "is missing; it may be empty")
    keyword = _VALUE.get(kind)
    if keyword:
        element = item.get(keyword)
        if element is None or element.empty:
            yield Problem(f"{item.path}{keyword}", f"is missing from an item that is {kind}")
    if kind in _NAMED and not item.items_of("ConceptNameCodeSequence"):
        where = f"{item.path}ConceptNameCodeSequence"
        yield Problem(where, f"is missing from an item that is {kind}")
    continuity = item.text("ContinuityOfContent")
    if continuity and continuity not in _CONTINUITY:
        where = f"{item.path}ContinuityOfContent"
        yield Problem(where, f"is '{continuity}', not {' or '.join(_CONTINUITY)}")

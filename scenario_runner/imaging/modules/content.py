"""Content items of structured reports (PS3.3 C.17.3) and the codes that reports are written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom import Dataset
from pydicom.sequence import Sequence

from scenario_runner.imaging.modules.attribute_values import ds, put
from scenario_runner.imaging.modules.references import sop_reference
from scenario_runner.imaging.modules.study import code

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenario_runner.planning.plan import PlannedImage

Code = tuple[str, str, str]
"""Value, coding scheme designator, meaning."""

CONTAINS, CONTEXT = "CONTAINS", "HAS OBS CONTEXT"
MODIFIES, INFERRED, PROPERTY = "HAS CONCEPT MOD", "INFERRED FROM", "HAS PROPERTIES"

LANGUAGE: Code = ("121049", "DCM", "Language of Content Item and Descendants")
ENGLISH: Code = ("en", "RFC5646", "English")
OBSERVER_TYPE: Code = ("121005", "DCM", "Observer Type")
DEVICE: Code = ("121007", "DCM", "Device")
DEVICE_UID: Code = ("121012", "DCM", "Device Observer UID")
DEVICE_NAME: Code = ("121013", "DCM", "Device Observer Name")


def _item(relationship: str, kind: str, concept: Code) -> Dataset:
    item = Dataset()
    if relationship:
        item.RelationshipType = relationship
    item.ValueType = kind
    item.ConceptNameCodeSequence = Sequence([code(*concept)])
    return item


def container(
    relationship: str, concept: Code, items: Iterable[Dataset], template: str = ""
) -> Dataset:
    """A heading and what stands below it. template: identifier of PS3.16, on a root."""
    item = _item(relationship, "CONTAINER", concept)
    item.ContinuityOfContent = "SEPARATE"
    if template:
        named = Dataset()
        named.MappingResource = "DCMR"
        named.TemplateIdentifier = template
        item.ContentTemplateSequence = Sequence([named])
    if below := list(items):
        item.ContentSequence = Sequence(below)
    return item


def text(relationship: str, concept: Code, value: str) -> Dataset:
    """A TEXT item."""
    item = _item(relationship, "TEXT", concept)
    item.TextValue = value
    return item


def coded(relationship: str, concept: Code, value: Code) -> Dataset:
    """A CODE item."""
    item = _item(relationship, "CODE", concept)
    item.ConceptCodeSequence = Sequence([code(*value)])
    return item


def uid_reference(relationship: str, concept: Code, value: str) -> Dataset:
    """A UIDREF item."""
    item = _item(relationship, "UIDREF", concept)
    put(item, UID=value)
    return item


def number(
    relationship: str, concept: Code, value: float, unit: Code, below: Iterable[Dataset] = ()
) -> Dataset:
    """A NUM item. below: what it was inferred from, and its properties."""
    item = _item(relationship, "NUM", concept)
    measured = Dataset()
    measured.NumericValue = ds(value)
    measured.MeasurementUnitsCodeSequence = Sequence([code(*unit)])
    item.MeasuredValueSequence = Sequence([measured])
    if items := list(below):
        item.ContentSequence = Sequence(items)
    return item


def image(relationship: str, planned: PlannedImage, concept: Code) -> Dataset:
    """An IMAGE item. concept: what it is referred to for; without one some viewers show nothing."""
    item = _item(relationship, "IMAGE", concept)
    item.ReferencedSOPSequence = Sequence([sop_reference(planned)])
    return item


def observed_by_device(uid: str, name: str) -> list[Dataset]:
    """Observer Context of a device (PS3.16 TID 1002, 1004): no person has seen anything."""
    return [
        coded(CONTEXT, OBSERVER_TYPE, DEVICE),
        uid_reference(CONTEXT, DEVICE_UID, uid),
        text(CONTEXT, DEVICE_NAME, name),
    ]


def english() -> Dataset:
    """TID 1204: the language of what follows."""
    return coded(MODIFIES, LANGUAGE, ENGLISH)

"""Which attributes the modules of an object require (PS3.3), from the table ``required.tsv``.

The table says how it is made. What is required under a condition stands in ``conditions``.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, NamedTuple

from scenario_runner.conformance.rules.classes import (
    CONVERTED,
    DX,
    ENHANCED,
    KO,
    MG,
    PARAMETRIC_MAP,
    PR,
    RF,
    SEGMENTATION,
    SR,
    TOMOSYNTHESIS,
    US,
    XA,
    composite,
)
from scenario_runner.dicom.dictionary import registered, tag_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


Type = Literal["1", "1C", "2"]


class Required(NamedTuple):
    """One row of a module table.

    type: 1 must have a value, 1C where it is there, 2 must be there and may be empty.
    """

    keyword: str
    type: str
    section: str


class Groups(NamedTuple):
    """Functional groups, by the keywords of their sequences (PS3.3 C.7.6.16).

    original: those of images that are ORIGINAL or MIXED.
    """

    always: tuple[str, ...] = ()
    original: tuple[str, ...] = ()


_EVERYWHERE = ("patient", "general-study", "general-series", "sop-common")
"""Modules of every composite object."""
_IMAGE = ("image-pixel",)

_OF_IMAGES = (
    Required("ModalityLUTSequence", "1C", "PS3.3 C.11.1"),
    Required("VOILUTSequence", "1C", "PS3.3 C.11.2"),
    Required("RealWorldValueMappingSequence", "1C", "PS3.3 C.7.6.1"),
)
"""What an image need not have, of whatever class, and has items of where it has it."""

_RESCALE = ("Intercept", "Slope", "Type")
_BESIDE: tuple[tuple[tuple[str, ...], tuple[Required, ...]], ...] = (
    ((*SR, *KO), (Required("ConceptNameCodeSequence", "1", "PS3.3 C.17.3"),)),
    (ENHANCED, (Required("PerFrameFunctionalGroupsSequence", "1", "PS3.3 C.7.6.16"),)),
    (ENHANCED, (Required("DimensionIndexSequence", "1", "PS3.3 C.7.6.17"),)),
    (TOMOSYNTHESIS, (Required("DimensionOrganizationSequence", "1", "PS3.3 C.7.6.17"),)),
    (DX, (Required("PositionerType", "2", "PS3.3 C.8.11.5"),)),
    (PR, (Required("ContentCreatorName", "2", "PS3.3 C.11.10"),)),
    (TOMOSYNTHESIS, (Required("BreastImplantPresent", "1", "PS3.3 C.8.21.6"),)),
    (PR, tuple(Required(f"Rescale{one}", "1C", "PS3.3 C.11.1") for one in _RESCALE)),
    (PR, (Required("SoftcopyVOILUTSequence", "1C", "PS3.3 C.11.8"),)),
    (PR, (Required("GraphicAnnotationSequence", "1C", "PS3.3 C.10.5"),)),
    (PR, (Required("GraphicLayerSequence", "1C", "PS3.3 C.10.7"),)),
    (US, (Required("SequenceOfUltrasoundRegions", "1C", "PS3.3 C.8.5.5"),)),
    (PARAMETRIC_MAP, tuple(Required(one, "1", "PS3.3 C.7.6.24") for one in ("Rows", "Columns"))),
    ((*XA, *RF), (Required("FrameTime", "1C", "PS3.3 C.7.6.5"),)),
)
_PLACED = (*ENHANCED, *SEGMENTATION, *CONVERTED)
"""Classes whose frames have a place in the patient."""
_IN_ITEMS_BESIDE = (
    ((*MG, *TOMOSYNTHESIS), "ViewCodeSequence", "ViewModifierCodeSequence", "2", "PS3.3 C.8.11.7"),
    (
        PR,
        "ReferencedSeriesSequence",
        "SeriesInstanceUID ReferencedImageSequence",
        "1",
        "PS3.3 C.11.11",
    ),
    (_PLACED, "PixelMeasuresSequence", "PixelSpacing SliceThickness", "1", "PS3.3 C.7.6.16.2.1"),
    (_PLACED, "PlanePositionSequence", "ImagePositionPatient", "1", "PS3.3 C.7.6.16.2.3"),
    (_PLACED, "PlaneOrientationSequence", "ImageOrientationPatient", "1", "PS3.3 C.7.6.16.2.4"),
)
"""What the table has under a condition, or in a module that is optional, and these classes need; where
it is 1C here, a module that is there at all has it with a value. A document has a title; enhanced images have frames that differ; the DX Positioner Module is asked
for by dciodvfy, and receivers of a presentation state show who made it."""


@lru_cache(maxsize=1024)
def required(
    sop_class: str, kind: Type | None = None, *, image: bool = False
) -> tuple[Required, ...]:
    """What an object of a SOP class must have, each attribute once, the stricter module first.

    kind: only what is of this type. image: whether the Image Pixel Module is due. Nothing for a class that has no
    patient.
    """
    if kind is not None:
        return tuple(row for row in required(sop_class, image=image) if row.type == kind)
    name, what = registered(sop_class)
    if what and not composite(sop_class, name):
        return ()
    rows = [row for module in modules_of(sop_class) for row in _table().modules.get(module, ())]
    for classes, more in _BESIDE:
        if sop_class in classes:
            rows += more
    if image:
        rows += [row for module in _IMAGE for row in _table().modules[module]]
        rows += _OF_IMAGES
    rows.sort(key=lambda row: row.type)
    return tuple({row.keyword: row for row in reversed(rows)}.values())


def modules_of(sop_class: str) -> tuple[str, ...]:
    """The names of a SOP class's mandatory modules; of a class that is not known, of any object."""
    return _table().classes.get(sop_class, _EVERYWHERE)


def of_module(name: str) -> tuple[Required, ...]:
    """What a module requires of an object that has it."""
    return _table().modules[name]


@lru_cache(maxsize=16384)
def in_items(
    sop_class: str, parent: int, sequence: int, kind: Type | None = None
) -> tuple[Required, ...]:
    """What each item of a sequence must have. parent: the sequence that it is in, 0 for none. kind: as above."""
    if kind is not None:
        return tuple(row for row in in_items(sop_class, parent, sequence) if row.type == kind)
    rows = [*_table().items.get((0, sequence), ()), *_table().items.get((parent, sequence), ())]
    for classes, name, keywords, of_type, section in _IN_ITEMS_BESIDE:
        if sop_class in classes and tag_of(name) == sequence:
            rows += [Required(keyword, of_type, section) for keyword in keywords.split()]
    return tuple(dict.fromkeys(rows))


def functional_groups(sop_class: str) -> Groups:
    """Which functional groups an object of a SOP class must have."""
    return _table().groups.get(sop_class, Groups())


class _Table(NamedTuple):
    modules: dict[str, tuple[Required, ...]]
    items: dict[tuple[int, int], tuple[Required, ...]]
    classes: dict[str, tuple[str, ...]]
    groups: dict[str, Groups]


@cache
def _table() -> _Table:
    table = _Table({}, {}, {}, {})
    source = files("scenario_runner.conformance.rules").joinpath("required.tsv")
    for line in source.read_text(encoding="utf-8").splitlines():
        match line.split("\t"):
            case "module", name, section, *columns:
                table.modules[name] = tuple(_rows(f"PS3.3 {section}" if section else "", columns))
            case "item", place, *columns:
                parent, _, sequence = place.rpartition("/")
                key = (tag_of(parent) if parent else 0, tag_of(sequence))
                table.items[key] = tuple(_rows("", columns))
            case "class", uid, names:
                table.classes[uid] = tuple(names.split())
            case "groups", uid, always, original:
                table.groups[uid] = Groups(_split(always), _split(original))
    return table


def _rows(section: str, columns: Iterable[str]) -> Iterator[Required]:
    for kind, keywords in zip(("1", "1C", "2"), columns, strict=True):
        yield from (Required(keyword, kind, section) for keyword in _split(keywords))


def _split(keywords: str) -> tuple[str, ...]:
    return tuple(keywords.split())

"""Whether the attributes are there that the object's modules require (PS3.3, PS3.5 7.4)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from scenario_runner.conformance.rules import classes
from scenario_runner.conformance.rules.base import Problem
from scenario_runner.conformance.rules.requirements import Required, Type, in_items, required
from scenario_runner.conformance.rules.requirements import functional_groups as functional_groups_of
from scenario_runner.dicom.body_parts import find, is_paired
from scenario_runner.dicom.dictionary import may_be_newer, registered, tag_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Element, Items

_SIDES = ("Laterality", "ImageLaterality", "FrameLaterality", "MeasurementLaterality")


def type_1(file: DicomFile) -> Iterator[Problem]:
    """Type 1 attributes are there and have a value."""
    for items, row, element in _required(file, "1"):
        if element is None:
            yield Problem(items.path + row.keyword, "is missing; it is Type 1", row.section)
        elif _is_empty(element):
            yield Problem(items.path + row.keyword, "is empty; it is Type 1", row.section)


def type_1c(file: DicomFile) -> Iterator[Problem]:
    """Type 1C attributes that are there have a value; of pixels their length is judged."""
    for items, row, element in _required(file, "1C"):
        if element is not None and row.keyword != "PixelData" and _is_empty(element):
            message = "is empty; it is Type 1C, which has a value or is not there"
            yield Problem(items.path + row.keyword, message, row.section)


def type_2(file: DicomFile) -> Iterator[Problem]:
    """Type 2 attributes are there, with or without a value."""
    for items, row, element in _required(file, "2"):
        if element is None:
            message = "is missing; it is Type 2 and may be empty"
            yield Problem(items.path + row.keyword, message, row.section)


def functional_groups(file: DicomFile) -> Iterator[Problem]:
    """Each functional group that the IOD wants is of all frames or of every frame, not both."""
    wanted = functional_groups_of(file.sop_class)
    groups = wanted.always
    if set(file.data.texts("ImageType")[:1]) & {"ORIGINAL", "MIXED"}:
        groups += wanted.original
    shared = file.data.items_of("SharedFunctionalGroupsSequence")
    frames = file.data.items_of("PerFrameFunctionalGroupsSequence")
    if not shared and not frames:
        return  # that there are none at all is told once
    for keyword in groups:
        if any(_has_items(item, keyword) for item in shared):
            continue
        without = next((item for item in frames if not _has_items(item, keyword)), None)
        if without is not None or not frames:
            where = (without or shared[0]).path
            yield Problem(where + keyword, "is missing, of this frame and of all frames")


def pixel_data(file: DicomFile) -> Iterator[Problem]:
    """An image has pixel data, here or at a URL."""
    if not classes.is_image(file.sop_class, file.data):
        return
    if file.data.get("PixelData") is None and file.data.get("PixelDataProviderURL") is None:
        yield Problem("PixelData", "is missing from an image")


def known_class(file: DicomFile) -> Iterator[Problem]:
    """The SOP class is one of the Standard's."""
    uid = file.sop_class
    kind = registered(uid).kind
    if not uid or kind in ("SOP Class", "Media Storage") or may_be_newer(uid):
        return  # one that the registry here does not have is told by the rule for those
    yield Problem("SOPClassUID", f"'{uid}' is no SOP class of the Standard")


def modality_fits(file: DicomFile) -> Iterator[Problem]:
    """The Modality is one that the SOP class's IOD allows."""
    uid, modality = file.sop_class, file.data.text("Modality")
    allowed = classes.MODALITIES.get(uid)
    if allowed and modality and modality not in allowed:
        name = registered(uid).name
        yield Problem(
            "Modality", f"'{modality}' does not go with {name}; {', '.join(sorted(allowed))} does"
        )


def laterality(file: DicomFile) -> Iterator[Problem]:
    """An image of one of a pair says which side, or, the side being unknown, that nobody knows.

    Laterality is Type 2C, so it may be empty.
    """
    part = file.data.text("BodyPartExamined")
    if is_paired(part) and all(file.data.get(keyword) is None for keyword in _SIDES):
        if file.data.get("SharedFunctionalGroupsSequence") is not None:
            return  # an enhanced object says FrameLaterality there
        yield Problem("Laterality", f"is missing, and BodyPartExamined is '{part}'")


def one_sided(file: DicomFile) -> Iterator[Problem]:
    """A body part that a person has once has no side: Laterality is Type 2C, and its condition is a pair.

    Where it is not met the attribute is not there, not even without a value (PS3.5 7.4.4).
    """
    part, side = file.data.text("BodyPartExamined"), file.data.text("Laterality")
    if file.data.get("Laterality") is not None and find(part) is not None and not is_paired(part):
        said = f"is '{side}'" if side else "is there, though empty"
        yield Problem("Laterality", f"{said}, but BodyPartExamined '{part}' is not paired")


def _is_empty(element: Element) -> bool:
    return element.empty and element.fragments is None


def _has_items(items: Items, keyword: str) -> bool:
    return bool(items.items_of(keyword))


def _required(file: DicomFile, kind: Type) -> Iterator[tuple[Items, Required, Element | None]]:
    """What is required of the object as that type, then of the items of its sequences at any depth, as it is there."""
    data, uid = file.data, file.sop_class
    image = classes.is_image(uid, data)
    for tag, row in _tagged(uid, kind, image):
        yield data, row, data.elements.get(tag)
    if required(uid, image=image):
        yield from _in_items(data, uid, 0, kind)


@lru_cache(maxsize=1024)
def _tagged(sop_class: str, kind: Type, image: bool) -> tuple[tuple[int, Required], ...]:
    """With the tags, which are asked for in every file."""
    return tuple((tag_of(row.keyword), row) for row in required(sop_class, kind, image=image))


def _in_items(
    data: Items, sop_class: str, parent: int, kind: Type
) -> Iterator[tuple[Items, Required, Element | None]]:
    for element in data.elements.values():
        if not element.items or element.tag >> 16 & 1:
            continue
        rows = in_items(sop_class, parent, element.tag, kind)
        for item in element.items:
            yield from ((item, row, item.get(row.keyword)) for row in rows)
            yield from _in_items(item, sop_class, element.tag, kind)

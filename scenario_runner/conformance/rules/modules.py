"""Whether the attributes are there that the object's modules require (PS3.3, PS3.5 7.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.conformance.elements import words
from scenario_runner.conformance.rules import classes
from scenario_runner.conformance.rules.base import Problem
from scenario_runner.conformance.rules.requirements import IMAGE, IN_ITEMS, Required, required
from scenario_runner.dicom.body_parts import is_paired
from scenario_runner.dicom.dictionary import may_be_newer, registered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Items

TWO_SIDES = words("ABDOMEN BRAIN CHEST HEAD NECK PELVIS SKULL")
_SIDES = ("Laterality", "ImageLaterality", "FrameLaterality", "MeasurementLaterality")


def type_1(file: DicomFile) -> Iterator[Problem]:
    """Type 1 attributes are there and have a value."""
    for row in _rows(file):
        if row.type == 1:
            yield from _has_value(file.data, row)
    for keyword, rows in IN_ITEMS.items():
        sequence = file.data.get(keyword)
        for item in (sequence and sequence.items) or ():
            for row in rows:
                yield from _has_value(item, row)


def type_2(file: DicomFile) -> Iterator[Problem]:
    """Type 2 attributes are there, with or without a value."""
    for row in _rows(file):
        if row.type == 2 and file.data.get(row.keyword) is None:
            yield Problem(row.keyword, "is missing; it is Type 2 and may be empty", row.section)


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
    """A body part that a person has once has no side."""
    part, side = file.data.text("BodyPartExamined"), file.data.text("Laterality")
    if side and part in TWO_SIDES:
        yield Problem("Laterality", f"is '{side}', but BodyPartExamined '{part}' is not paired")


def _has_value(items: Items, row: Required) -> Iterator[Problem]:
    element = items.get(row.keyword)
    if element is None:
        yield Problem(items.path + row.keyword, "is missing; it is Type 1", row.section)
    elif element.empty and element.fragments is None:
        yield Problem(items.path + row.keyword, "is empty; it is Type 1", row.section)


def _rows(file: DicomFile) -> tuple[Required, ...]:
    rows = required(file.sop_class)
    return (*rows, *IMAGE) if rows and classes.is_image(file.sop_class, file.data) else rows

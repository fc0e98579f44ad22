"""Presentation states: what is required under a condition (PS3.3 C.10, C.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.conformance.rules import classes
from scenario_runner.conformance.rules.base import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Items

_CORNERS = ("BoundingBoxTopLeftHandCorner", "BoundingBoxBottomRightHandCorner")


def display(file: DicomFile) -> Iterator[Problem]:
    """How values are transformed, and which area is shown, is said completely."""
    if file.sop_class not in classes.PR:
        return
    data = file.data
    if data.get("RescaleIntercept") is not None and data.get("RescaleType") is None:
        yield Problem("RescaleType", "is missing; RescaleIntercept is there", "PS3.3 C.11.1")
    if data.get("PresentationLUTShape") is None and data.get("PresentationLUTSequence") is None:
        message = "is missing, and there is no PresentationLUTSequence"
        yield Problem("PresentationLUTShape", message, "PS3.3 C.11.6")
    for area in data.items_of("DisplayedAreaSelectionSequence"):
        spacing, ratio = (
            area.get(f"PresentationPixel{which}") for which in ("Spacing", "AspectRatio")
        )
        mode = area.text("PresentationSizeMode")
        if spacing is None and ratio is None:
            message = "is missing, and there is no PresentationPixelSpacing"
            yield Problem(f"{area.path}PresentationPixelAspectRatio", message, "PS3.3 C.10.4")
        if mode == "TRUE SIZE" and spacing is None:
            yield Problem(f"{area.path}PresentationPixelSpacing", "is missing", "PS3.3 C.10.4")
        if mode == "MAGNIFY" and area.get("PresentationPixelMagnificationRatio") is None:
            where = f"{area.path}PresentationPixelMagnificationRatio"
            yield Problem(where, "is missing", "PS3.3 C.10.4")


def graphics(file: DicomFile) -> Iterator[Problem]:
    """Annotations have something to show, and texts a place (1C)."""
    if file.sop_class not in classes.PR:
        return
    for annotation in file.data.items_of("GraphicAnnotationSequence"):
        texts = annotation.get("TextObjectSequence")
        if texts is None and annotation.get("GraphicObjectSequence") is None:
            where = f"{annotation.path}TextObjectSequence"
            yield Problem(where, "is missing, and there is no GraphicObjectSequence")
        for text in annotation.items_of("TextObjectSequence"):
            yield from _placed(text)


def _placed(text: Items) -> Iterator[Problem]:
    box = [text.get(keyword) is not None for keyword in _CORNERS]
    anchor = text.get("AnchorPoint") is not None
    due = {
        "BoundingBoxAnnotationUnits": any(box),
        "BoundingBoxTextHorizontalJustification": any(box),
        _CORNERS[0]: any(box) or not anchor,
        _CORNERS[1]: any(box) or not anchor,
        "AnchorPointAnnotationUnits": anchor,
        "AnchorPointVisibility": anchor,
    }
    for keyword, needed in due.items():
        if needed and text.get(keyword) is None:
            yield Problem(text.path + keyword, "is missing; a text has a box or an anchor")

"""What an object without pixels says, as a small picture for the report."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from scenario_runner.amounts import amount
from scenario_runner.imaging.text import page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

_JPEG = b"\xff\xd8\xff"
_LINES = 40


def card(dataset: Dataset, side: int) -> Image.Image:
    """The page of a PDF document, or a card with the texts of a report or presentation state.

    side: pixels of the longer edge.
    """
    scanned = _scanned(dataset)
    if scanned is not None:
        scanned.thumbnail((side, side), Image.Resampling.BOX)
        return scanned
    heading = str(dataset.get("SeriesDescription") or dataset.get("Modality") or "No pixels")
    lines = [line for line in _lines(dataset) if line][:_LINES]
    note = f"{dataset.SOPClassUID.name}; no pixels" if "SOPClassUID" in dataset else "no pixels"
    return page.draw(
        heading, lines, note, width=side, height=side * 3 // 4, size=max(9, side // 28)
    )


def unshown(why: list[str], side: int) -> Image.Image:
    """A card for an image that cannot be shown, in letters that are read at the size of a stamp."""
    return page.draw("No preview", why, "", width=side, height=side, size=max(9, side // 14))


def why_undecoded(dataset: Dataset, *, damaged: bool) -> list[str]:
    """Why there is no picture of an image, and its transfer syntax.

    damaged: its transfer syntax can be decoded here, so something is wrong with the pixels.
    """
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    return [
        "damaged pixels" if damaged else "these pixels cannot be decoded here",
        f"transfer syntax {syntax.name if syntax else 'not given'}",
    ]


def _scanned(dataset: Dataset) -> Image.Image | None:
    """The first JPEG picture in an encapsulated document."""
    document = bytes(dataset.get("EncapsulatedDocument") or b"")
    start = document.find(_JPEG)
    if start < 0:
        return None
    try:
        with Image.open(BytesIO(document[start:])) as picture:
            return picture.convert("L")
    except (UnidentifiedImageError, OSError):
        return None


def _lines(dataset: Dataset) -> Iterator[str]:
    if "MIMETypeOfEncapsulatedDocument" in dataset:
        size = dataset.get("EncapsulatedDocumentLength", 0)
        yield f"{dataset.MIMETypeOfEncapsulatedDocument}, {size} bytes"
    for series in dataset.get("ReferencedSeriesSequence") or ():
        yield f"shows {_images(len(series.get('ReferencedImageSequence') or ()))}"
    for annotation in (dataset.get("GraphicAnnotationSequence") or ())[:1]:
        for text in annotation.get("TextObjectSequence") or ():
            yield from str(text.get("UnformattedTextValue", "")).splitlines()
    yield from _content(dataset)


def _content(item: Dataset) -> Iterator[str]:
    """Content items of a structured report, in their order (PS3.3 C.17.3)."""
    referred = 0
    for below in item.get("ContentSequence") or ():
        kind = below.get("ValueType")
        if kind == "TEXT":
            yield f"{_meaning(below, 'ConceptNameCodeSequence')}: {below.get('TextValue', '')}"
        elif kind == "NUM":
            for value in below.get("MeasuredValueSequence") or ():
                unit = _meaning(value, "MeasurementUnitsCodeSequence")
                name = _meaning(below, "ConceptNameCodeSequence")
                yield f"{name}: {value.get('NumericValue', '')} {unit}"
        elif kind == "IMAGE":
            referred += 1
        if kind != "NUM":
            yield from _content(below)
    if referred:
        yield f"refers to {_images(referred)}"


def _images(count: int) -> str:
    return amount(count, "image")


def _meaning(item: Dataset, keyword: str) -> str:
    codes = item.get(keyword) or ()
    return str(codes[0].get("CodeMeaning", "")) if codes else ""

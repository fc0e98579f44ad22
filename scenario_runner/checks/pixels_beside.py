"""The pixels of one object beside another's, whichever kind of pixels they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.checks.pixel_difference import PixelDifference, pixel_difference
from scenario_runner.decoding import UndecodableError, pixels_of
from scenario_runner.decoding.here import PIXELS

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from pydicom import Dataset

    Show = Callable[[np.ndarray, np.ndarray, PixelDifference | None], None]

_DESCRIBING: Final = (
    "Rows", "Columns", "SamplesPerPixel", "PlanarConfiguration", "NumberOfFrames", "BitsAllocated",
    "BitsStored", "HighBit", "PixelRepresentation", "PhotometricInterpretation",
)  # fmt: skip
"""What the same bytes are another picture with."""


_PALETTE: Final = "PALETTE COLOR"
_OF_ONE_SAMPLE: Final = frozenset(("MONOCHROME1", "MONOCHROME2", _PALETTE))
"""Photometric interpretations in which a value is what it is, and means another shade or colour in each."""


def pixel_attribute(dataset: Dataset) -> str | None:
    """The attribute that an object has its pixels in: integers, floats or doubles (PS3.3 C.7.6.3, C.7.6.24, C.7.6.25)."""
    return next((keyword for keyword in PIXELS if keyword in dataset), None)


def differing_pixels(
    ours: Dataset, theirs: Dataset, show: Show | None = None
) -> PixelDifference | None:
    """In which way the pixels of two objects differ; None when they do not, or neither has any.

    show: called with both arrays and the difference where they were decoded.
    """
    kind, other = pixel_attribute(ours), pixel_attribute(theirs)
    if kind is None and other is None:
        return None
    if kind is None or other is None:
        return PixelDifference("no PixelData" if other is None else "pixels where there were none")
    if kind != other:
        return PixelDifference("another kind of pixels", f"{other} instead of {kind}")
    if ours[kind].value == theirs[kind].value and _described(ours) == _described(theirs):
        return None
    try:
        both = pixels_of(ours), pixels_of(theirs)
    except UndecodableError as error:
        return PixelDifference("cannot be decoded", str(error))
    found = pixel_difference(*both, ours.get("SamplesPerPixel", 1)) or _shown_otherwise(
        ours, theirs
    )
    if show is not None:
        show(*both, found)
    return found


def _shown_otherwise(ours: Dataset, theirs: Dataset) -> PixelDifference | None:
    """What the same values are another picture by: MONOCHROME1 is white at the least one (PS3.3 C.7.6.3.1.2)."""
    sent, received = (str(one.get("PhotometricInterpretation", "")) for one in (ours, theirs))
    if sent == received or not {sent, received} <= _OF_ONE_SAMPLE:
        return None
    how = "" if _PALETTE in (sent, received) else ": black is white"
    return PixelDifference(
        "another picture", f"the same values in {received} instead of {sent}{how}"
    )


def _described(dataset: Dataset) -> list[object]:
    syntax = dataset.file_meta.TransferSyntaxUID
    return [syntax, *(dataset.get(keyword) for keyword in _DESCRIBING)]

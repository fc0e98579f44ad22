"""Pixel data that is not what its description says (PS3.3 C.7.6.3, PS3.5 chapter 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.dicom.element_writing import item, sequence_end
from scenario_runner.imaging.api import CannotHaveFaultError
from scenario_runner.imaging.faults.base import RESCALED, fault

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Faulty
    from scenario_runner.imaging.faults.raw_elements import RawElement, RawObject


def _pixels(broken: RawObject) -> RawElement:
    element = broken.get("PixelData")
    if element is None:
        raise CannotHaveFaultError("the object has no pixel data")
    return element


def _fewer(broken: RawObject, _about: Faulty) -> None:
    """Half of the bytes; of compressed frames none, for less would only show when decoded."""
    element = _pixels(broken)
    if element.length is None:
        half = len(element.value) // 2
        element.value = element.value[: half + half % 2]
    else:
        element.value = item(b"") + sequence_end()  # an empty offset table alone


def _more(broken: RawObject, _about: Faulty) -> None:
    element = _pixels(broken)
    row = (broken.number("Columns") or 1) * ((broken.number("BitsAllocated") or 8) // 8)
    element.value += bytes(row + row % 2)


def _none(broken: RawObject, _about: Faulty) -> None:
    broken.elements.remove(_pixels(broken))


def _cut(broken: RawObject, _about: Faulty) -> None:
    broken.cut = max(2, len(_pixels(broken).value) // 2)


def _bits(broken: RawObject, _about: Faulty) -> None:
    stored = broken.number("BitsStored")
    if stored is None:
        raise CannotHaveFaultError("the object has no BitsStored")
    broken.put("HighBit", stored)


def _photometric(broken: RawObject, _about: Faulty) -> None:
    samples = broken.number("SamplesPerPixel")
    if samples is None:
        raise CannotHaveFaultError("the object has no SamplesPerPixel")
    broken.put("PhotometricInterpretation", "RGB" if samples == 1 else "MONOCHROME2")


def _slope(broken: RawObject, _about: Faulty) -> None:
    if not broken.text("RescaleSlope"):
        raise CannotHaveFaultError("the object has no RescaleSlope")
    broken.put("RescaleSlope", "0")


def _window(broken: RawObject, _about: Faulty) -> None:
    if not broken.text("WindowWidth"):
        raise CannotHaveFaultError("the object has no WindowWidth")
    count = broken.text("WindowWidth").count("\\")
    broken.put("WindowWidth", "\\".join(["0"] * (count + 1)))


FAULTS = (
    fault(
        "truncated-pixels",
        "PixelData has half of the bytes that rows and columns make; compressed, it has no frame",
        "pixel-length",
        "fragments",
        pixels="any",
        change=_fewer,
    ),
    fault(
        "extra-pixels",
        "PixelData has a row more than Rows says",
        "pixel-length",
        pixels="any",
        native=True,
        change=_more,
    ),
    fault(
        "missing-pixels",
        "PixelData is missing",
        "pixel-data",
        pixels="any",
        change=_none,
    ),
    fault(
        "truncated-object",
        "The object ends in the middle of its pixel data, whose length says there is more",
        "truncated",
        pixels="any",
        change=_cut,
    ),
    fault(
        "wrong-bits",
        "HighBit is BitsStored instead of one less",
        "bits",
        pixels="any",
        change=_bits,
    ),
    fault(
        "wrong-photometric",
        "PhotometricInterpretation needs another number of samples per pixel",
        "photometric",
        pixels="any",
        change=_photometric,
    ),
    fault(
        "wrong-rescale",
        "RescaleSlope is 0, so that every pixel means the same",
        "rescale",
        also=("enumerated",),
        modalities=RESCALED,
        single=True,
        change=_slope,
    ),
    fault(
        "wrong-window",
        "WindowWidth is 0",
        "window",
        pixels="greyscale",
        single=True,
        change=_window,
    ),
)

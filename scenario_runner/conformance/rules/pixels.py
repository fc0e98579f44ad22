"""Pixel data and what describes it (PS3.3 C.7.6.3, PS3.5 chapter 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.conformance.dicom_file import DicomFile
from scenario_runner.conformance.rules.base import Problem
from scenario_runner.dicom.native_pixels import SUBSAMPLED
from scenario_runner.dicom.syntaxes import EXPLICIT_BE, IMPLICIT_LE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.conformance.elements import Element, Items

SAMPLES = {
    "MONOCHROME1": 1, "MONOCHROME2": 1, "PALETTE COLOR": 1, "RGB": 3, "YBR_FULL": 3,
    "YBR_FULL_422": 3, "YBR_PARTIAL_420": 3, "YBR_ICT": 3, "YBR_RCT": 3, "XYB": 3,
    "HSV": 3, "ARGB": 4, "CMYK": 4, "YBR_PARTIAL_422": 3,
}  # fmt: skip
"""Photometric interpretation to samples per pixel (C.7.6.3.1.2); the last four are retired."""


def bits(file: DicomFile) -> Iterator[Problem]:
    """BitsAllocated is 1 or a number of bytes, BitsStored fits, HighBit is the one below."""
    data = file.data
    allocated, stored, high = (
        data.number(keyword) for keyword in ("BitsAllocated", "BitsStored", "HighBit")
    )
    if allocated is not None and allocated != 1 and (allocated % 8 or not allocated):
        yield Problem("BitsAllocated", f"is {allocated}, neither 1 nor a multiple of 8")
    elif allocated is not None and stored is not None and not 0 < stored <= allocated:
        yield Problem("BitsStored", f"is {stored}, but BitsAllocated is {allocated}")
    elif stored is not None and high is not None and high != stored - 1:
        yield Problem("HighBit", f"is {high}; it is one less than BitsStored, {stored}")


def photometric(file: DicomFile) -> Iterator[Problem]:
    """SamplesPerPixel is what PhotometricInterpretation needs."""
    name, samples = file.data.text("PhotometricInterpretation"), file.data.number("SamplesPerPixel")
    if not name:
        return
    if name not in SAMPLES:
        yield Problem("PhotometricInterpretation", f"'{name}' is no defined term")
    elif samples is not None and samples != SAMPLES[name]:
        yield Problem("SamplesPerPixel", f"is {samples}; {name} has {SAMPLES[name]}")


def planar(file: DicomFile) -> Iterator[Problem]:
    """PlanarConfiguration is there when there is more than one sample, and only then."""
    samples, element = file.data.number("SamplesPerPixel"), file.data.get("PlanarConfiguration")
    value = file.data.number("PlanarConfiguration")
    if samples is not None and samples > 1:
        if element is None:
            yield Problem("PlanarConfiguration", "is missing; there is more than one sample")
        elif value not in (0, 1):
            yield Problem("PlanarConfiguration", f"is {value}, not 0 or 1")
    elif samples == 1 and element is not None:
        yield Problem("PlanarConfiguration", "is there, but there is one sample per pixel")


def representation(file: DicomFile) -> Iterator[Problem]:
    """PixelRepresentation is 0 or 1."""
    value = file.data.number("PixelRepresentation")
    if value is not None and value not in (0, 1):
        yield Problem("PixelRepresentation", f"is {value}, not 0 or 1")


def size(file: DicomFile) -> Iterator[Problem]:
    """Rows and Columns are not zero, and neither is the number of frames."""
    for keyword in ("Rows", "Columns", "NumberOfFrames"):
        value = file.data.number(keyword)
        if value is not None and value < 1:
            section = "PS3.3 C.7.6.6" if keyword == "NumberOfFrames" else ""
            yield Problem(keyword, f"is {value}", section)


def native_length(file: DicomFile) -> Iterator[Problem]:
    """Native pixel data has the bytes that rows, columns, samples, bits and frames make."""
    data = file.data
    pixels = data.get("PixelData")
    if pixels is None or pixels.length is None or file.encapsulated:
        return
    if (expected := _expected(data)) is not None and pixels.length != expected:
        yield Problem("PixelData", f"has {pixels.length} bytes; {expected} are expected")


def pixel_vr(file: DicomFile) -> Iterator[Problem]:
    """Pixel data of more than 8 bits is OW, in fragments it is OB."""
    pixels = file.data.get("PixelData")
    if pixels is None or not pixels.written_vr:
        return
    section = "PS3.5 A.4" if pixels.fragments is not None else ""
    fault = _vr_fault(file, pixels)
    if fault:
        yield Problem("PixelData", f"has VR {pixels.written_vr}; {fault}", section)


def _expected(data: Items) -> int | None:
    rows, columns = data.number("Rows"), data.number("Columns")
    samples, allocated = data.number("SamplesPerPixel"), data.number("BitsAllocated")
    if rows is None or columns is None or samples is None or allocated is None:
        return None
    if allocated % 8 and allocated != 1:
        return None  # said by the rule about bits
    frames = data.number("NumberOfFrames")
    count = rows * columns * (1 if frames is None else frames)
    if data.text("PhotometricInterpretation") in SUBSAMPLED and samples == 3:
        samples = 2
    length = (count * samples * allocated + 7) // 8
    return length + length % 2


def _vr_fault(file: DicomFile, pixels: Element) -> str:
    if pixels.fragments is not None:
        return "" if pixels.written_vr == "OB" else "fragments are OB"
    if pixels.written_vr not in ("OB", "OW"):
        return "it is OB or OW"
    allocated = file.data.number("BitsAllocated")
    explicit = file.transfer_syntax not in (IMPLICIT_LE, EXPLICIT_BE)
    if pixels.written_vr == "OB" and explicit and allocated is not None and allocated > 8:
        return f"with {allocated} bits allocated it is OW"
    return ""

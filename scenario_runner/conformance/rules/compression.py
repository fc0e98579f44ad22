"""Compressed pixel data: fragments, what describes them, and what was lost (PS3.5 8.2, A.4)."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from scenario_runner.conformance.rules.base import Problem
from scenario_runner.conformance.rules.requirements import modules_of
from scenario_runner.dicom import syntaxes
from scenario_runner.dicom.dictionary import registered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.conformance.dicom_file import DicomFile

_LOSSY = {syntaxes.JPEG_BASELINE: "JPEG Baseline", syntaxes.JPEG_EXTENDED: "JPEG Extended"}
"""Transfer syntaxes that are lossy whatever the encoder was told (PS3.5 8.2.1)."""

_REVERSIBLE = (
    syntaxes.JPEG_2000_LOSSLESS, syntaxes.JPEG_2000_PART_2_LOSSLESS, syntaxes.JPIP,
    syntaxes.HTJ2K_LOSSLESS, syntaxes.HTJ2K_LOSSLESS_RPCL, syntaxes.JPIP_HTJ2K,
)  # fmt: skip
_ANY_WAVELET = (
    syntaxes.JPEG_2000, syntaxes.JPEG_2000_PART_2, syntaxes.JPIP_DEFLATED, syntaxes.HTJ2K,
    syntaxes.JPIP_HTJ2K_DEFLATED,
)  # fmt: skip
_PROCESS = {
    "YBR_RCT": (*_REVERSIBLE, *_ANY_WAVELET),
    "YBR_ICT": _ANY_WAVELET,
}
"""Colour that only JPEG 2000 makes, and in which transfer syntaxes (PS3.5 8.2.4)."""

_NO_PALETTE = (
    syntaxes.JPEG_BASELINE, syntaxes.JPEG_EXTENDED, syntaxes.JPEG_LS_NEAR, syntaxes.JPEG_2000,
    syntaxes.HTJ2K,
)  # fmt: skip
"""What may change a value must not change an index into a palette."""


_RATIO_IN = frozenset(
    {
        "corneal-topography-map-image", "dx-image", "enhanced-ct-image",
        "enhanced-mammography-image", "enhanced-mr-image", "enhanced-pet-image",
        "enhanced-us-image", "enhanced-xa-xrf-image", "intravascular-oct-image",
        "ophthalmic-photography-image", "ophthalmic-thickness-map", "ophthalmic-tomography-image",
        "parametric-map-image", "photoacoustic-image", "segmentation-image",
        "whole-slide-microscopy-image", "x-ray-3d-image",
    }
)  # fmt: skip
"""Modules in which LossyImageCompressionRatio is Type 1C; in General Image it is 3 (C.7.6.1)."""


def encapsulation(file: DicomFile) -> Iterator[Problem]:
    """Pixel data is in fragments when the transfer syntax compresses it, and only then."""
    pixels = file.data.get("PixelData")
    if pixels is None or not file.transfer_syntax.startswith(syntaxes.ARC):
        return
    if not registered(file.transfer_syntax).kind:
        return  # newer than the registry here, so that nobody knows what it does
    if file.encapsulated and pixels.fragments is None:
        yield Problem("PixelData", "is native, but the transfer syntax is a compressed one")
    elif not file.encapsulated and pixels.fragments is not None:
        yield Problem("PixelData", "is in fragments, but the transfer syntax is not compressed")


def fragments(file: DicomFile) -> Iterator[Problem]:
    """There is at least one fragment for each frame but of video, RLE has exactly one, and all are even."""
    pixels = file.data.get("PixelData")
    if pixels is None or pixels.fragments is None or not file.encapsulated:
        return
    frames = file.data.number("NumberOfFrames") or 1
    count = len(pixels.fragments)
    if count < frames and file.transfer_syntax not in syntaxes.FRAMES_TOGETHER:
        yield Problem("PixelData", f"has {count} fragments for {frames} frames")
    elif count > frames and file.transfer_syntax == syntaxes.RLE:
        yield Problem("PixelData", f"has {count} fragments for {frames} RLE frames", "PS3.5 A.4.2")
    for number, length in enumerate(pixels.fragments, 1):
        if length % 2:
            yield Problem("PixelData", f"fragment {number} has an odd length, {length}")
            return


def offset_table(file: DicomFile) -> Iterator[Problem]:
    """A Basic Offset Table that is not empty says for each frame where its first fragment is."""
    pixels = file.data.get("PixelData")
    if pixels is None or not pixels.fragments or not pixels.offsets:
        return
    frames = file.data.number("NumberOfFrames") or 1
    if len(pixels.offsets) != frames:
        count = len(pixels.offsets)
        yield Problem("PixelData", f"has {count} offsets in its table for {frames} frames")
        return
    begins = set(accumulate((8 + length for length in pixels.fragments), initial=0))
    for number, offset in enumerate(pixels.offsets, 1):
        if offset not in begins or (number == 1) != (offset == 0):
            yield Problem(
                "PixelData", f"frame {number} is said to be at {offset}: no fragment begins there"
            )
            return


def color(file: DicomFile) -> Iterator[Problem]:
    """PhotometricInterpretation is one that the transfer syntax can have."""
    name, syntax = file.data.text("PhotometricInterpretation"), file.transfer_syntax
    if not syntax.startswith(syntaxes.ARC) or file.data.get("PixelData") is None:
        return
    allowed = _PROCESS.get(name)
    if allowed is not None and syntax not in allowed:
        yield Problem("PhotometricInterpretation", f"is {name}, which this transfer syntax has not")
    elif name == "PALETTE COLOR" and syntax in _NO_PALETTE:
        yield Problem("PhotometricInterpretation", "is PALETTE COLOR, but the pixels may be lossy")
    elif name == "YBR_FULL_422" and syntax == syntaxes.RLE:
        yield Problem("PhotometricInterpretation", f"is {name}, which RLE has not", "PS3.5 8.2.2")


def baseline_bits(file: DicomFile) -> Iterator[Problem]:
    """JPEG baseline holds eight bits."""
    allocated = file.data.number("BitsAllocated")
    if file.transfer_syntax == syntaxes.JPEG_BASELINE and allocated not in (None, 8):
        yield Problem("BitsAllocated", f"is {allocated}; JPEG baseline has 8")


def lossy(file: DicomFile) -> Iterator[Problem]:
    """What was compressed with loss says so, and how much and how."""
    value = file.data.text("LossyImageCompression")
    name = _LOSSY.get(file.transfer_syntax)
    if name and value != "01":
        yield Problem("LossyImageCompression", f"is '{value}', but the pixels are {name}")
    elif value == "01":
        ratio = "LossyImageCompressionRatio"
        if not file.data.text(ratio) and _RATIO_IN & set(modules_of(file.sop_class)):
            yield Problem(ratio, "is missing; LossyImageCompression is 01")
        yield from _as_many(file)


def _as_many(file: DicomFile) -> Iterator[Problem]:
    """Each step of compression has a ratio and a method (C.7.6.1.1.5.1)."""
    ratios = file.data.texts("LossyImageCompressionRatio")
    methods = file.data.texts("LossyImageCompressionMethod")
    if ratios and methods and len(ratios) != len(methods):
        yield Problem(
            "LossyImageCompressionMethod",
            f"has {len(methods)} values, LossyImageCompressionRatio {len(ratios)}",
            "PS3.3 C.7.6.1.1.5.1",
        )

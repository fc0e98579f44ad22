"""GDCM for what nothing else here decodes, lossless JPEG and JPEG of 12 bits: only frames that are in order.

Plugins of pydicom's decoders, by the rules of its guide for them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from pydicom.pixels.decoders import gdcm, pillow
from pydicom.uid import JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1

from scenario_runner.decoding.jpeg_headers import EXTENDED, wrong_with
from scenario_runner.decoding.standard_error import without_line

if TYPE_CHECKING:
    from pydicom.pixels.decoders.base import DecodeRunner

if not gdcm.HAVE_GDCM:
    importlib.reload(gdcm)  # it may have been kept back until now

DECODER_DEPENDENCIES = {
    uid: gdcm.DECODER_DEPENDENCIES[uid]
    for uid in (JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1)
}
_COMPLAINTS = (b"Unsupported JPEG data precision 12", b"Invalid SOS parameters for sequential JPEG")
"""What GDCM says when it has tried 8 bits before 12, and of a scan header that it takes all the same."""


def is_available(uid: str) -> bool:
    """Whether frames in that transfer syntax can be decoded."""
    return uid in DECODER_DEPENDENCIES and gdcm.is_available(uid)


def decode_frame(src: bytes, runner: DecodeRunner) -> bytes:
    """One frame, decoded. Raises ValueError when its headers are damaged."""
    trouble = wrong_with(src, runner.rows, runner.columns, runner.samples_per_pixel)
    if trouble is not None:
        raise ValueError(f"damaged lossless JPEG: {trouble}")
    return gdcm._decode_frame(src, runner)  # noqa: SLF001 - the name that pydicom's plugins have


def decode_extended(src: bytes, runner: DecodeRunner) -> bytes:
    """One frame: of 8 bits by Pillow; a grey one of 12, for which pydicom does not ask GDCM. Raises as above."""
    if runner.bits_stored <= 8:
        return pillow._decode_frame(src, runner)  # noqa: SLF001
    trouble = wrong_with(src, runner.rows, runner.columns, runner.samples_per_pixel, EXTENDED)
    if trouble is None and (runner.samples_per_pixel, runner.bits_allocated) != (1, 16):
        trouble = "of 12 bits and not grey in words of 16"
    if trouble is not None:
        raise ValueError(f"damaged extended JPEG: {trouble}")
    with without_line(*_COMPLAINTS):
        return _decoded(src, runner)


def _decoded(src: bytes, runner: DecodeRunner) -> bytes:
    import gdcm as library

    fragment = library.Fragment()
    fragment.SetByteStringValue(src)
    fragments = library.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    encoded = library.DataElement(library.Tag(0x7FE0, 0x0010))
    encoded.SetValue(fragments.__ref__())
    codec = library.JPEGCodec()
    codec.SetDimensions((runner.columns, runner.rows, 1))
    codec.SetPixelFormat(library.PixelFormat(1, 16, 12, 11, 0))
    grey = library.PhotometricInterpretation.MONOCHROME2
    codec.SetPhotometricInterpretation(library.PhotometricInterpretation(grey))
    decoded = library.DataElement(library.Tag(0x7FE0, 0x0010))
    if not codec.Decode(encoded, decoded):
        raise ValueError("damaged extended JPEG: GDCM does not decode it")
    # GDCM hands bytes out as text.
    frame: bytes = decoded.GetByteValue().GetBuffer().encode("utf-8", "surrogateescape")
    return frame

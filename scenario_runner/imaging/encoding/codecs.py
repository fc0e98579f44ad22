"""The encoders behind compressed transfer syntaxes, one library call each.

Every codec takes one frame, (rows, columns) or (rows, columns, 3) of 8 or 16-bit integers in C
order, and gives a codestream as it goes into a fragment. Which library does what, and why, stands
in ``docs/decisions/0009-transfer-syntaxes.md``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from scenario_runner.dicom.syntaxes import TRANSFER_SYNTAXES
from scenario_runner.imaging.encoding.gdcm_codec import jpeg_lossless_sv1
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

Encode = Callable[["NDArray[Any]", int], bytes]
"""Frame and bits stored to codestream."""

NEAR = 2
"""JPEG-LS near-lossless: no sample is off by more than this."""

FIDELITY = 50.0
"""JPEG 2000 lossy: decibels between the range of values in a frame and the error, root mean square.

A ratio would do for photographs; small frames are mostly burned-in text, and it would be lost.
"""

QUALITY = 90
"""JPEG baseline: Pillow's scale, 95 is its best."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How the frames of one transfer syntax are made."""

    encode: Encode
    color: str = "RGB"
    """PhotometricInterpretation of an RGB frame once it is encoded (PS3.5 8.2)."""
    method: str = ""
    """LossyImageCompressionMethod (PS3.3 C.7.6.1.1.5.1); empty when nothing is lost."""


def codec_of(transfer_syntax_uid: str) -> Codec | None:
    """The codec of a transfer syntax; None when it does not compress pixels."""
    return _CODECS.get(transfer_syntax_uid)


def rle(frame: NDArray[Any], bits_stored: int) -> bytes:  # noqa: ARG001 - all bits are kept
    """RLE Lossless: a header and one segment for each byte of a pixel (PS3.5 G)."""
    from rle.utils import encode_pixel_data

    encoded: bytes = encode_pixel_data(
        _little(frame).tobytes(),
        byteorder="<",
        rows=frame.shape[0],
        columns=frame.shape[1],
        samples_per_pixel=_samples(frame),
        bits_allocated=frame.itemsize * 8,
        number_of_frames=1,
    )
    return encoded


def jpeg_baseline(frame: NDArray[Any], bits_stored: int) -> bytes:  # noqa: ARG001 - always 8
    """JPEG process 1; colour as YCbCr with half the chrominance samples in a row."""
    from PIL import Image

    stream = BytesIO()
    # 4:2:2 is what YBR_FULL_422 promises (PS3.3 C.7.6.3.1.2).
    Image.fromarray(frame).save(stream, "JPEG", quality=QUALITY, subsampling="4:2:2")
    return stream.getvalue()


def jpeg_lossless(frame: NDArray[Any], bits_stored: int) -> bytes:
    """JPEG process 14, first-order prediction (selection value 1), by GDCM."""
    return jpeg_lossless_sv1(_little(frame), bits_stored)


def jpeg_ls(frame: NDArray[Any], bits_stored: int) -> bytes:
    """JPEG-LS lossless."""
    return _jpeg_ls(frame, bits_stored, 0)


def jpeg_ls_near(frame: NDArray[Any], bits_stored: int) -> bytes:
    """JPEG-LS near-lossless, off by NEAR at most, or twice that at the ends of a signed range."""
    if frame.dtype.kind == "i":
        # To the encoder a negative number is a large one; kept away from both ends, an error of NEAR
        # cannot turn one into the other.
        top = 2 ** (bits_stored - 1) - 1
        frame = frame.clip(NEAR - top - 1, top - NEAR)
    return _jpeg_ls(frame, bits_stored, NEAR)


def jpeg_2000_lossless(frame: NDArray[Any], bits_stored: int) -> bytes:
    """JPEG 2000, reversible wavelet and, for colour, reversible component transformation."""
    return _jpeg_2000(frame, bits_stored, None)


def jpeg_2000(frame: NDArray[Any], bits_stored: int) -> bytes:
    """JPEG 2000, irreversible, as exact as FIDELITY asks."""
    extent = max(1, int(frame.max()) - int(frame.min()))
    # The encoder counts from the greatest number that the stored bits can hold.
    peak = (1 << bits_stored) - 1
    return _jpeg_2000(frame, bits_stored, [FIDELITY + 20 * math.log10(peak / extent)])


def htj2k_lossless(frame: NDArray[Any], bits_stored: int) -> bytes:  # noqa: ARG001 - see _htj2k
    """High-Throughput JPEG 2000, reversible."""
    return _htj2k(frame, reversible=True)


def htj2k(frame: NDArray[Any], bits_stored: int) -> bytes:  # noqa: ARG001 - see _htj2k
    """High-Throughput JPEG 2000, irreversible."""
    return _htj2k(frame, reversible=False)


def _jpeg_ls(frame: NDArray[Any], bits_stored: int, near: int) -> bytes:
    from jpeg_ls import encode_buffer

    samples = _little(frame).view(f"<u{frame.itemsize}")
    if bits_stored < frame.itemsize * 8:
        # JPEG-LS knows no sign: what extends it above the stored bits must go (PS3.5 8.2.3).
        samples = samples & ((1 << bits_stored) - 1)
    return bytes(
        encode_buffer(
            samples.tobytes(),
            frame.shape[0],
            frame.shape[1],
            _samples(frame),
            bits_stored,
            lossy_error=near,
            interleave_mode=2 if frame.ndim == 3 else 0,
        )
    )


def _jpeg_2000(frame: NDArray[Any], bits_stored: int, noise: list[float] | None) -> bytes:
    from openjpeg.utils import encode_array

    color = frame.ndim == 3
    return encode_array(
        frame,
        bits_stored=bits_stored,
        photometric_interpretation=1 if color else 2,  # sRGB or grey, for the transformation only
        use_mct=color,
        signal_noise_ratios=noise,
    )


def _htj2k(frame: NDArray[Any], *, reversible: bool) -> bytes:
    # OpenJPH's binding has no precision of its own: the codestream says that of whole bytes.
    from imagecodecs import htj2k_encode

    return bytes(htj2k_encode(frame, reversible=reversible, rgb=frame.ndim == 3))


def _little(frame: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(frame, dtype=frame.dtype.newbyteorder("<"))


def _samples(frame: NDArray[Any]) -> int:
    return 3 if frame.ndim == 3 else 1


_CODECS = {
    TRANSFER_SYNTAXES[name]: codec
    for name, codec in {
        "rle": Codec(rle),
        "jpeg-baseline": Codec(jpeg_baseline, "YBR_FULL_422", "ISO_10918_1"),
        "jpeg-lossless": Codec(jpeg_lossless),
        "jpeg-ls": Codec(jpeg_ls),
        "jpeg-ls-near": Codec(jpeg_ls_near, method="ISO_14495_1"),
        "jpeg-2000-lossless": Codec(jpeg_2000_lossless, "YBR_RCT"),
        "jpeg-2000": Codec(jpeg_2000, "YBR_ICT", "ISO_15444_1"),
        "htj2k-lossless": Codec(htj2k_lossless, "YBR_RCT"),
        "htj2k": Codec(htj2k, "YBR_ICT", "ISO_15444_15"),
    }.items()
}

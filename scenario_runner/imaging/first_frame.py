"""What the pixels of a series are, as its first frame shows: their shape, their type, their shades."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from scenario_runner.errors import PluginError

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.imaging.api import Frame, IodBuilder
    from scenario_runner.imaging.encoding.codecs import Codec
    from scenario_runner.planning.plan import PlannedSeries


def may_have(frames: int, builder: IodBuilder) -> bool:
    """Whether a kind of image can have so many frames."""
    defaults = builder.defaults
    return frames == 1 or defaults.frames > 1 or bool(defaults.multiframe_sop_class_uid)


def described(series: PlannedSeries, frame: Frame) -> Frame:
    """What a phantom drew, with color settled. Raises PluginError for pixels that break the contract."""
    shape, dtype = frame.pixels.shape, frame.pixels.dtype
    size = (series.rows, series.columns)
    if frame.color is None:
        # Three columns are no samples where they make frames of the series' size.
        grey = len(shape) == 3 and shape[1:] == size and (shape[:2] != size or series.frames > 1)
        frame = dataclasses.replace(frame, color=not grey and frame.samples > 1)
    if (
        dtype.kind not in "ui"
        or dtype.itemsize > 2
        or len(shape) - len(frame.plane) not in (0, 1)
        or frame.plane != (*size, 3)[: len(frame.plane)]
        or not 1 <= frame.bits_stored <= dtype.itemsize * 8
    ):
        raise PluginError(
            f"the phantom of series {series.id} drew {shape} {dtype} of {frame.bits_stored} bits; "
            f"{series.rows} rows and {series.columns} columns of 8 or 16-bit integers are wanted"
        )
    return frame


def declare_compression(shared: Dataset, codec: Codec) -> None:
    """What compression changes in the attributes that describe pixels (PS3.3 C.7.6.1.1.5, C.7.6.3).

    ImageType stays as it is: there is no image that this one would be derived from.
    """
    if shared.SamplesPerPixel == 3:
        shared.PhotometricInterpretation = codec.color
    if codec.method:
        shared.LossyImageCompression = "01"
        shared.LossyImageCompressionMethod = codec.method


def ink(frame: Frame, photometric: str) -> tuple[int, int]:
    """Stored values that are shown black and white under the frame's window."""
    if frame.pixels.dtype.itemsize == 1:
        dark, bright = 0, 255
    else:
        (center, width), (slope, intercept) = frame.window, frame.rescale
        limits = np.iinfo(frame.pixels.dtype)
        signed = limits.min < 0
        top = 2 ** (frame.bits_stored - signed) - 1
        bottom = -top - 1 if signed else 0
        dark, bright = (
            int(min(top, max(bottom, round((center + side * width / 2 - intercept) / slope))))
            for side in (-1, 1)
        )
    return (bright, dark) if photometric == "MONOCHROME1" else (dark, bright)

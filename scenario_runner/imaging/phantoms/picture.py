"""A user's own PNG, JPEG or NumPy file as the pixels of a series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from scenario_runner.errors import UsageError
from scenario_runner.imaging.api import Frame
from scenario_runner.imaging.refusal import refusal
from scenario_runner.planning.pictures import COLOUR, EIGHT_BITS, measured

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenario_runner.planning.pictures import Picture
    from scenario_runner.planning.plan import PlannedSeries

_SIXTEEN_BITS = frozenset({"NM", "PT"})
"""Modalities whose IODs have all allocated bits stored."""


class PictureFrames:
    """What a file shows. Arrays are stored value for value, pictures fitted to the series' size.

    A grey picture of 8 bits fills 12 bits where the modality has them. A volume gives its slices to the
    images, or to the frames, of the series from first to last. Raises UsageError for a file that
    changed since it was planned, InvalidInput for one that cannot be decoded.
    """

    def __init__(self, series: PlannedSeries, picture: Picture) -> None:
        self._series, self._name = series, picture.file.name
        try:
            unchanged = measured(picture.file) == picture
            self._planes = _load(series, picture)
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            message = f"'{self._name}' cannot be read: {error}"
            raise refusal(series, "FAB313", message, None) from None
        self._color = color = self._planes.ndim == 4
        if not unchanged:
            raise UsageError(f"series {series.id}: '{self._name}' changed while the run went on")
        self._bits = self._bits_stored(self._planes)
        low, high = int(self._planes.min()), int(self._planes.max())
        self._window = (128.0, 256.0) if color else ((low + high) / 2, float(max(1, high - low)))

    def frame(self, index: int) -> Frame:
        """See Frames."""
        series, count = self._series, len(self._planes)
        if series.frames > 1:
            chosen = [place * count // series.frames for place in range(series.frames)]
            pixels = self._planes if chosen == list(range(count)) else self._planes[chosen]
        else:
            pixels = self._planes[index * count // series.image_count]
        return Frame(pixels=pixels, bits_stored=self._bits, window=self._window, color=self._color)

    def _bits_stored(self, planes: NDArray[Any]) -> int:
        modality = self._series.modality
        if planes.dtype.itemsize == 1:
            return 8
        if modality in _SIXTEEN_BITS or planes.dtype.kind == "i":
            return 16
        return 12 if int(planes.max()) < 4096 else 16


def _load(series: PlannedSeries, picture: Picture) -> NDArray[Any]:
    """All planes, (planes, rows, columns[, 3])."""
    if picture.is_array:
        return _array(np.load(picture.file, allow_pickle=False), series, picture)
    with Image.open(picture.file, formats=("PNG", "JPEG")) as opened:
        return _picture(opened, series)[None]


def _array(array: NDArray[Any], series: PlannedSeries, picture: Picture) -> NDArray[Any]:
    """An array's values as they are, in a type that the modality has."""
    modality = series.modality
    planes = array[None] if picture.color else array.reshape((-1, picture.rows, picture.columns))
    if not picture.color and planes.dtype.itemsize == 1 and modality not in EIGHT_BITS:
        planes = planes.astype(np.int16 if picture.signed else np.uint16)
    return np.ascontiguousarray(planes)


def _picture(opened: Image.Image, series: PlannedSeries) -> NDArray[Any]:
    """A picture, the right way up, at the size of the series, with a black border where its shape differs."""
    deep = opened.mode.startswith(("I", "F"))
    grey = deep or opened.mode in ("1", "L", "LA") or series.modality not in COLOUR
    upright = ImageOps.exif_transpose(opened)
    image = upright.convert("I" if deep else "L" if grey else "RGB")
    if image.size != (series.columns, series.rows):
        scale = min(series.columns / image.width, series.rows / image.height)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        fitted = image.resize(size, Image.Resampling.LANCZOS)
        image = Image.new(image.mode, (series.columns, series.rows))
        image.paste(fitted, ((series.columns - size[0]) // 2, (series.rows - size[1]) // 2))
    pixels = np.asarray(image)
    stored: NDArray[Any] = np.ascontiguousarray(pixels)
    if not grey:
        return stored
    if deep:
        stored = np.clip(pixels, 0, 65535).astype(np.uint16)
        return (stored >> 8).astype(np.uint8) if series.modality in EIGHT_BITS else stored
    if series.modality in EIGHT_BITS:
        return stored
    filled: NDArray[np.uint16] = (stored.astype(np.uint32) * 4095 // 255).astype(np.uint16)
    return filled

"""Stored pixels as eyes see them: grey through Modality and VOI LUT, or colour (PS3.3 C.11, C.7.6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from pydicom import Dataset

Function = Literal["linear", "linear-exact", "sigmoid"]

_GRAY: Final = ("MONOCHROME1", "MONOCHROME2")


@dataclass(frozen=True, slots=True)
class Window:
    """A VOI window (PS3.3 C.11.2.1.2)."""

    center: float
    width: float
    function: Function = "linear"

    def apply(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Values as 0 to 1."""
        import numpy as np

        if self.function == "sigmoid":
            return np.asarray(1 / (1 + np.exp(-4 * (values - self.center) / self.width)))
        if self.function == "linear-exact":
            return np.clip((values - self.center) / self.width + 0.5, 0, 1)
        if self.width == 1:
            return (values > self.center - 0.5).astype(np.float64)
        return np.clip((values - (self.center - 0.5)) / (self.width - 1) + 0.5, 0, 1)


def shown(
    dataset: Dataset,
    pixels: npt.NDArray[np.generic],
    frame: int = 1,
    window: Window | None = None,
) -> npt.NDArray[np.uint8]:
    """A frame of an image in 8 bits: (rows, columns), or (rows, columns, 3) in colour.

    pixels: as decoded, colour as RGB, or every n-th of them. frame: which one it is, from 1, for
    what functional groups say of it. window: instead of the first one of the image. Attributes that
    make no sense raise what pydicom raises for them.
    """
    from pydicom.pixels.processing import apply_color_lut

    interpretation = dataset.get("PhotometricInterpretation", "")
    if interpretation in _GRAY:
        return _gray(dataset, pixels, frame, window)
    if interpretation == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset)
    return _eight_bits(pixels)


def _gray(
    dataset: Dataset, pixels: npt.NDArray[np.generic], frame: int, window: Window | None
) -> npt.NDArray[np.uint8]:
    import numpy as np
    from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

    group = _frame_group(dataset, frame, "PixelValueTransformationSequence")
    values = apply_modality_lut(pixels, group if group is not None else dataset)
    voi = _frame_group(dataset, frame, "FrameVOILUTSequence") or dataset
    window = window or _stored_window(voi)
    if window is None and "VOILUTSequence" in voi:
        lut = apply_voi_lut(values, voi)
        shown = lut / float(2 ** int(voi.VOILUTSequence[0].LUTDescriptor[2]) - 1)
    else:
        shown = (window or _whole_range(values)).apply(values.astype(np.float64))
    inverse = dataset.get("PresentationLUTShape", "") == "INVERSE"
    if inverse or dataset.PhotometricInterpretation == "MONOCHROME1":
        shown = 1 - shown
    return np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8)


def _frame_group(dataset: Dataset, frame: int, keyword: str) -> Dataset | None:
    """An item of a functional group, of the frame or of all frames (PS3.3 C.7.6.16)."""
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    for groups in (per_frame[frame - 1 : frame], shared[:1]):
        for group in groups:
            if items := group.get(keyword):
                return cast("Dataset", items[0])
    return None


def _stored_window(voi: Dataset) -> Window | None:
    """The first window of an instance; None when there is none that can be used."""
    try:
        center, width = (_first(voi.get(word)) for word in ("WindowCenter", "WindowWidth"))
    except ValueError:
        return None  # no number, as an object may have it on purpose
    if center is None or width is None or width <= 0:
        return None
    function = str(voi.get("VOILUTFunction") or "LINEAR").lower().replace("_", "-")
    known = function in ("linear", "linear-exact", "sigmoid")
    return Window(center, width, cast("Function", function) if known else "linear")


def _first(value: object) -> float | None:
    from pydicom.multival import MultiValue

    if isinstance(value, MultiValue):
        value = value[0] if value else None
    return None if value is None or value == "" else float(str(value))


def _whole_range(values: npt.NDArray[np.generic]) -> Window:
    low, high = float(values.min()), float(values.max())
    return Window((low + high) / 2, max(high - low, 1.0), "linear-exact")


def _eight_bits(pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    import numpy as np

    if pixels.dtype == np.uint8:
        return cast("npt.NDArray[np.uint8]", pixels)
    most = 2.0 ** (8 * pixels.dtype.itemsize) - 1
    return np.rint(pixels.astype(np.float64) / most * 255).astype(np.uint8)

"""Stored pixels as eyes see them: grey through Modality and VOI LUT, or colour (PS3.3 C.11, C.7.6.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from scenario_runner.showing.lookup_tables import check_palette, lookup_table
from scenario_runner.showing.window import Window, first_number, stored_window, whole_range

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from pydicom import Dataset

_GRAY: Final = ("MONOCHROME1", "MONOCHROME2")
_PADDING: Final = ("PixelPadding", "FloatPixelPadding", "DoubleFloatPixelPadding")


def display_frame(
    dataset: Dataset,
    pixels: npt.NDArray[np.generic],
    frame: int = 1,
    window: Window | None = None,
) -> npt.NDArray[np.uint8]:
    """A frame of an image in 8 bits: (rows, columns), or (rows, columns, 3) in colour.

    pixels: as decoded, colour as RGB, or every n-th of them. frame: which one it is, from 1, for
    what functional groups say of it. window: instead of the first one of the image; without any the
    whole range of its values is shown. Padding (C.7.5.1.1.2) and what is not a number are black and
    not part of that range. Raises LookupTableError for a table that cannot be used; other attributes
    that make no sense raise what pydicom raises for them.
    """
    from pydicom.pixels.processing import apply_color_lut

    interpretation = dataset.get("PhotometricInterpretation", "")
    if interpretation in _GRAY:
        return _gray(dataset, pixels, frame, window)
    if interpretation == "PALETTE COLOR":
        check_palette(dataset)
        return _eight_bits(apply_color_lut(pixels, dataset), _bits_of_entries(dataset))
    return _eight_bits(pixels, dataset.get("BitsStored"))


def _gray(
    dataset: Dataset, pixels: npt.NDArray[np.generic], frame: int, window: Window | None
) -> npt.NDArray[np.uint8]:
    import numpy as np

    group = _frame_group(dataset, frame, "PixelValueTransformationSequence")
    background = _background(dataset, pixels)
    rescaled = group if group is not None else dataset
    values = _modality(rescaled, pixels)
    voi = _frame_group(dataset, frame, "FrameVOILUTSequence") or dataset
    window = window or stored_window(voi)
    if window is not None:
        shown = window.apply(values)
    elif voi.get("VOILUTSequence"):
        signed = _reaches_below_zero(dataset, rescaled, pixels.dtype)
        shown = lookup_table(voi.VOILUTSequence[0], "VOI LUT", signed=signed).shares(values)
    else:
        finite = None if np.isfinite(values).all() else np.isfinite(values)
        counted = _both(finite, None if background is None else ~background)
        shown = whole_range(values, counted)
    inverse = dataset.get("PresentationLUTShape", "") == "INVERSE"
    if inverse or dataset.PhotometricInterpretation == "MONOCHROME1":
        shown = 1 - shown
    if background is not None:
        shown = np.where(background, 0, shown)
    return np.rint(np.clip(np.nan_to_num(shown, nan=0), 0, 1) * 255).astype(np.uint8)


def _modality(dataset: Dataset, pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Through the Modality LUT or slope and intercept (C.11.1), where there is one."""
    import numpy as np

    if items := dataset.get("ModalityLUTSequence"):
        table = lookup_table(items[0], "Modality LUT", signed=pixels.dtype.kind == "i")
        return table.apply(pixels).astype(np.float64)
    values = pixels.astype(np.float64)
    slope = first_number(dataset.get("RescaleSlope"))
    intercept = first_number(dataset.get("RescaleIntercept"))
    with np.errstate(over="ignore", invalid="ignore"):
        if slope is not None and slope != 1:
            values *= slope
        if intercept:
            values += intercept
    return values


def _reaches_below_zero(dataset: Dataset, rescaled: Dataset, dtype: np.dtype[np.generic]) -> bool:
    """Whether any value that can be stored is below 0 after the Modality LUT (C.11.2.1.1)."""
    if rescaled.get("ModalityLUTSequence"):
        return False
    if dtype.kind != "u":
        return True
    import numpy as np

    bits = first_number(dataset.get("BitsStored")) or 8 * dtype.itemsize
    ends = np.array([[0, 2.0 ** min(bits, 64) - 1]])
    return bool((_modality(rescaled, ends) < 0).any())


def _background(dataset: Dataset, pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_] | None:
    """Which stored values are padding around the image (C.7.5.1.1.2); None when none can be.

    The background of a label map is such a value (C.8.20.2), and the darkest of its labels is not to be as black.
    """
    if dataset.get("SegmentationType") == "LABELMAP":
        return None
    for keyword in _PADDING:
        value = first_number(dataset.get(f"{keyword}Value"))
        if value is None:
            continue
        limit = first_number(dataset.get(f"{keyword}RangeLimit"))
        ends = [_as_stored(end, pixels) for end in (value, value if limit is None else limit)]
        stored = cast("npt.NDArray[np.float64]", pixels)
        return (stored >= min(ends)) & (stored <= max(ends))
    return None


def _as_stored(value: float, pixels: npt.NDArray[np.generic]) -> float:
    """The value as pixels of this type have it: writers give -2000 as US, that is 63536."""
    if pixels.dtype.kind not in "iu":
        return value
    bits = 8 * pixels.dtype.itemsize
    value = int(value) % 2**bits
    return value - 2**bits if pixels.dtype.kind == "i" and value >= 2 ** (bits - 1) else value


def _both(
    one: npt.NDArray[np.bool_] | None, other: npt.NDArray[np.bool_] | None
) -> npt.NDArray[np.bool_] | None:
    if one is None or other is None:
        return one if other is None else other
    return one & other


def _frame_group(dataset: Dataset, frame: int, keyword: str) -> Dataset | None:
    """An item of a functional group, of the frame or of all frames (PS3.3 C.7.6.16)."""
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    for groups in (per_frame[frame - 1 : frame], shared[:1]):
        for group in groups:
            if items := group.get(keyword):
                return cast("Dataset", items[0])
    return None


def _bits_of_entries(dataset: Dataset) -> int | None:
    """8 where a palette of 8 bits has each entry in a word, as the note in C.7.6.3.1.5 has seen it; None for all."""
    entries, _, bits = (int(one) for one in dataset.RedPaletteColorLookupTableDescriptor)
    data = dataset.get("RedPaletteColorLookupTableData") or b""
    return 8 if bits == 8 and len(data) >= 2 * (entries or 65536) else None


def _eight_bits(pixels: npt.NDArray[np.generic], bits: int | None) -> npt.NDArray[np.uint8]:
    """bits: how many of each sample are stored; None for all."""
    import numpy as np

    width = 8 * pixels.dtype.itemsize
    bits = bits if bits is not None and 0 < bits < width else width
    if pixels.dtype == np.uint8 and bits == 8:
        return cast("npt.NDArray[np.uint8]", pixels)
    scaled = pixels.astype(np.float64) / (2.0**bits - 1) * 255
    return np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)

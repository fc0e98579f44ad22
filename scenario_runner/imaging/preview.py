"""A small picture of an instance for the report."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from scenario_runner.decoding import can_decode, pixels_of
from scenario_runner.imaging.api import Preview
from scenario_runner.imaging.card import card, undecoded
from scenario_runner.imaging.text.overlay import DATA, GROUP

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.imaging.instance import Instance

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def render(instance: Instance, max_side: int) -> Preview:
    """Window, reduce and compress. The same instance always gives the same bytes.

    An instance without pixels gives a card with what it says, a PDF its page; one whose pixels cannot
    be decoded here a card that says so. Rescale and the linear window are applied (PS3.3 C.11.2.1.2), MONOCHROME1 is
    inverted, our overlay plane is shown.
    """
    dataset = instance.dataset()
    if not any(keyword in dataset for keyword in _PIXELS):
        return _png(card(dataset, max_side))
    try:
        pixels = pixels_of(dataset)
    except Exception:  # noqa: BLE001 - decoders of other makers raise what they like
        syntax = dataset.file_meta.get("TransferSyntaxUID", "")
        return _png(undecoded(dataset, max_side, damaged=can_decode(syntax)))
    color = dataset.get("SamplesPerPixel", 1) == 3
    if pixels.ndim > (3 if color else 2):
        pixels = pixels[len(pixels) // 2]
    overlaid = DATA in dataset
    # Thin lines of an overlay would fall through the sieve of a step.
    step = 1 if overlaid else max(1, max(pixels.shape[:2]) // (2 * max_side))
    pixels = pixels[::step, ::step]
    if color:
        image = Image.fromarray(np.ascontiguousarray(pixels).astype(np.uint8))
    else:
        slope = float(_of(dataset, "RescaleSlope") or 1)
        values = pixels.astype(np.float32) * slope + float(_of(dataset, "RescaleIntercept") or 0)
        low, high = _window(_of(dataset, "WindowCenter"), _of(dataset, "WindowWidth"), values)
        grey = np.clip((values - low) * (255.0 / max(high - low, 1e-6)), 0, 255)
        if dataset.get("PhotometricInterpretation") == "MONOCHROME1":
            grey = 255 - grey
        image = Image.fromarray(grey.astype(np.uint8))
    if overlaid:
        bright = Image.fromarray(dataset.overlay_array(GROUP).astype(np.uint8) * 255)
        image.paste("white", mask=bright)
    image.thumbnail((max_side, max_side), Image.Resampling.BOX)
    return _png(image)


def _of(dataset: Dataset, keyword: str) -> Any:
    """A value of the image, or of the functional groups that its frames share (C.7.6.16)."""
    if keyword in dataset:
        return dataset.get(keyword)
    for shared in dataset.get("SharedFunctionalGroupsSequence") or ():
        for group in shared:
            if group.VR == "SQ" and group.value and keyword in group.value[0]:
                return group.value[0].get(keyword)
    return None


def _window(center: object, width: object, values: np.ndarray) -> tuple[float, float]:
    try:
        middle, extent = float(str(center)), float(str(width))
    except ValueError:
        return float(values.min()), float(values.max())
    return middle - extent / 2, middle + extent / 2


def _png(image: Image.Image) -> Preview:
    stream = BytesIO()
    image.save(stream, format="PNG", optimize=False, compress_level=6)
    return Preview(png=stream.getvalue(), width=image.width, height=image.height)

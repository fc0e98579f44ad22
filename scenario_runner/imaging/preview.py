"""A small picture of an instance for the report."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from scenario_runner.decoding import can_decode, pixels_of
from scenario_runner.imaging.api import Preview
from scenario_runner.imaging.card import card, unshown, why_undecoded
from scenario_runner.imaging.text.overlay import DATA, GROUP
from scenario_runner.showing import display_frame
from scenario_runner.showing.lookup_tables import LookupTableError

if TYPE_CHECKING:
    import numpy.typing as npt
    from pydicom import Dataset

    from scenario_runner.imaging.instance import Instance

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def render(instance: Instance, max_side: int) -> Preview:
    """Window, reduce and compress. The same instance always gives the same bytes.

    An instance without pixels gives a card with what it says, a PDF its page; one that cannot be
    shown here a card that says why. Our overlay plane is shown.
    """
    dataset = instance.dataset()
    if not any(keyword in dataset for keyword in _PIXELS):
        return _png(card(dataset, max_side))
    overlaid = DATA in dataset
    try:
        image = Image.fromarray(_middle(dataset, None if overlaid else max_side))
    except LookupTableError as error:
        return _png(unshown([str(error)], max_side))
    except Exception:  # noqa: BLE001 - decoders of other makers raise what they like
        syntax = dataset.file_meta.get("TransferSyntaxUID", "")
        return _png(unshown(why_undecoded(dataset, damaged=can_decode(syntax)), max_side))
    if overlaid:
        bright = Image.fromarray(dataset.overlay_array(GROUP).astype(np.uint8) * 255)
        image.paste("white", mask=bright)
    image.thumbnail((max_side, max_side), Image.Resampling.BOX)
    return _png(image)


def _middle(dataset: Dataset, side: int | None) -> npt.NDArray[np.uint8]:
    """The frame in the middle, in 8 bits.

    side: pixels of the longer edge that are wanted, so that not all need be windowed; None for all,
    for thin lines of an overlay would fall through the sieve.
    """
    pixels, frame = pixels_of(dataset), 1
    if pixels.ndim > (3 if dataset.get("SamplesPerPixel", 1) == 3 else 2):
        frame = len(pixels) // 2 + 1
        pixels = pixels[frame - 1]
    step = 1 if side is None else max(1, max(pixels.shape[:2]) // (2 * side))
    return display_frame(dataset, np.ascontiguousarray(pixels[::step, ::step]), frame)


class _Png(BytesIO):
    """By its name Pillow sees what is to be written; told the format, it would load five of them first."""

    name = "preview.png"


def _png(image: Image.Image) -> Preview:
    stream = _Png()
    image.save(stream, optimize=False, compress_level=6)
    return Preview(png=stream.getvalue(), width=image.width, height=image.height)

"""Pixels that differ, for eyes: what was sent, what was received, and where they are not the same."""

from __future__ import annotations

from dataclasses import field
from io import BytesIO
from typing import TYPE_CHECKING, Any

from scenario_runner.api import Picture
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np
    from PIL import Image
    from pydicom import Dataset

    from scenario_runner.checks.pixel_difference import PixelDifference, Place
    from scenario_runner.planning.plan import PlannedImage

MOST = 6
"""Pictures that a check keeps."""
_OF_A_SERIES = 3
"""Of them of one series, so that others are seen, too."""
SIDE = 192
"""Pixels of the longer edge of each of the three."""
GAP = 8
"""Pixels between them."""
_LARGEST = 128 * 1024
"""Bytes of a picture; one of coloured noise is made smaller."""
_FAINTEST = 0.3
"""How bright the smallest difference is drawn: one of 1 in 65,535 has to be seen."""
_MARK = (0, 190, 255)
_REACH = 9
"""Pixels from the place to the corners that mark it."""


@dataclass(slots=True)
class Pictures:
    """The pictures of the first images that differ. hidden: keys of series of which none may be kept."""

    hidden: Collection[str] = ()
    kept: list[Picture] = field(default_factory=list)

    def take(
        self,
        image: PlannedImage,
        header: Dataset,
        ours: np.ndarray,
        theirs: np.ndarray,
        found: PixelDifference | None,
        frame: int | None = None,
    ) -> None:
        """Keep one more, when there is something to see and room for it.

        header: of what was sent; both are windowed as it says. ours, theirs: as ``pixel_difference`` takes
        them. frame: which one they are, from 1, where they are one of several.
        """
        if found is None or found.place is None or not found.most or len(self.kept) >= MOST:
            return
        series = image.series.id
        of_it = sum(one.subject["series"] == series for one in self.kept)
        if series in self.hidden or of_it >= _OF_A_SERIES:
            return
        if found.place.frame is not None:
            frame = found.place.frame
            ours, theirs = ours[frame - 1], theirs[frame - 1]
        try:
            png = picture(header, ours, theirs, found.place, frame or 1)
        except Exception:  # noqa: BLE001 - a header that cannot be shown is no reason not to compare
            return
        self.kept.append(
            Picture(
                name=f"{image.id}-differs.png",
                png=png,
                title=f"{image.id}: sent, received, difference",
                subject=_facts(image, found, frame),
            )
        )


def _facts(image: PlannedImage, found: PixelDifference, frame: int | None) -> dict[str, Any]:
    assert found.place is not None
    series = image.series
    return {
        "shows": "difference",
        "image": image.id,
        "series": series.id,
        "study": series.study.id,
        "patient": series.study.patient.id,
        "modality": series.modality,
        "shows_nobody": series.shows_nobody,
        "values": found.values,
        "of": found.of,
        "largest": found.most,
        "x": found.place.x,
        "y": found.place.y,
        "frame": frame,
        "sent": found.sent,
        "received": found.received,
    }


def picture(
    header: Dataset, ours: np.ndarray, theirs: np.ndarray, place: Place, frame: int
) -> bytes:
    """Sent, received and difference side by side as PNG, the place marked in each.

    ours, theirs: one frame, (rows, columns[, 3]). The difference is black where they are equal and the
    brighter the greater it is; a pixel that differs stays when the picture is smaller than the image.
    """
    import numpy as np

    from scenario_runner.showing import display_frame

    # Where a value is missing there is no distance, and none is to hide the others.
    distances = np.nan_to_num(np.abs(ours.astype("f8") - theirs.astype("f8")), nan=0, posinf=0)
    if distances.ndim == 3:
        distances = distances.max(axis=2)
    both = [display_frame(header, np.ascontiguousarray(one), frame) for one in (ours, theirs)]
    side = SIDE
    while True:
        png = _strip(both, distances, place, side)
        if len(png) <= _LARGEST or side <= SIDE // 4:
            return png
        side //= 2


def _strip(both: list[Any], distances: np.ndarray, place: Place, side: int) -> bytes:
    from PIL import Image

    rows, columns = distances.shape
    scale = side / max(rows, columns)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    way = Image.Resampling.BOX if scale < 1 else Image.Resampling.NEAREST
    panels = [Image.fromarray(one).convert("RGB").resize(size, way) for one in both]
    panels.append(Image.fromarray(_warm(_resized(distances, size))))
    strip = Image.new("RGBA", (3 * size[0] + 2 * GAP, size[1]))
    at = int((place.x + 0.5) * scale), int((place.y + 0.5) * scale)
    reach = max(_REACH, round(scale / 2) + 3)
    for number, panel in enumerate(panels):
        _mark(panel, at, reach)
        strip.paste(panel, (number * (size[0] + GAP), 0))
    stream = BytesIO()
    strip.save(stream, format="PNG", optimize=False, compress_level=9)
    return stream.getvalue()


def _resized(distances: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The greatest distance under each pixel of the picture, for a mean would hide a single one."""
    import numpy as np

    for axis, wanted in ((0, size[1]), (1, size[0])):
        length = distances.shape[axis]
        if wanted < length:
            starts = np.arange(wanted) * length // wanted
            distances = np.maximum.reduceat(distances, starts, axis=axis)
        else:
            distances = np.take(distances, np.arange(wanted) * length // wanted, axis=axis)
    return distances


def _warm(distances: np.ndarray) -> np.ndarray:
    """Black for none, from a dark red over orange to pale yellow for the greatest; (rows, columns, 3)."""
    import numpy as np

    greatest = float(distances.max()) or 1.0
    share = np.where(distances > 0, _FAINTEST + (1 - _FAINTEST) * distances / greatest, 0)
    ramps = ((0, 0.45), (0.25, 0.85), (0.7, 1.15))
    colours = [np.clip((share - low) / (high - low), 0, 1) for low, high in ramps]
    return np.rint(np.stack(colours, axis=-1) * 255).astype(np.uint8)


def _mark(panel: Image.Image, at: tuple[int, int], reach: int) -> None:
    """Four corners around a place: what is there stays to be seen."""
    from PIL import ImageDraw

    draw = ImageDraw.Draw(panel)
    arm = max(3, reach // 2)
    for right in (-1, 1):
        for down in (-1, 1):
            x, y = at[0] + right * reach, at[1] + down * reach
            draw.line([(x - right * arm, y), (x, y), (x, y - down * arm)], fill=_MARK, width=2)

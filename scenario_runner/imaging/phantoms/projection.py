"""What projection radiographs are painted with: soft ellipses, strokes, and the film's response.

Painted at a low resolution as attenuation (0 nothing, 1 dense), enlarged, grained, and kept as
12-bit values in which bone is bright (MONOCHROME2, P-Values).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from scenario_runner.imaging.api import Frame
from scenario_runner.imaging.phantoms.noise import noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.planning.plan import PlannedSeries

Plane = NDArray[np.float32]
Point = tuple[float, float]
Place = Callable[["Sequence[Point]"], "list[Point]"]
"""Points of the plane to pixels of the image that is painted."""

EDGE = 768
"""Pixels of the plane's edge; enough for what a radiograph resolves of soft tissue and bone."""


class Film:
    """A plane of attenuation. Coordinates: -1 to 1 in both directions, y downwards."""

    def __init__(self) -> None:
        axis = ((np.arange(EDGE, dtype=np.float32) + 0.5) / (EDGE / 2) - 1).astype(np.float32)
        self.x, self.y = axis[None, :], axis[:, None]
        self.plane: Plane = np.zeros((EDGE, EDGE), np.float32)

    def ellipse(
        self, center: Point, radii: Point, *, turn: float = 0.0, power: float = 0.5
    ) -> Plane:
        """The thickness of an ellipsoid seen along the beam, 1 in the middle.

        power: 0.5 an ellipsoid; nearer to 0 a body with a flat top and steep edges.
        """
        cos, sin = np.float32(np.cos(np.radians(turn))), np.float32(np.sin(np.radians(turn)))
        dx, dy = self.x - np.float32(center[0]), self.y - np.float32(center[1])
        u = (dx * cos + dy * sin) / np.float32(radii[0])
        v = (dy * cos - dx * sin) / np.float32(radii[1])
        inside = np.maximum(np.float32(0), 1 - u * u - v * v)
        return (inside ** np.float32(power)).astype(np.float32)

    def shape(self, outline: Sequence[Point], blur: float) -> Plane:
        """A filled outline with soft edges. blur: in units of the plane."""

        def paint(draw: ImageDraw.ImageDraw, place: Place) -> None:
            draw.polygon(place(outline), fill=255)

        return self._drawn(paint, outline, 0.0, blur)

    def stroke(self, points: Sequence[Point], width: float, blur: float) -> Plane:
        """A soft line of even width through points."""
        return self.strokes([(points, width)], blur)

    def strokes(self, lines: Sequence[tuple[Sequence[Point], float]], blur: float) -> Plane:
        """Several soft lines with round ends, each of its own width, painted as one."""

        def paint(draw: ImageDraw.ImageDraw, place: Place) -> None:
            for points, width in lines:
                pixels = max(1, round(width * EDGE / 2))
                line = place(points)
                draw.line(line, fill=255, width=pixels, joint="curve")
                if pixels > 4:
                    for x, y in (line[0], line[-1]):
                        r = pixels / 2
                        draw.ellipse((x - r, y - r, x + r, y + r), fill=255)

        everything = [point for points, _ in lines for point in points]
        widest = max((width for _, width in lines), default=0.0)
        return self._drawn(paint, everything, widest, blur)

    @staticmethod
    def _drawn(
        paint: Callable[[ImageDraw.ImageDraw, Place], None],
        points: Sequence[Point],
        width: float,
        blur: float,
    ) -> Plane:
        """A plane with something painted on the part of it where the points are."""
        plane = np.zeros((EDGE, EDGE), np.float32)
        reach = (width + 3 * blur) * EDGE / 2 + 3
        xs = [(x + 1) * EDGE / 2 for x, _ in points]
        ys = [(y + 1) * EDGE / 2 for _, y in points]
        left, right = (
            max(0, min(EDGE, round(edge))) for edge in (min(xs) - reach, max(xs) + reach)
        )
        top, bottom = (
            max(0, min(EDGE, round(edge))) for edge in (min(ys) - reach, max(ys) + reach)
        )
        if left >= right or top >= bottom:
            return plane
        image = Image.new("L", (right - left, bottom - top))

        def place(points: Sequence[Point]) -> list[Point]:
            return [((x + 1) * EDGE / 2 - left, (y + 1) * EDGE / 2 - top) for x, y in points]

        paint(ImageDraw.Draw(image), place)
        if blur:
            # Two boxes are nearly a Gaussian, and several times quicker.
            radius = blur * EDGE / 2 * 1.2
            image = image.filter(ImageFilter.BoxBlur(radius)).filter(ImageFilter.BoxBlur(radius))
        plane[top:bottom, left:right] = np.asarray(image, dtype=np.float32) / np.float32(255)
        return plane


Painter = Callable[[int, str], Plane]
"""(individual, view) to the plane of attenuation."""

INDIVIDUALS = 6
"""How many different bodies a projection has; a series' seed picks one, and its grain is its own."""

_GRAIN = 16.0


class ProjectionFrames:
    """One projection for all images of a series: shared, so that further images cost nothing."""

    def __init__(
        self,
        series: PlannedSeries,
        paint: Painter,
        view: str | None = None,
        *,
        window: tuple[float, float] = (2048.0, 4096.0),
        anchor: float = 0.5,
    ) -> None:
        rows, columns, seed = series.rows, series.columns, series.seed
        shown = (series.view or "").upper() if view is None else view
        base = _enlarged(paint, seed % INDIVIDUALS, shown, rows, columns, anchor)
        grain = _grain(rows + 89, columns + 97)
        top, left = seed % 89, seed // 89 % 97
        self._frame = Frame(
            pixels=np.add(base, grain[top : top + rows, left : left + columns]).view(np.uint16),
            bits_stored=12,
            window=window,
        )

    def frame(self, index: int) -> Frame:  # noqa: ARG002
        """See Frames."""
        return self._frame


@lru_cache(maxsize=2)
def _grain(rows: int, columns: int) -> NDArray[np.int16]:
    return noise(0, rows, columns, _GRAIN)


@lru_cache(maxsize=2)
def _enlarged(
    paint: Painter, individual: int, view: str, rows: int, columns: int, anchor: float
) -> NDArray[np.int16]:
    """The projection without grain, leaving room for it in 12 bits.

    The plane is square: a portrait image shows its full height, and its left (anchor 0), middle (0.5)
    or right (1) part; a landscape image its middle. Kept for the next series, because most series of
    projections have one image.
    """
    longer = max(rows, columns)
    width, height = EDGE * columns / longer, EDGE * rows / longer
    left, top = (EDGE - width) * anchor, (EDGE - height) / 2
    room = round(_GRAIN * 3)
    plane = np.clip(paint(individual, view), 0, 1) * np.float32(4095 - 2 * room) + np.float32(room)
    large = Image.fromarray(plane).resize(
        (columns, rows), Image.Resampling.BILINEAR, box=(left, top, left + width, top + height)
    )
    return np.asarray(large).astype(np.int16)


def curve(*points: Point, steps: int = 24) -> list[Point]:
    """A smooth line through control points (Catmull-Rom), for strokes."""
    ends = [points[0], *points, points[-1]]
    line: list[Point] = []
    for k in range(len(points) - 1):
        p0, p1, p2, p3 = ends[k : k + 4]
        for step in range(steps):
            t = step / steps
            line.append(
                (
                    _spline(p0[0], p1[0], p2[0], p3[0], t),
                    _spline(p0[1], p1[1], p2[1], p3[1], t),
                )
            )
    return [*line, points[-1]]


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3
    )

"""Bodies made of simple solids, and what a cut through them looks like."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import ImageDraw

Level = Callable[[float], int]
"""A tissue's value (HU for CT) to the drawing level."""

_CORNERS = 40


@dataclass(frozen=True, slots=True)
class Canvas:
    """What is drawn on. Coordinates: the shorter image edge runs from -1 to 1, y downwards."""

    draw: ImageDraw.ImageDraw
    rows: int
    columns: int
    zoom: float = 1.0
    """Factor on everything that is drawn, about the centre."""

    def polygon(
        self,
        outline: NDArray[np.float64],
        center: tuple[float, float],
        scale: float,
        fill: int,
    ) -> None:
        """Fill an outline, (corners, 2), given around its centre."""
        half = min(self.rows, self.columns) / 2 * self.zoom
        cx = (self.columns - 1) / 2 + center[0] * half
        cy = (self.rows - 1) / 2 + center[1] * half
        corners = outline * (scale * half) + (cx, cy)
        self.draw.polygon(corners.ravel().tolist(), fill=fill)


class Solid(Protocol):
    """Something that can be cut at a height z, from 0 (feet end) to 1 (head end)."""

    def draw(self, canvas: Canvas, z: float, level: Level) -> None:
        """Draw the cut; nothing when the plane misses."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ellipsoid:
    """An ellipsoid or, without z_half, a cylinder. Sizes in canvas units, turn in degrees.

    lean: how far x and y of the centre move from z = 0 to z = 1. boxy: above 2 the outline fills
    its bounding box more (superellipse). wobble: amplitude and phase of a three-lobed irregularity.
    """

    value: float
    x: float
    y: float
    rx: float
    ry: float
    z: float = 0.5
    z_half: float | None = None
    turn: float = 0.0
    boxy: float = 2.0
    lean: tuple[float, float] = (0.0, 0.0)
    wobble: tuple[float, float] = (0.0, 0.0)
    flat: float = 0.5
    """Exponent of the taper towards the ends: 0.5 an ellipsoid, smaller a blunter solid."""

    def draw(self, canvas: Canvas, z: float, level: Level) -> None:
        """See Solid."""
        scale = 1.0
        if self.z_half is not None:
            away = (z - self.z) / self.z_half
            if abs(away) >= 1:
                return
            scale = (1 - away * away) ** self.flat
        center = (self.x + self.lean[0] * z, self.y + self.lean[1] * z)
        outline = _outline(self.rx, self.ry, self.turn, self.boxy, self.wobble)
        canvas.polygon(outline, center, scale, level(self.value))


@lru_cache(maxsize=1024)
def _outline(
    rx: float, ry: float, turn: float, boxy: float, wobble: tuple[float, float]
) -> NDArray[np.float64]:
    """Corners of a superellipse around its centre, (corners, 2)."""
    angle = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    cos, sin = np.cos(angle), np.sin(angle)
    stretch = 1 + wobble[0] * np.sin(3 * angle + wobble[1])
    u = rx * stretch * np.sign(cos) * np.abs(cos) ** (2 / boxy)
    v = ry * stretch * np.sign(sin) * np.abs(sin) ** (2 / boxy)
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    return np.stack([u * c - v * s, u * s + v * c], axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Solids that are there only where a condition on z holds, such as discs between vertebrae."""

    holds: Callable[[float], bool]
    solids: Sequence[Solid]

    def draw(self, canvas: Canvas, z: float, level: Level) -> None:
        """See Solid."""
        if self.holds(z):
            for solid in self.solids:
                solid.draw(canvas, z, level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ribs:
    """Cut ribs around an oval: each rib runs downwards from the spine, so the cuts wander with z."""

    value: float
    rx: float
    ry: float
    y: float
    pairs: int
    size: float

    def draw(self, canvas: Canvas, z: float, level: Level) -> None:
        """See Solid."""
        for k in range(self.pairs):
            # 0 is at the spine, 1 at the sternum.
            along = (k + 1.7 * z * self.pairs) % self.pairs / self.pairs
            angle = math.pi * (0.42 - 0.86 * along)
            c, s = math.cos(angle), math.sin(angle)
            # The rib lies along the oval: its long axis is the tangent.
            tangent = math.degrees(math.atan2(c * self.ry, -s * self.rx))
            for side in (-1, 1):
                for value, wide, long in ((1.0, 0.45, 1.6), (0.4, 0.2, 1.3)):
                    Ellipsoid(
                        value=self.value * value,
                        x=side * c * self.rx,
                        y=self.y + s * self.ry,
                        rx=self.size * long,
                        ry=self.size * wide,
                        turn=tangent if side > 0 else 180 - tangent,
                    ).draw(canvas, z, level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Solids that shrink with the ellipsoid around them, so that they never leave it."""

    shell: Ellipsoid
    solids: Sequence[Solid]

    def draw(self, canvas: Canvas, z: float, level: Level) -> None:
        """See Solid."""
        assert self.shell.z_half is not None
        away = (z - self.shell.z) / self.shell.z_half
        if abs(away) < 1:
            zoom = (1 - away * away) ** self.shell.flat
            inner = Canvas(canvas.draw, canvas.rows, canvas.columns, canvas.zoom * zoom)
            for solid in self.solids:
                solid.draw(inner, z, level)

"""MR volumes of the head, with the contrast of the sequence: T1, T2, FLAIR, proton density."""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from scenario_runner.imaging.modules.mr_sequence import contrast_of
from scenario_runner.imaging.phantoms.solids import Ellipsoid, Solid, Within
from scenario_runner.imaging.phantoms.volume import DrawingLevels, StoredValues, VolumeFrames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenario_runner.planning.plan import PlannedSeries

Tissues = dict[str, float]

SIGNAL: dict[str, Tissues] = {
    "T1": {"fat": 240, "muscle": 95, "bone": 18, "csf": 28, "gray": 100, "white": 150,
           "deep": 112, "eye": 30, "vessel": 20, "marrow": 150},
    "T2": {"fat": 165, "muscle": 55, "bone": 12, "csf": 245, "gray": 140, "white": 88,
           "deep": 100, "eye": 250, "vessel": 10, "marrow": 90},
    "FLAIR": {"fat": 175, "muscle": 65, "bone": 12, "csf": 18, "gray": 150, "white": 110,
              "deep": 125, "eye": 25, "vessel": 12, "marrow": 95},
    "PD": {"fat": 190, "muscle": 110, "bone": 14, "csf": 150, "gray": 180, "white": 145,
           "deep": 155, "eye": 150, "vessel": 15, "marrow": 120},
}  # fmt: skip
"""Brightness of tissues, 0 to 255, by contrast."""


class BrainFrames(VolumeFrames):
    """Transverse slices from the skull base to the vertex, unsigned 12 bits."""

    def __init__(self, series: PlannedSeries, name: str) -> None:  # noqa: ARG002
        super().__init__(
            series,
            brain(Random(series.seed), SIGNAL[contrast_of(series).name]),  # noqa: S311 - anatomy is no secret
            DrawingLevels(round, (np.arange(256) * 8 + 60).astype(np.int16), background=0),
            22.0,
            StoredValues(12, (950.0, 1900.0)),
        )

    def expose(self, base: NDArray[np.int16], grain: NDArray[np.int16]) -> NDArray[Any]:
        """Magnitudes are never negative; 60 leaves room for the noise."""
        return np.add(base, grain).view(np.uint16)


def brain(random: Random, tissue: Tissues) -> list[Solid]:
    """A head as solids of one contrast, back to front, seen from the feet."""
    w = random.uniform(0.96, 1.03)
    rx, ry = 0.64 * w, 0.8

    def shell(name: str, grow: float, lobes: tuple[float, float] = (0, 0)) -> Ellipsoid:
        return Ellipsoid(value=tissue[name], x=0, y=0, rx=rx * grow, ry=ry * grow, z=0.42,
                         z_half=0.62, flat=0.33, wobble=lobes)  # fmt: skip

    def pair(
        name: str,
        at: tuple[float, float],
        size: tuple[float, float],
        slab: tuple[float, float],
        turn: float,
    ) -> list[Solid]:
        """One in each hemisphere. at: the centre in the slice. slab: the centre along the body, and half the height."""
        return [
            Ellipsoid(value=tissue[name], x=side * at[0], y=at[1], rx=size[0], ry=size[1],
                      z=slab[0], z_half=slab[1], turn=side * turn)
            for side in (-1, 1)
        ]  # fmt: skip

    return [
        shell("fat", 1.1),
        shell("muscle", 1.055),
        shell("bone", 1.035),
        shell("marrow", 0.995),
        shell("bone", 0.975),
        shell("csf", 0.945),
        shell("gray", 0.92),
        Within(shell=shell("gray", 0.92), solids=_cerebrum(random, tissue, w, rx, ry)),
        # insula with the Sylvian fissure
        *pair("gray", (0.4 * w, -0.06), (0.035, 0.17), (0.5, 0.14), 8),
        *pair("csf", (0.45 * w, -0.08), (0.022, 0.15), (0.5, 0.13), 10),
        # caudate, lentiform nucleus, thalamus
        *pair("deep", (0.1, -0.16), (0.045, 0.1), (0.56, 0.12), -18),
        *pair("deep", (0.235, -0.07), (0.065, 0.14), (0.52, 0.1), -14),
        *pair("deep", (0.085, 0.08), (0.075, 0.12), (0.52, 0.09), 14),
        # ventricles
        *pair("csf", (0.055, -0.17), (0.032, 0.12), (0.6, 0.1), -16),
        *pair("csf", (0.075, 0.05), (0.03, 0.24), (0.665, 0.08), 8),
        *pair("csf", (0.17, 0.24), (0.04, 0.13), (0.57, 0.1), 24),
        Ellipsoid(value=tissue["csf"], x=0, y=0.0, rx=0.014, ry=0.1, z=0.5, z_half=0.08),
        *_hind_brain(tissue),
        *_face(tissue),
    ]


def _cerebrum(random: Random, tissue: Tissues, w: float, rx: float, ry: float) -> list[Solid]:
    """White matter, the folds of the cortex, and the fissure between the hemispheres."""
    white: list[Solid] = [
        Ellipsoid(value=tissue["white"], x=side * 0.28 * w, y=0.0, rx=0.205 * w, ry=0.54, z=0.66,
                  z_half=0.36, turn=side * 3, wobble=(0.08, 1.5 + side), flat=0.3)
        for side in (-1, 1)
    ]  # fmt: skip
    temporal: list[Solid] = [
        Ellipsoid(value=tissue["white"], x=side * 0.36 * w, y=y, rx=0.1, ry=0.2, z=0.28, z_half=0.14,
                  turn=side * 10, wobble=(0.15, side))
        for side in (-1, 1)
        for y in (-0.1, 0.2)
    ]  # fmt: skip
    frontal: list[Solid] = [
        Ellipsoid(
            value=tissue["white"], x=side * 0.16, y=-0.5, rx=0.07, ry=0.13, z=0.34, z_half=0.12
        )
        for side in (-1, 1)
    ]
    fissure: list[Solid] = [
        Ellipsoid(value=tissue["csf"], x=0, y=-0.45, rx=0.014, ry=0.3, z=0.6, z_half=0.42),
        Ellipsoid(value=tissue["csf"], x=0, y=0.48, rx=0.014, ry=0.26, z=0.7, z_half=0.34),
        Ellipsoid(value=tissue["white"], x=0, y=-0.2, rx=0.16, ry=0.045, z=0.66, z_half=0.07),
        Ellipsoid(value=tissue["white"], x=0, y=0.22, rx=0.17, ry=0.05, z=0.64, z_half=0.07),
    ]
    return [
        *white,
        *temporal,
        *frontal,
        *_white_fingers(random, tissue, w),
        *_folds(random, tissue, rx, ry),
        *fissure,
    ]


def _folds(random: Random, tissue: Tissues, rx: float, ry: float) -> list[Solid]:
    """Sulci: clefts of fluid that run inwards from the surface."""
    folds: list[Solid] = []
    for k in range(84):
        angle = 2 * math.pi * k / 84 + random.uniform(-0.05, 0.05)
        depth = random.uniform(0.8, 0.88)
        folds.append(
            Ellipsoid(
                value=tissue["csf"], x=math.cos(angle) * rx * depth, y=math.sin(angle) * ry * depth,
                rx=random.uniform(0.04, 0.075), ry=random.uniform(0.006, 0.011),
                turn=math.degrees(angle) + random.uniform(-30, 30),
                z=random.uniform(0.25, 0.95), z_half=random.uniform(0.14, 0.26),
            )
        )  # fmt: skip
    return folds


def _white_fingers(random: Random, tissue: Tissues, w: float) -> list[Solid]:
    """White matter reaching out into the gyri between the sulci."""
    fingers: list[Solid] = []
    for k in range(30):
        angle = 2 * math.pi * (k + 0.5) / 30 + random.uniform(-0.08, 0.08)
        if abs(math.cos(angle)) < 0.16:
            continue
        x, y = math.cos(angle) * 0.45 * w, math.sin(angle) * 0.58
        fingers.append(
            Ellipsoid(
                value=tissue["white"], x=x, y=y, rx=random.uniform(0.1, 0.14),
                ry=random.uniform(0.016, 0.03), turn=math.degrees(angle) + random.uniform(-12, 12),
                z=0.66, z_half=random.uniform(0.2, 0.3),
            )
        )  # fmt: skip
    return fingers


def _hind_brain(tissue: Tissues) -> list[Solid]:
    """Temporal lobes, brain stem, fourth ventricle and the leaves of the cerebellum."""
    solids: list[Solid] = [
        Ellipsoid(value=tissue["csf"], x=0, y=0.02, rx=0.24, ry=0.2, z=0.32, z_half=0.1, boxy=1.5),
        Ellipsoid(value=tissue["white"], x=0, y=0.06, rx=0.13, ry=0.1, z=0.26, z_half=0.2),
        Ellipsoid(value=tissue["csf"], x=0, y=0.19, rx=0.3, ry=0.03, z=0.2, z_half=0.14),
    ]
    for side in (-1, 1):
        solids.append(
            Ellipsoid(value=tissue["gray"], x=side * 0.22, y=0.42, rx=0.25, ry=0.24, z=0.12,
                      z_half=0.2)
        )  # fmt: skip
        solids += [
            Ellipsoid(value=tissue["white"], x=side * (0.16 + 0.05 * k), y=0.36 + 0.05 * k,
                      rx=0.16 - 0.02 * k, ry=0.014, z=0.12, z_half=0.16, turn=side * (18 + 6 * k))
            for k in range(4)
        ]  # fmt: skip
    solids.append(Ellipsoid(value=tissue["csf"], x=0, y=0.2, rx=0.06, ry=0.04, z=0.18, z_half=0.1))
    solids += [
        Ellipsoid(
            value=tissue["vessel"], x=side * 0.1, y=-0.1, rx=0.02, ry=0.025, z=0.2, z_half=0.1
        )
        for side in (-1, 1)
    ]
    return solids


def _face(tissue: Tissues) -> list[Solid]:
    """Eyes in their fat, nasal cavity and sinuses."""
    solids: list[Solid] = []
    for side in (-1, 1):
        solids += [
            Ellipsoid(value=tissue["fat"], x=side * 0.28, y=-0.58, rx=0.19, ry=0.22, z=0.18,
                      z_half=0.13),
            Ellipsoid(value=tissue["eye"], x=side * 0.28, y=-0.64, rx=0.125, ry=0.125, z=0.18,
                      z_half=0.09),
            Ellipsoid(value=tissue["muscle"], x=side * 0.2, y=-0.45, rx=0.02, ry=0.14, z=0.18,
                      z_half=0.05, turn=-side * 20),
            Ellipsoid(value=0, x=side * 0.24, y=-0.52, rx=0.12, ry=0.14, z=0.0, z_half=0.1),
            Ellipsoid(value=tissue["bone"], x=side * 0.42, y=0.16, rx=0.17, ry=0.07, z=0.1,
                      z_half=0.1, turn=-side * 30),
        ]  # fmt: skip
    solids.append(Ellipsoid(value=0, x=0, y=-0.6, rx=0.07, ry=0.15, z=0.06, z_half=0.13))
    return solids

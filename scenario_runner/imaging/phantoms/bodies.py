"""The bodies that CT cuts: organs as solids, back to front, CT numbers in HU.

Drawn as CT shows a patient: seen from the feet, so the patient's right is on the left, front is up.
"""

from __future__ import annotations

import math
from random import Random

from scenario_runner.imaging.phantoms.solids import Ellipsoid, Ribs, Solid, When, Within

FAT, MUSCLE, BONE, MARROW, AIR, LUNG = -100.0, 58.0, 720.0, 230.0, -1000.0, -860.0


def ct(region: str, seed: int) -> list[Solid]:
    """The solids of a region (abdomen, chest, head); the seed makes small individual differences."""
    random = Random(seed)  # noqa: S311 - anatomy is no secret
    return {"abdomen": _abdomen, "chest": _chest, "head": _head}[region](random)


def _spine(y: float, size: float) -> list[Solid]:
    """Vertebrae and discs with canal, processes and the muscles beside them."""

    def disc(z: float) -> bool:
        return math.cos(2 * math.pi * 7 * z) > 0.72

    solids: list[Solid] = [
        Ellipsoid(value=MUSCLE, x=side * size * 1.55, y=y + size * 1.35, rx=size * 1.25,
                  ry=size * 0.8, turn=side * -12, boxy=2.4)
        for side in (-1, 1)
    ]  # fmt: skip
    bony: list[Solid] = [
        Ellipsoid(value=BONE * 0.7, x=0, y=y, rx=size, ry=size * 0.8, boxy=2.4),
        Ellipsoid(value=MARROW, x=0, y=y, rx=size * 0.88, ry=size * 0.68, boxy=2.4),
    ]
    soft: list[Solid] = [Ellipsoid(value=90, x=0, y=y, rx=size, ry=size * 0.8, boxy=2.4)]
    arch: list[Solid] = [
        *(
            Ellipsoid(value=BONE * 0.75, x=side * size * 1.15, y=y + size * 0.95, rx=size * 0.75,
                      ry=size * 0.17, turn=side * 18)
            for side in (-1, 1)
        ),
        Ellipsoid(value=BONE * 0.75, x=0, y=y + size * 1.75, rx=size * 0.16, ry=size * 0.75),
        Ellipsoid(value=BONE * 0.8, x=0, y=y + size * 1.08, rx=size * 0.68, ry=size * 0.52),
    ]  # fmt: skip
    canal = Ellipsoid(value=28, x=0, y=y + size * 1.06, rx=size * 0.46, ry=size * 0.36)
    return [
        *solids,
        When(holds=lambda z: not disc(z), solids=[*arch, *bony]),
        When(holds=disc, solids=[arch[-1], *soft]),
        canal,
    ]


def _abdomen(random: Random) -> list[Solid]:
    w = random.uniform(0.94, 1.03)
    loops: list[Solid] = []
    for _ in range(16):
        x, y = random.uniform(-0.5, 0.5), random.uniform(-0.38, 0.02)
        z, r = random.uniform(0.0, 0.5), random.uniform(0.06, 0.1)
        loops.append(Ellipsoid(value=70, x=x, y=y, rx=r * 1.35, ry=r, z=z, z_half=0.2,
                               turn=random.uniform(-60, 60), wobble=(0.12, random.random() * 6)))  # fmt: skip
        loops.append(Ellipsoid(value=25, x=x, y=y, rx=r, ry=r * 0.7, z=z, z_half=0.17,
                               turn=random.uniform(-60, 60)))  # fmt: skip
        if random.random() < 0.35:
            loops.append(Ellipsoid(value=-850, x=x, y=y - r * 0.3, rx=r * 0.6, ry=r * 0.3, z=z,
                                   z_half=0.13))  # fmt: skip
    colon: list[Solid] = []
    for x in (-0.58 * w, 0.6 * w):
        colon += [
            Ellipsoid(value=65, x=x, y=-0.02, rx=0.11, ry=0.12, z=0.22, z_half=0.34, flat=0.2,
                      wobble=(0.15, x)),
            Ellipsoid(value=5, x=x, y=0.0, rx=0.09, ry=0.09, z=0.22, z_half=0.33, flat=0.2),
            Ellipsoid(value=-900, x=x, y=-0.05, rx=0.07, ry=0.045, z=0.24, z_half=0.27),
        ]  # fmt: skip
    kidneys: list[Solid] = []
    for side, z in ((-1, 0.42), (1, 0.48)):
        kidneys += [
            Ellipsoid(value=185, x=side * 0.37, y=0.21, rx=0.125, ry=0.155, z=z, z_half=0.23,
                      turn=side * 28, lean=(-side * 0.05, 0)),
            Ellipsoid(value=140, x=side * 0.345, y=0.2, rx=0.075, ry=0.1, z=z, z_half=0.17,
                      turn=side * 28, lean=(-side * 0.05, 0)),
            Ellipsoid(value=-60, x=side * 0.285, y=0.18, rx=0.06, ry=0.055, z=z, z_half=0.11,
                      lean=(-side * 0.05, 0)),
        ]  # fmt: skip
    psoas: list[Solid] = [
        Ellipsoid(value=MUSCLE + 4, x=side * 0.2, y=0.27, rx=0.095, ry=0.1, z=0.1, z_half=0.5,
                  lean=(-side * 0.05, 0.02))
        for side in (-1, 1)
    ]  # fmt: skip
    lungs: list[Solid] = [
        Ellipsoid(value=LUNG, x=side * 0.52, y=0.14, rx=0.3, ry=0.37, z=1.12, z_half=0.3,
                  boxy=2.3)
        for side in (-1, 1)
    ]  # fmt: skip
    return [
        Ellipsoid(value=MUSCLE, x=0, y=0, rx=0.9 * w, ry=0.645, boxy=2.35),
        Ellipsoid(value=FAT, x=0, y=0, rx=0.888 * w, ry=0.633, boxy=2.35),
        Ellipsoid(value=MUSCLE, x=0, y=0.02, rx=0.79 * w, ry=0.54, boxy=2.3),
        Ellipsoid(value=FAT + 4, x=0, y=0.0, rx=0.745 * w, ry=0.485, boxy=2.25),
        Ribs(value=BONE * 0.6, rx=0.765 * w, ry=0.52, y=0.02, pairs=5, size=0.036),
        *_spine(0.33, 0.125),
        *psoas,
        *loops,
        *colon,
        *kidneys,
        # the stomach, with contrast medium and a bubble of gas
        Ellipsoid(value=75, x=0.36, y=-0.2, rx=0.25, ry=0.185, z=0.8, z_half=0.26, turn=-20,
                  wobble=(0.05, 1)),
        Ellipsoid(value=18, x=0.36, y=-0.2, rx=0.225, ry=0.16, z=0.8, z_half=0.245, turn=-20),
        Ellipsoid(value=-980, x=0.36, y=-0.285, rx=0.15, ry=0.06, z=0.8, z_half=0.2),
        # then pancreas, spleen, liver and gall bladder
        Ellipsoid(value=92, x=0.1, y=-0.03, rx=0.26, ry=0.06, z=0.6, z_half=0.09, turn=-16,
                  wobble=(0.1, 2)),
        Ellipsoid(value=124, x=0.575 * w, y=0.15, rx=0.125, ry=0.235, z=0.79, z_half=0.23, turn=22),
        Ellipsoid(value=112, x=-0.36 * w, y=-0.03, rx=0.385, ry=0.4, z=0.82, z_half=0.44, flat=0.35,
                  turn=-14, wobble=(0.035, 2.2)),
        Ellipsoid(value=112, x=0.02, y=-0.22, rx=0.36, ry=0.16, z=0.88, z_half=0.3, turn=8),
        Ellipsoid(value=150, x=-0.34, y=-0.04, rx=0.03, ry=0.1, z=0.8, z_half=0.2, turn=50),
        Ellipsoid(value=150, x=-0.3, y=0.06, rx=0.024, ry=0.09, z=0.86, z_half=0.16, turn=-35),
        Ellipsoid(value=10, x=-0.3, y=-0.24, rx=0.075, ry=0.095, z=0.5, z_half=0.13, turn=20),
        # great vessels
        Ellipsoid(value=190, x=0.05, y=0.16, rx=0.052, ry=0.052),
        Ellipsoid(value=150, x=-0.1, y=0.14, rx=0.062, ry=0.048),
        Ellipsoid(value=165, x=-0.02, y=0.0, rx=0.036, ry=0.03, z=0.5, z_half=0.25),
        *lungs,
    ]  # fmt: skip


def _chest(random: Random) -> list[Solid]:
    w = random.uniform(0.96, 1.03)
    vessels: list[Solid] = []
    for _ in range(110):
        side = random.choice((-1, 1))
        x, y = side * random.uniform(0.24, 0.66), random.uniform(-0.3, 0.4)
        r = random.uniform(0.006, 0.02) * (1.25 - abs(x))
        vessels.append(Ellipsoid(value=40, x=x, y=y, rx=r, ry=r * random.uniform(1, 2.2),
                                 z=random.random(), z_half=random.uniform(0.06, 0.14),
                                 turn=random.uniform(0, 180),
                                 lean=(side * random.uniform(-0.2, 0.2), 0)))  # fmt: skip
    lungs: list[Solid] = [
        Ellipsoid(value=LUNG, x=side * 0.41 * w, y=0.05, rx=0.335 * w, ry=0.47, z=0.47, z_half=0.58,
                  flat=0.28, turn=side * 6, boxy=2.2)
        for side in (-1, 1)
    ]  # fmt: skip
    return [
        Ellipsoid(value=MUSCLE, x=0, y=0.02, rx=0.93 * w, ry=0.66, boxy=2.4),
        Ellipsoid(value=FAT, x=0, y=0.02, rx=0.918 * w, ry=0.648, boxy=2.4),
        Ellipsoid(value=MUSCLE, x=0, y=0.05, rx=0.85 * w, ry=0.585, boxy=2.35),
        # scapulae
        *(
            Ellipsoid(value=BONE * 0.7, x=side * 0.6, y=0.47, rx=0.2, ry=0.022, z=0.8, z_half=0.32,
                      turn=-side * 32)
            for side in (-1, 1)
        ),
        *lungs,
        Ribs(value=BONE * 0.75, rx=0.79 * w, ry=0.53, y=0.05, pairs=7, size=0.04),
        *vessels,
        # mediastinum
        Ellipsoid(value=FAT + 30, x=0.0, y=-0.05, rx=0.2, ry=0.38, boxy=2.3),
        Ellipsoid(value=BONE * 0.45, x=0, y=-0.44, rx=0.11, ry=0.035, z=0.6, z_half=0.4, flat=0.1),
        *_spine(0.38, 0.115),
        # the heart, its muscle and then the blood in it
        Ellipsoid(value=95, x=0.13, y=-0.12, rx=0.34, ry=0.26, z=0.2, z_half=0.34, turn=28,
                  wobble=(0.03, 0.4)),
        Ellipsoid(value=185, x=0.24, y=-0.06, rx=0.15, ry=0.105, z=0.18, z_half=0.25, turn=35),
        Ellipsoid(value=170, x=0.02, y=-0.2, rx=0.15, ry=0.1, z=0.2, z_half=0.26, turn=20),
        Ellipsoid(value=180, x=0.05, y=0.06, rx=0.16, ry=0.07, z=0.3, z_half=0.18),
        # great vessels: ascending and descending aorta, arch, pulmonary trunk, cava
        Ellipsoid(value=200, x=0.14, y=0.26, rx=0.066, ry=0.066, z=0.3, z_half=0.48, flat=0.1),
        Ellipsoid(value=200, x=-0.06, y=-0.14, rx=0.08, ry=0.08, z=0.55, z_half=0.22, flat=0.15),
        Ellipsoid(value=200, x=0.045, y=0.06, rx=0.1, ry=0.22, z=0.745, z_half=0.055, turn=-26),
        Ellipsoid(value=195, x=0.06, y=-0.08, rx=0.17, ry=0.06, z=0.56, z_half=0.07, turn=30),
        Ellipsoid(value=165, x=-0.17, y=-0.08, rx=0.045, ry=0.055, z=0.7, z_half=0.32, flat=0.1),
        *(
            Ellipsoid(value=170, x=x, y=-0.1, rx=0.035, ry=0.035, z=0.92, z_half=0.15)
            for x in (-0.1, 0.06, 0.14)
        ),
        # airways and gullet
        Ellipsoid(value=AIR, x=0, y=0.09, rx=0.055, ry=0.05, z=0.84, z_half=0.27, flat=0.05),
        *(
            Ellipsoid(value=AIR, x=side * 0.1, y=0.11, rx=0.07, ry=0.033, z=0.53, z_half=0.07,
                      turn=side * 12)
            for side in (-1, 1)
        ),
        Ellipsoid(value=35, x=0.03, y=0.2, rx=0.035, ry=0.028),
    ]  # fmt: skip


def _head(random: Random) -> list[Solid]:
    w = random.uniform(0.96, 1.03)
    rx, ry = 0.63 * w, 0.79

    def shell(value: float, grow_x: float, grow_y: float) -> Ellipsoid:
        return Ellipsoid(value=value, x=0, y=0, rx=rx * grow_x, ry=ry * grow_y, z=0.42, z_half=0.6,
                         flat=0.33)  # fmt: skip

    sulci: list[Solid] = []
    for k in range(60):
        angle = 2 * math.pi * k / 60 + random.uniform(-0.06, 0.06)
        depth = random.uniform(0.83, 0.9)
        sulci.append(Ellipsoid(value=8, x=math.cos(angle) * rx * depth, y=math.sin(angle) * ry * depth,
                               rx=0.055, ry=0.007, turn=math.degrees(angle) + random.uniform(-25, 25),
                               z=random.uniform(0.4, 0.95), z_half=0.22))  # fmt: skip
    ventricles: list[Solid] = []
    for side in (-1, 1):
        ventricles += [
            Ellipsoid(value=6, x=side * 0.085, y=-0.2, rx=0.05, ry=0.17, z=0.62, z_half=0.15,
                      turn=-side * 20),
            Ellipsoid(value=6, x=side * 0.13, y=0.17, rx=0.055, ry=0.2, z=0.6, z_half=0.15,
                      turn=side * 22),
            Ellipsoid(value=85, x=side * 0.16, y=0.26, rx=0.022, ry=0.035, z=0.57, z_half=0.06),
        ]  # fmt: skip
    deep: list[Solid] = [
        Ellipsoid(value=40, x=side * 0.21, y=-0.03, rx=0.075, ry=0.17, z=0.53, z_half=0.13,
                  turn=-side * 18)
        for side in (-1, 1)
    ]  # fmt: skip
    face: list[Solid] = []
    for side in (-1, 1):
        face += [
            Ellipsoid(value=BONE * 0.8, x=side * 0.29, y=-0.6, rx=0.2, ry=0.2, z=0.2, z_half=0.14),
            Ellipsoid(value=-70, x=side * 0.29, y=-0.57, rx=0.16, ry=0.19, z=0.2, z_half=0.12),
            Ellipsoid(value=55, x=side * 0.29, y=-0.62, rx=0.125, ry=0.125, z=0.2, z_half=0.09),
            Ellipsoid(value=12, x=side * 0.29, y=-0.62, rx=0.11, ry=0.11, z=0.2, z_half=0.08),
            Ellipsoid(value=50, x=side * 0.2, y=-0.4, rx=0.025, ry=0.14, z=0.2, z_half=0.06,
                      turn=-side * 20),
            Ellipsoid(value=AIR, x=side * 0.26, y=-0.5, rx=0.13, ry=0.15, z=0.02, z_half=0.11),
            # petrous bone with mastoid air cells
            Ellipsoid(value=BONE * 1.3, x=side * 0.36, y=0.12, rx=0.24, ry=0.075, z=0.13,
                      z_half=0.13, turn=-side * 32),
            Ellipsoid(value=-700, x=side * 0.5, y=0.2, rx=0.07, ry=0.06, z=0.12, z_half=0.1),
        ]  # fmt: skip
    return [
        shell(45, 1.09, 1.075),
        shell(FAT + 30, 1.075, 1.06),
        shell(BONE * 1.5, 1.04, 1.035),
        shell(BONE * 0.8, 0.985, 0.985),
        shell(BONE * 1.4, 0.955, 0.96),
        shell(12, 0.91, 0.92),
        shell(38, 0.885, 0.9),
        *(
            Ellipsoid(value=29, x=side * 0.25, y=0.0, rx=0.2 * w, ry=0.52, z=0.68, z_half=0.3,
                      wobble=(0.1, side * 1.2), turn=-side * 3)
            for side in (-1, 1)
        ),
        Within(shell=shell(38, 0.885, 0.9), solids=sulci),
        Ellipsoid(value=48, x=0, y=0, rx=0.008, ry=ry * 0.9, z=0.62, z_half=0.33, flat=0.7),
        *deep,
        *ventricles,
        Ellipsoid(value=7, x=0, y=-0.02, rx=0.016, ry=0.1, z=0.5, z_half=0.08),
        # hind brain: cistern, brain stem, fourth ventricle
        Ellipsoid(value=10, x=0, y=0.02, rx=0.2, ry=0.14, z=0.3, z_half=0.07, boxy=1.4),
        Ellipsoid(value=33, x=0, y=0.1, rx=0.14, ry=0.13, z=0.22, z_half=0.18),
        Ellipsoid(value=6, x=0, y=0.27, rx=0.05, ry=0.035, z=0.2, z_half=0.08),
        *face,
        Ellipsoid(value=BONE * 0.7, x=0, y=-0.62, rx=0.1, ry=0.17, z=0.08, z_half=0.16),
        Ellipsoid(value=AIR, x=0, y=-0.62, rx=0.07, ry=0.15, z=0.07, z_half=0.14),
        Ellipsoid(value=BONE, x=0, y=0.42, rx=0.2, ry=0.22, z=-0.02, z_half=0.08),
        Ellipsoid(value=33, x=0, y=0.42, rx=0.13, ry=0.14, z=-0.02, z_half=0.08),
    ]  # fmt: skip

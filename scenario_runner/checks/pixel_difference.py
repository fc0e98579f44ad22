"""How one picture differs from another: of which kind, how much, and where the most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Place:
    """A pixel. x: column, y: row, both from 0 at the top left. frame: from 1; None of an image that has one."""

    x: int
    y: int
    frame: int | None = None

    def __str__(self) -> str:
        where = f"x {self.x}, y {self.y}"
        return where if self.frame is None else f"{where}, frame {self.frame}"


@dataclass(frozen=True, slots=True)
class PixelDifference:
    """kind: the same for all that differ in this way. detail: what is particular to this one."""

    kind: str
    detail: str = ""
    values: int = 0
    """How many pixel values differ."""
    of: int = 0
    """How many there are."""
    most: float = 0.0
    """By how much, at most, in stored values."""
    place: Place | None = None
    """The first pixel that differs by so much."""
    sent: float = 0.0
    received: float = 0.0
    """The two values there, in colour those of the sample that differs most."""

    def __str__(self) -> str:
        if self.kind in self.detail:
            return self.detail
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


def pixel_difference(
    ours: np.ndarray, theirs: np.ndarray, samples: int = 1
) -> PixelDifference | None:
    """How two arrays of stored values differ; None when they are equal.

    Their shape: ([frames,] rows, columns[, samples]), the last only where there are several.
    """
    import numpy as np

    if ours.shape != theirs.shape:
        return PixelDifference("another size", f"size {theirs.shape} instead of {ours.shape}")
    unequal = ours != theirs
    if ours.dtype.kind == theirs.dtype.kind == "f":
        unequal &= ~(np.isnan(ours) & np.isnan(theirs))  # no value on both sides
    wrong = int(np.count_nonzero(unequal))
    if not wrong:
        return None
    sent, received = ours[unequal].astype("f8"), theirs[unequal].astype("f8")
    distances = np.abs(sent - received)
    lonely = ~np.isfinite(distances)  # no value, or an infinite one, on one side
    distances[lonely] = 0
    most = float(distances.max())
    first = int(np.argmax(distances if most else lonely))
    index = np.unravel_index(int(np.flatnonzero(unequal)[first]), ours.shape)
    *frame, y, x = index[:-1] if samples > 1 else index
    place = Place(int(x), int(y), int(frame[0]) + 1 if frame else None)
    how = [f"by {_counted(most)} at most"] if most else []
    if alone := int(np.count_nonzero(lonely)):
        how.append(f"{alone} of them a number on one side alone")
    return PixelDifference(
        "pixel values differ",
        f"{wrong} of {ours.size} pixel values differ, {', '.join(how)}, at {place}",
        wrong,
        ours.size,
        most,
        place,
        float(sent[first]),
        float(received[first]),
    )


def _counted(most: float) -> str:
    """A difference in words: whole, of floating-point pixels with six digits."""
    return f"{most:.0f}" if most.is_integer() else f"{most:g}"

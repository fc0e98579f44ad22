"""How one picture differs from another: of which kind, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class PixelDifference:
    """kind: the same for all that differ in this way. detail: what is particular to this one."""

    kind: str
    detail: str = ""
    values: int = 0
    """How many pixel values differ."""
    most: float = 0.0
    """By how much, at most, in stored values."""

    def __str__(self) -> str:
        if self.kind in self.detail:
            return self.detail
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


def pixel_difference(ours: np.ndarray, theirs: np.ndarray) -> PixelDifference | None:
    """How two arrays of stored values differ; None when they are equal."""
    import numpy as np

    if ours.shape != theirs.shape:
        return PixelDifference("another size", f"size {theirs.shape} instead of {ours.shape}")
    unequal = ours != theirs
    wrong = int(np.count_nonzero(unequal))
    if not wrong:
        return None
    most = float(np.max(np.abs(ours[unequal].astype("f8") - theirs[unequal].astype("f8"))))
    return PixelDifference(
        "pixel values differ",
        f"{wrong} of {ours.size} pixel values differ, by {most:g} at most",
        wrong,
        most,
    )

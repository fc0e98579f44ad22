"""Multi-frame and Cine Modules (PS3.3 C.7.6.6, C.7.6.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.imaging.modules.attribute_values import ds

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.imaging.api import Frame

_FRAME_TIME = 0x00181063


def cine(dataset: Dataset, frame: Frame, frame_ms: float) -> None:
    """Frames that follow each other in time, frame_ms apart."""
    dataset.NumberOfFrames = frame.count or 1
    dataset.FrameIncrementPointer = _FRAME_TIME
    dataset.FrameTime = ds(frame_ms)
    dataset.CineRate = round(1000 / frame_ms)
    dataset.RecommendedDisplayFrameRate = round(1000 / frame_ms)

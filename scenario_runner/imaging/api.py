"""What a plugin gives to imaging: IOD builders and phantoms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

    from scenario_runner.planning.api import ModalityDefaults
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a phantom draws: stored values and how to show them.

    pixels: (rows, columns) unsigned or signed integers. bits_stored: significant bits.
    window: (center, width) in output units after rescale.
    """

    pixels: NDArray[Any]
    bits_stored: int
    window: tuple[float, float]
    rescale: tuple[float, float] = (1.0, 0.0)
    """(slope, intercept)."""


class Phantom(Protocol):
    """A source of pixels for a series, registered by name: ``xray/chest``, ``ct/abdomen``."""

    name: str

    def frame(self, series: PlannedSeries, index: int) -> Frame:
        """The pixels of image ``index`` (from 0); deterministic in series.seed. May cache."""
        ...


class IodBuilder(Protocol):
    """A maker of instances of one modality."""

    modality: str
    defaults: ModalityDefaults

    def shared(self, series: PlannedSeries, frame: Frame) -> Dataset:
        """The attributes every image of the series has alike, pixel description included."""
        ...

    def each(self, image: PlannedImage, frame: Frame) -> dict[str, Any]:
        """The attributes that differ, keyword to value; the same keywords for every image."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A picture of an instance for the report."""

    png: bytes
    width: int
    height: int


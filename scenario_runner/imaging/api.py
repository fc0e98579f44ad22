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

    pixels: (rows, columns), (rows, columns, 3) for RGB, or either with a leading axis of frames;
    unsigned or signed integers of 8 or 16 bits, C-contiguous. Nobody writes into them: the same
    array may be given for many images, and then costs nothing. bits_stored: significant bits.
    window: (center, width) in output units after rescale.
    """

    pixels: NDArray[Any]
    bits_stored: int
    window: tuple[float, float]
    rescale: tuple[float, float] = (1.0, 0.0)
    """(slope, intercept)."""


class Phantom(Protocol):
    """A source of pixels for a series, registered by name: ``xray/chest``, ``ct/abdomen``."""

    @property
    def name(self) -> str:
        """What a scenario calls it."""
        ...

    def open(self, series: PlannedSeries) -> Frames:
        """Compute what the series' images share; deterministic in the series and its seed."""
        ...


class Frames(Protocol):
    """The pixels of one series."""

    def frame(self, index: int) -> Frame:
        """The pixels of image ``index`` (from 0), in any order, always the same."""
        ...


class IodBuilder(Protocol):
    """A maker of instances of one modality."""

    @property
    def modality(self) -> str:
        """What a scenario calls it."""
        ...

    @property
    def defaults(self) -> ModalityDefaults:
        """What a series is when the scenario does not say; read without loading anything heavy."""
        ...

    def shared(self, series: PlannedSeries, frame: Frame) -> Dataset:
        """The attributes every image of the series has alike, pixel description included.

        Character set, burned-in annotation and pixel data are added by whoever calls.
        """
        ...

    def each(self, image: PlannedImage) -> dict[str, Any]:
        """The attributes that differ, keyword to value; the same keywords for every image."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A picture of an instance for the report."""

    png: bytes
    width: int
    height: int

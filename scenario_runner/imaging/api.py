"""What a plugin gives to imaging: IOD builders, phantoms and faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

    from scenario_runner.imaging.faults.raw_elements import RawObject
    from scenario_runner.planning.api import FaultFacts, ModalityDefaults
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a phantom draws: stored values and how to show them.

    pixels: (rows, columns), (rows, columns, 3) for RGB, or either with a leading axis of frames;
    unsigned or signed integers of 8 or 16 bits, C-contiguous. Nobody writes into them: the same
    array may be given for many images, and then costs nothing. bits_stored: significant bits.
    window: (center, width) in output units after rescale. color: whether the last axis has the samples of
    RGB; None where the shape tells, or the size of the series where three columns look like three samples.
    """

    pixels: NDArray[Any]
    bits_stored: int
    window: tuple[float, float]
    rescale: tuple[float, float] = (1.0, 0.0)
    """(slope, intercept)."""
    color: bool | None = None

    @property
    def samples(self) -> int:
        """Samples per pixel: 3 of RGB, or 1."""
        shape = self.pixels.shape
        color = len(shape) > 2 and shape[-1] == 3 if self.color is None else self.color
        return 3 if color else 1

    @property
    def plane(self) -> tuple[int, ...]:
        """Rows, columns and, of RGB, samples of one frame."""
        return self.pixels.shape[-3:] if self.samples > 1 else self.pixels.shape[-2:]

    @property
    def count(self) -> int | None:
        """How many frames there are in a leading axis; None without one."""
        shape = self.pixels.shape
        return shape[0] if len(shape) > len(self.plane) else None


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
    """A maker of images: of one modality, or of one modality and SOP class (``by_sop_class``)."""

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


class DocumentBuilder(Protocol):
    """A maker of instances without pixels: reports, selections, presentation states, documents.

    Its defaults have no rows and columns; nothing is drawn for it and nothing burned in.
    """

    @property
    def modality(self) -> str:
        """What a scenario calls it."""
        ...

    @property
    def defaults(self) -> ModalityDefaults:
        """See IodBuilder."""
        ...

    def open(self, series: PlannedSeries, first_frame: FirstFrame) -> Document:
        """Work out what the objects of a series share.

        first_frame: gives the first frame of another series as it will be drawn, for objects that
        say how an image is to be shown; nothing is drawn unless it is called.
        """
        ...


class Document(Protocol):
    """The objects of one series without pixels."""

    def shared(self) -> Dataset:
        """The attributes every object of the series has alike; the character set is added."""
        ...

    def each(self, image: PlannedImage) -> dict[str, Any]:
        """The attributes that differ, as of an IodBuilder. image: the planned instance."""
        ...


FirstFrame = Callable[["PlannedSeries"], Frame]


@runtime_checkable
class FittingPhantom(Protocol):
    """A phantom that says which modalities it can stand for; others are trusted to fit any."""

    @property
    def modalities(self) -> frozenset[str] | None:
        """Defined terms of Modality; None for any."""
        ...


class Faulty(Protocol):
    """What a fault is told about the image that gets it."""

    @property
    def image(self) -> PlannedImage:
        """The image."""
        ...

    def clean(self, index: int) -> RawObject:
        """Another image of the series (from 0) as it is without any fault."""
        ...


class Fault(Protocol):
    """One thing that can be wrong with an object on purpose, registered by name: ``bad-date``."""

    @property
    def name(self) -> str:
        """What a scenario calls it."""
        ...

    @property
    def facts(self) -> FaultFacts:
        """What it is and which rule finds it; read without loading anything heavy."""
        ...

    def apply(self, broken: RawObject, about: Faulty) -> None:
        """Break an object, and nothing else of it. Raises CannotHaveFaultError."""
        ...


class CannotHaveFaultError(ValueError):
    """An object cannot have a fault; the message says what it lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A picture of an instance for the report."""

    png: bytes
    width: int
    height: int

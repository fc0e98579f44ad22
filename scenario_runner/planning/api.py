"""What a plugin gives to planning: modality defaults, pattern fields, demographics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class ModalityDefaults:
    """What a series of this modality is when the scenario does not say."""

    modality: str
    """Defined term of Modality (0008,0060) that the scenario names; FHIR's XR maps to DX."""
    sop_class_uid: str
    multiframe_sop_class_uid: str = ""
    """The class of a series with more than one frame an image, where that is another one."""
    by_sop_class: bool = False
    """Made only when a series names this SOP class; the modality's usual object is another one."""
    images: int
    """0: one for each series that it refers to."""
    rows: int
    """0 (and columns 0): an object without pixels, such as a report."""
    columns: int
    frames: int = 1
    stacked: bool = False
    """Its frames are the slices of a volume, which other classes keep one to an image."""
    color: bool = False
    """Its images are in colour."""
    color_when_multiframe: bool = False
    """They are in colour when they are of the multi-frame class."""
    may_say_burned_in: bool = True
    """Whether its IOD allows BurnedInAnnotation YES. Where it does not, ``burn_in: true`` writes only
    what identifies no patient, and NO stays true."""
    functional_groups: bool = False
    """Its objects are enhanced ones, which say in functional groups what is of a frame."""
    refers_to: Literal["", "images", "greyscale images"] = ""
    """What the study must have before it, because the object refers to that."""
    body_part: str = ""
    description: str = ""
    protocol: str = ""
    view: str | None = None
    phantom: str = ""
    bits_allocated: int | None = None
    """Of the pixels that its usual phantoms draw; None when that is not known beforehand."""

    @property
    def key(self) -> str:
        """What tells the kinds of objects apart: ``CT``, or ``CT 1.2.840…`` for one by its class."""
        return f"{self.modality} {self.sop_class_uid}" if self.by_sop_class else self.modality

    @property
    def has_pixels(self) -> bool:
        """Whether there is something to draw."""
        return self.rows > 0

    @property
    def sop_class_uids(self) -> tuple[str, ...]:
        """The classes that a series of this kind may have."""
        several = self.multiframe_sop_class_uid
        return (self.sop_class_uid, several) if several else (self.sop_class_uid,)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultFacts:
    """What is to be known of a fault before an object is made: who has it, and who finds it."""

    summary: str
    """What is wrong with an object that has it, in one line."""
    rules: tuple[str, ...]
    """Rules of the validator ``standard`` that it breaks; one of them has to find it."""
    also: tuple[str, ...] = ()
    """Rules that it can break as a consequence, between the objects of a study above all."""
    images: Literal["all", "last"] = "all"
    """Which images have it when the scenario does not say."""
    least: int = 1
    """How many images a series needs to have it."""
    modalities: frozenset[str] | None = None
    """Which can have it; None when all can."""
    pixels: Literal["", "any", "greyscale"] = ""
    """What pixels an object needs to have it."""
    single: bool = False
    """Whether an enhanced object cannot have it, which may say the same for each frame."""
    native: bool = False
    """Whether pixel data must be uncompressed."""
    explicit: bool = False
    """Whether it needs a transfer syntax that writes VRs."""
    on_the_wire: bool = True
    """False when only a file can have it, as C-STORE sends no file meta information."""
    uid: Callable[[str, str], str] | None = None
    """SOPInstanceUID of an image that has it, from its own and that of the series' first."""
    sop_class: Callable[[str], str] | None = None
    """SOPClassUID of the whole series, from its modality."""


@dataclass(frozen=True, slots=True)
class PatternContext:
    """What a pattern field may look at."""

    moment: dt.datetime
    """The study's date and time; for a patient the moment the run was planned."""
    modality: str
    site: str
    random: Random
    """Seeded for this one identifier."""
    draw: int = 0
    """For a SpacedField: which of its ``space(width)`` values to write."""


class PatternField(Protocol):
    """A field of identifier patterns from a plugin: ``{ward}`` or ``{3ward}``."""

    @property
    def name(self) -> str:
        """What stands in the braces, after the width."""
        ...

    def render(self, width: int | None, context: PatternContext) -> str:
        """The characters for one identifier; the same for the same context."""
        ...


@runtime_checkable
class SpacedField(Protocol):
    """A field whose length and number of values are known, so that a plan can promise uniqueness.

    A field that does not have this form may be as long as it likes (each value is checked when it
    is made) and is trusted to tell identifiers apart.
    """

    @property
    def name(self) -> str:
        """What stands in the braces, after the width."""
        ...

    def render(self, width: int | None, context: PatternContext) -> str:
        """The characters for one identifier; for each ``context.draw`` different ones."""
        ...

    def space(self, width: int | None) -> int:
        """How many values there are to draw from; 1 when the context alone decides.

        Raises ValueError when the field cannot have that width; the message says what it takes.
        """
        ...

    def length(self, width: int | None) -> int:
        """The most characters it writes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A generated identity; name groups as in PS3.5 6.2.1."""

    family: str
    given: str
    middle: str = ""
    ideographic: str = ""
    phonetic: str = ""
    address: str = ""
    phone: str = ""


class Demographics(Protocol):
    """A source of synthetic people, named ``faker`` when built in."""

    @property
    def name(self) -> str:
        """Who asks for it: ``locale: NAME:…``."""
        ...

    def person(self, locale: str, sex: str, seed: int) -> Person:
        """A person; the same for the same locale, sex (M, F or O) and seed (63 bits).

        Raises ValueError for a locale it does not know; the message lists near ones.
        """
        ...


class Counters(Protocol):
    """Durable numbers, answered by the registry. Nothing handed out is ever handed out again."""

    def reserve(self, site: str, rule: str, *, start: int, step: int, count: int, last: int) -> int:
        """Reserve ``count`` numbers and return the first; durable before it returns.

        The numbers are first, first + step, …; first is not below start, and is start plus a
        multiple of step. last: highest number that fits. Raises CounterExhausted when fewer than
        count are left; then nothing is reserved.
        """
        ...


class CounterExhausted(Exception):  # a state of the counter, not a failure of it
    """A counter has fewer numbers left than were asked for."""

    def __init__(self, next_number: int, last: int) -> None:
        super().__init__(next_number, last)
        self.next_number = next_number
        self.last = last

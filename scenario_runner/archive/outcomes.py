"""What an archive tells of what it did: stored, arrived, counted, rebuilt."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal

from scenario_runner.dicom.part10 import FileMeta
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class DuplicateError(ValueError):
    """There is an instance with this SOP Instance UID already, and a second one is not wanted."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of an instance that was handed over."""

    sop_instance_uid: str
    outcome: Literal["new", "kept", "overwritten"]
    missing: str = ""
    """What is missing of its pixels, in words, though it is stored as it came."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A Part 10 file that was written down and understood, and is not stored yet."""

    written: Path
    meta: FileMeta
    attributes: Mapping[str, str]
    """What the index keeps: keyword to text."""
    character_set: str
    size: int
    """Bytes of the data set."""
    missing: str = ""
    """What is missing of its pixels, in words."""
    is_whole: bool = False
    """Whether it was seen to end where its last element does, its pixels; False where it has to be looked."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    patients: int
    studies: int
    series: int
    instances: int


@dataclass(slots=True)
class Rebuilt:
    """What making the index again came to. unreadable: where it lies, and the reason."""

    instances: int = 0
    superseded: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)

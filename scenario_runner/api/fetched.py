"""What a retrieval asked for, and what it brought: instances, frames, pictures, metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from scenario_runner.api.operations import Level
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.api.sent import SentInstance


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a retrieval asked for, and what the case had sent by then: what ought to have come."""

    target: str
    level: Level
    match: Mapping[str, Any] | None
    """As a person gave it; None for whatever of the case is on the target."""
    sent: Mapping[str, SentInstance]
    """Everything sent by then, wherever, by SOP instance UID as it was sent."""
    held: frozenset[str]
    """Which of it the target itself acknowledged, or was sent by another PACS on our behalf."""
    deleted: frozenset[str] = frozenset()
    """Study UIDs that the case had deleted from the target."""
    keys: Sequence[Mapping[str, str | Sequence[str]]] = ()
    """The unique keys of each request, looked up where the match had others."""
    frames: Sequence[int] = ()
    """Numbers of frames, from 1; none for all."""


@dataclass(frozen=True, slots=True)
class Retrieved(Sequence[str]):
    """Instances fetched back from a target, as Part 10 files in ``folder``.

    To a template it is the list of their SOP instance UIDs.
    """

    target: str
    folder: Path
    files: Mapping[str, Path]
    """SOP instance UID to file."""
    statuses: Sequence[Mapping[str, Any]] = ()
    """The final answer to each request: status, class, comment; for the check ``status``."""
    asked: Asked | None = None
    """None when it is not known what was asked for; then a study counts of which something came."""

    def __len__(self) -> int:
        return len(self.files)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        return list(self.files)[place]


@dataclass(frozen=True, slots=True)
class FetchedPart:
    """A frame or a rendered image that a service gave, in a file of ours."""

    sop_instance_uid: str
    """Empty for a picture of a whole series or study."""
    frame: int | None
    """From 1; None for a picture of the whole instance."""
    media_type: str
    file: Path


@dataclass(frozen=True, slots=True)
class Renditions(Mapping[str, Any]):
    """Metadata, frames or rendered images fetched from a target.

    To a template it is the mapping ``facts``: status, class, http, media_type, count and the list.
    """

    target: str
    facts: Mapping[str, Any]
    parts: Sequence[FetchedPart] = ()
    asked: Asked | None = None

    def __getitem__(self, key: str) -> Any:
        return self.facts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.facts)

    def __len__(self) -> int:
        return len(self.facts)

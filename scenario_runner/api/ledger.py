"""What a case has made, sent and retrieved so far: small facts per instance, never pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from scenario_runner.answers import StoreStatus
from scenario_runner.imaging.importing.assign import Assigned
from scenario_runner.planning.plan import PlannedImage, PlannedSeries

if TYPE_CHECKING:
    from scenario_runner.imaging.instance import Instance


@dataclass(frozen=True, slots=True)
class SentInstance:
    """One instance that was offered to a target, and what the target said."""

    image: PlannedImage
    target: str
    status: StoreStatus
    earlier: str | None = None
    """The run that stored it, when it was not this one: a rerun does not send it again."""

    @property
    def stored(self) -> bool:
        """Whether the PACS acknowledged it with success or a warning (PS3.4 B.2.3), now or earlier."""
        return self.earlier is not None or self.status.stored


@dataclass(frozen=True, slots=True)
class SentEarlier:
    """What the run that is being repeated knew about an instance when it ended."""

    run: str
    """Which run was told so; with several reruns the first."""
    status: StoreStatus
    stored: bool
    """Acknowledged, and not deleted since."""
    doubtful: bool
    """The PACS may have it: no answer came, or the run was killed before it could be noted."""


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

    def __getitem__(self, key: str) -> Any:
        return self.facts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.facts)

    def __len__(self) -> int:
        return len(self.facts)


@dataclass(slots=True)
class Ledger:
    """The bookkeeping of one case. The last word of a target about an instance wins."""

    generated: dict[str, PlannedSeries] | None = None
    """Series that ``generate`` selected, by plan key; None means all of the plan."""
    imported: dict[str, PlannedSeries] = field(default_factory=dict)
    """Series that ``import`` took in, by key; ``source`` makes their instances, not the factory."""
    hidden: set[str] = field(default_factory=set)
    """Keys of imported series whose pixels may show somebody: no picture of them is kept."""
    assigned: Assigned = field(default_factory=Assigned)
    """Which planned patients and studies the imported ones became."""
    selections: dict[str, dict[str, PlannedSeries]] = field(default_factory=dict)
    """What each ``generate``, ``import`` and ``send`` took, by the id of the step."""
    performed: dict[tuple[str, str], str] = field(default_factory=dict)
    """Performed procedure steps that were begun: target and study UID to SOP instance UID."""
    _modifications: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _intended: dict[str, dict[str, PlannedSeries]] = field(default_factory=dict)
    _sent: dict[tuple[str, str], SentInstance] = field(default_factory=dict)
    _sources: dict[str, Callable[[PlannedImage], Instance]] = field(default_factory=dict)

    def generate(
        self, step_id: str, series: Iterable[PlannedSeries], modify: Mapping[str, Any]
    ) -> None:
        """``generate`` took these series; a second one adds to the first.

        modify: KEYWORD: value for every instance of these series, instead of what was asked before.
        """
        taken = {one.id: one for one in series}
        self.selections[step_id] = taken
        self.generated = {**(self.generated or {}), **taken}
        for key in taken:
            self._modifications[key] = modify

    def take_in(
        self,
        step_id: str,
        series: Iterable[PlannedSeries],
        source: Callable[[PlannedImage], Instance],
        assigned: Assigned,
        hidden: Iterable[str] = (),
    ) -> None:
        """``import`` took these series in; ``source`` gives the instance of each of their images."""
        self.hidden.update(hidden)
        taken = {one.id: one for one in series}
        self.selections[step_id] = taken
        self.imported.update(taken)
        self._sources.update(dict.fromkeys(taken, source))
        self.assigned = assigned

    def source(self, series: PlannedSeries) -> Callable[[PlannedImage], Instance] | None:
        """What makes the instances of an imported series; None for one of the plan."""
        return self._sources.get(series.id)

    def intend(self, step_id: str, target: str, series: Iterable[PlannedSeries]) -> None:
        """``send`` is about to send these series; whatever happens, they were to be there."""
        taken = {one.id: one for one in series}
        self.selections[step_id] = taken
        self._intended.setdefault(target, {}).update(taken)

    def intended(self, target: str) -> list[PlannedSeries]:
        """Everything that was to be sent to a target, in the order of the first attempt."""
        return list(self._intended.get(target, {}).values())

    def modifications(self, series: PlannedSeries) -> Mapping[str, Any]:
        """What ``generate: {modify: …}`` asked for in this series."""
        return self._modifications.get(series.id, {})

    def record(self, sent: SentInstance) -> None:
        """Note what a target said about an instance; a later failure does not undo a success."""
        key = (sent.target, sent.image.uid)
        before = self._sent.get(key)
        if before is None or not before.stored or sent.stored:
            self._sent[key] = sent

    def sent(self, target: str | None = None) -> Iterator[SentInstance]:
        """Everything offered to a target (or to any), in the order of the first offer."""
        return (sent for (to, _), sent in self._sent.items() if target in (None, to))

    def stored(self, target: str) -> list[PlannedImage]:
        """What the target acknowledged."""
        return [sent.image for sent in self.sent(target) if sent.stored]

    def study_uids(self, target: str) -> list[str]:
        """Studies of which the target may have something, in order."""
        return list(
            dict.fromkeys(
                sent.image.series.study.uid
                for sent in self.sent(target)
                if sent.stored or sent.status.maybe_stored
            )
        )

    def forget(self, target: str, study_uids: Iterable[str]) -> None:
        """These studies were deleted from the target."""
        gone = set(study_uids)
        for key, sent in list(self._sent.items()):
            if key[0] == target and sent.image.series.study.uid in gone:
                del self._sent[key]
        left = self._intended.get(target, {})
        for series in list(left.values()):
            if series.study.uid in gone:
                del left[series.id]

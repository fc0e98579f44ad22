"""What a case has made, sent and retrieved so far: small facts per instance, never pixels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scenario_runner.api.targets import StoreStatus, status_class
from scenario_runner.planning.plan import PlannedImage


@dataclass(frozen=True, slots=True)
class SentInstance:
    """One instance that was offered to a target, and what the target said."""

    image: PlannedImage
    target: str
    status: StoreStatus

    @property
    def stored(self) -> bool:
        """Whether the PACS acknowledged it with success or a warning (PS3.4 B.2.3)."""
        return status_class(self.status.status) in ("success", "warning")


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Instances fetched back from a target, as Part 10 files in ``folder``."""

    target: str
    folder: Path
    files: Mapping[str, Path]
    """SOP instance UID to file."""

    def __len__(self) -> int:
        return len(self.files)


@dataclass(slots=True)
class Ledger:
    """The bookkeeping of one case. The last word of a target about an instance wins."""

    modifications: dict[str, Any] = field(default_factory=dict)
    """KEYWORD: value that ``generate: {modify: …}`` asked for, applied to every instance."""
    chosen: list[str] | None = None
    """Plan keys of the series that ``generate`` selected; None means all of the plan."""
    _sent: dict[tuple[str, str], SentInstance] = field(default_factory=dict)

    def select(self, series_keys: list[str]) -> None:
        """``generate`` selected these series; a second ``generate`` adds to the first."""
        self.chosen = list(dict.fromkeys([*(self.chosen or []), *series_keys]))

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

    def image(self, uid: str) -> PlannedImage | None:
        """The sent image of that SOP instance UID, whichever target it went to."""
        return next((s.image for (_, u), s in self._sent.items() if u == uid), None)

    def forget(self, target: str, study_uids: Iterable[str]) -> None:
        """These studies were deleted from the target."""
        gone = set(study_uids)
        for key, sent in list(self._sent.items()):
            if key[0] == target and sent.image.series.study.uid in gone:
                del self._sent[key]

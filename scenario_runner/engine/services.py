"""What the engine is given to work with; it makes none of it itself."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.redaction import Redactor

if TYPE_CHECKING:
    from scenario_runner.api import Check, Inbox, SentEarlier, SiteRules, Step, Target
    from scenario_runner.api.sharing import Sharing
    from scenario_runner.engine.bus import EventBus
    from scenario_runner.events import TargetFacts
    from scenario_runner.imaging.instance import Instance
    from scenario_runner.language.loads import CaseLoad
    from scenario_runner.language.scenario import Scenario
    from scenario_runner.measuring.measured import Measured
    from scenario_runner.planning.plan import PlannedCase, PlannedImage


Keep = Literal["none", "failed", "all"]
"""Which DICOM objects stay in the run folder."""


class Factory(Protocol):
    """Makes instances of planned images, one at a time."""

    def instance(self, image: PlannedImage, modifications: Mapping[str, Any]) -> Instance:
        """Build one; quick while the series stays the same."""
        ...


class TargetSource(Protocol):
    """Where the PACS of a run come from."""

    def __call__(self, name: str) -> Target:
        """The PACS of that name, for all cases together."""
        ...

    def facts(self) -> list[TargetFacts]:
        """What the evidence says about each."""
        ...

    def apart(self) -> AbstractContextManager[Callable[[str], Target]]:
        """The same, but what can be changed for everybody is one case's own while it runs."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a run shares. ``targets`` opens each PACS on first use and keeps it."""

    bus: EventBus
    redactor: Redactor
    folder: Path
    """The run folder."""
    steps: Mapping[str, type[Step]]
    checks: Mapping[str, type[Check]]
    targets: TargetSource
    factory: Callable[[], Factory]
    """A new factory for each case, for cases run side by side."""
    preview: Callable[[Instance], bytes]
    """A small PNG."""
    validators: Mapping[str, Any]
    cases: int
    """How many cases the run has."""
    names: Mapping[str, Any]
    """What templates see beside the case's own: ``run`` and ``site``."""
    clock: Callable[[], dt.datetime]
    inbox: Callable[[], AbstractContextManager[Inbox]]
    """Takes HL7 v2 messages for a case while it runs."""
    rules: SiteRules
    """The site's, of messages and resources."""
    finished: Callable[[Path, str], object] = lambda _, __: None
    """Told of each file of the run folder that is as it will stay, with its SHA-256 where that is known already."""
    share: float = 1.0
    """Which part of a rate is this process's, where others run cases of the same run beside it."""


@dataclass(frozen=True, slots=True, eq=False)
class CasesLoad:
    """How the cases of one scenario arrive. seed: what their arrivals are drawn from."""

    load: CaseLoad
    seed: str
    cases: int
    """How many cases the plan has for it."""


@dataclass(frozen=True, slots=True)
class CameTo:
    """What a load of cases came to, for the job that judges it."""

    step: str
    """The step that it is told by."""
    measured: Mapping[str, Measured]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """One case to run."""

    scenario: Scenario
    case: PlannedCase
    number: int
    """From 1, over all cases of the run."""
    seed: int
    """What ``--seed`` has to be for the same case again."""
    earlier: Callable[[str, PlannedImage, str], SentEarlier | None] | None = None
    """In a rerun: what the repeated run knew of (step id, image, target)."""
    compared: Callable[[str, str, str, str], tuple[str, int] | None] | None = None
    """In a rerun: which run found a study equal (step id, source, target, study), and its instances."""
    offering: Callable[[str, Sequence[PlannedImage], str], None] | None = None
    """On a cluster: told of what is about to be sent (step id, images, target), before it is."""

    def __repr__(self) -> str:
        return f"<Job {self.case.id}>"

    sharing: Sharing | None = None
    """On a cluster: has others do a part of what a step sends."""
    load: CasesLoad | None = None
    """Which load of cases it belongs to; all of one load come after one another."""
    judges: str = ""
    """Of the job that comes when the cases of a load are over, the step that tells what they came to."""
    came_to: CameTo | None = None
    """Of such a job, when the load is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How to go about it."""

    workers: int = 1
    fail_fast: bool = False
    from_step: str | None = None
    keep: Keep = "none"
    previews: int = 1
    """Of how many images of each series a picture is kept."""


@dataclass(frozen=True, slots=True)
class Control:
    """How a run is told to stop. The first signal ends steps, the second ``finally`` too.

    begun: set when the run has begun. Before, while files are read and planned, there is nothing to end in order.
    """

    begun: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)
    stop_finally: threading.Event = field(default_factory=threading.Event)
    signalled: threading.Event = field(default_factory=threading.Event)
    """Set while somebody calls ``interrupt`` for each signal."""

    def interrupt(self) -> None:
        """Take one more signal."""
        if self.stop.is_set():
            self.stop_finally.set()
        self.stop.set()

    def thrown(self) -> None:
        """Take a KeyboardInterrupt that came out of something.

        It may be Ctrl-C in the main thread alone, and there only if nobody takes signals. Any other some code has thrown
        of itself, which ends the steps; two cases that both do so are not somebody who wants ``finally`` to end, too.
        """
        if threading.current_thread() is threading.main_thread() and not self.signalled.is_set():
            self.interrupt()
        self.stop.set()

"""What a step is: a model (its schema and its documentation) and its ``run``."""

from __future__ import annotations

import datetime as dt
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol

from scenario_runner.answers import StoreStatus
from scenario_runner.api.fetched import Retrieved
from scenario_runner.api.inbox import Inbox
from scenario_runner.api.ledger import Ledger
from scenario_runner.api.sent import SentEarlier, SentInstance
from scenario_runner.api.targets import Target
from scenario_runner.deadline import Deadline
from scenario_runner.fields.types import Model, Saved

if TYPE_CHECKING:
    from scenario_runner.api.results import CheckResult, StepResult
    from scenario_runner.api.sharing import SharedOut
    from scenario_runner.events import Section
    from scenario_runner.imaging.instance import Instance
    from scenario_runner.language.site_model import FhirRules, Hl7Rules
    from scenario_runner.measuring.measured import Measured
    from scenario_runner.planning.plan import PlannedCase, PlannedImage, PlannedSeries, PlannedStudy


class WorklistFolder(Protocol):
    """A folder that a worklist server answers from. Raises MachineError, and what the step's deadline raises."""

    def write(self, studies: Iterable[PlannedStudy], station: str | None = None) -> list[str]:
        """Put an item there for each study; the names of the files.

        station: the AE title of who is to do the work; by default the site's.
        """
        ...

    def remove(self, studies: Iterable[PlannedStudy]) -> int:
        """Take the items of these studies away; how many were there."""
        ...


class SiteRules(NamedTuple):
    """How a site tells things: of which fields and elements identifiers are, and in which time zone its clocks go."""

    hl7: Hl7Rules | None = None
    fhir: FhirRules | None = None
    zone: dt.tzinfo | None = None


class StepContext(Protocol):
    """What a step works with. It holds the case's plan and state; nothing of it is global."""

    step_id: str
    deadline: Deadline
    random: Random
    """Seeded from the run's seed and the step's id."""

    @property
    def section(self) -> Section:
        """Whether the step stands under ``steps`` or ``finally``."""
        ...

    @property
    def case(self) -> PlannedCase:
        """The plan."""
        ...

    @property
    def is_to_fail(self) -> bool:
        """Whether a failure is what the scenario asks of this step (``fails``)."""
        ...

    @property
    def is_judged_later(self) -> bool:
        """Whether a check that comes after this step looks into what it saves."""
        ...

    def judged_by(self, check: str) -> Sequence[Mapping[str, Any]]:
        """The parameters, as the scenario has them, of later checks of that name that are about this step."""
        ...

    @property
    def ledger(self) -> Ledger:
        """What this case has sent so far."""
        ...

    @property
    def inbox(self) -> Inbox:
        """The HL7 v2 messages that came in since the case began; for steps with ``receives_messages``.

        Raises UsageError where the site has no receiver for them, MachineError when its port is taken.
        """
        ...

    @property
    def rules(self) -> SiteRules:
        """What the site file says of the way in which its messages and resources tell things."""
        ...

    @property
    def notes(self) -> dict[str, Any]:
        """What a step keeps for later ones of its kind in this case, under its own name."""
        ...

    def target(self, name: str) -> Target:
        """The PACS of that name; known to exist, for the scenario was checked."""
        ...

    def targets_called(self, ae_title: str) -> list[str]:
        """The names of the run's targets that have this AE title."""
        ...

    def instances(
        self, images: Iterator[PlannedImage], target: str | None = None
    ) -> Iterator[Instance]:
        """Build instances one at a time, with what ``generate`` was asked to modify.

        target: as this one has them, which may keep what it was sent first (``expects: {duplicates}``).
        """
        ...

    def builder(self) -> Callable[[PlannedImage], Instance]:
        """What builds instances as ``instances`` does, for a thread of the step's own."""
        ...

    def sent(
        self,
        image: PlannedImage,
        target: str,
        status: StoreStatus,
        *,
        earlier: str | None = None,
    ) -> SentInstance:
        """Note what a target said about an instance, in the ledger and in the record.

        earlier: the run that stored it, when this one only knows of it.
        """
        ...

    def known(self, image: PlannedImage, target: str, earlier: SentEarlier) -> SentInstance:
        """Note an instance that is stored already and so is not sent."""
        ...

    def offered(self, images: Iterable[PlannedImage], target: str) -> Iterator[PlannedImage]:
        """The same images, each of which is sent as soon as it is taken."""
        ...

    def share_out(
        self,
        target: str,
        parameters: Mapping[str, Any],
        contexts: Sequence[tuple[str, str]],
        images: Iterable[PlannedImage],
        associations: int | None = None,
    ) -> SharedOut | None:
        """Other processes of the run that send these images; None where this one has to.

        parameters: of the step, which is made again there. contexts: what is proposed to the target. associations: how many all of
        them may have together. Each has told of what it sent; ``told`` notes it here.
        """
        ...

    def told(
        self,
        image: PlannedImage,
        target: str,
        status: StoreStatus,
        *,
        earlier: str | None = None,
    ) -> SentInstance:
        """Note what became of an instance that another process sent."""
        ...

    def rate(self, given: float | None) -> float | None:
        """What of a rate this process may use: all of it, unless others work on the same run."""
        ...

    def sent_earlier(self, image: PlannedImage, target: str) -> SentEarlier | None:
        """In a rerun, what became of an instance in this step of the run that is repeated."""
        ...

    def compared(
        self,
        source: str,
        target: str,
        study: str,
        outcome: Literal["equal", "different", "missing", "extra"],
        instances: int = 0,
        *,
        earlier: str | None = None,
    ) -> None:
        """Note what became of a study of one target beside another's. earlier: the run that looked at it."""
        ...

    def compared_earlier(self, source: str, target: str, study: str) -> tuple[str, int] | None:
        """In a rerun, which run found a study equal on both targets in this step, and how many instances it has."""
        ...

    def deleting(self, target: str, study_uids: Sequence[str], *, done: bool) -> None:
        """Note that studies are about to be deleted from a target, and then that they were."""
        ...

    def selection(self, what: str | None) -> Iterator[PlannedSeries]:
        """The planned series that ``what`` names: all generated and imported ones when None.

        A name is one that ``generate``, ``import`` or ``send`` saved. Raises UsageError for another.
        """
        ...

    def saved(self, name: str) -> Any:
        """What ``save_as`` stored, or a step id's value. Raises UsageError when there is none."""
        ...

    def capture(
        self, value: Any, facts: Mapping[str, Any] | None = None, message: str = ""
    ) -> None:
        """What the record keeps should the step end in an error: value, facts, how far it came.

        The last call counts; the step's own result wins over it.
        """
        ...

    def duration_of(self, step_id: str) -> float:
        """Seconds the named step took. Raises UsageError for a step that has not run."""
        ...

    def took(
        self,
        operation: str,
        seconds: float | None,
        *,
        failed: bool = False,
        late: float | None = None,
        ago: float = 0.0,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Count how long one operation took: for the report, and for the checks ``latency`` and ``throughput``.

        operation: its name, ``C-STORE``. seconds: from the request to its answer; None for one that got no
        answer, or could not be asked. failed: it was refused, or not
        answered. late: by how many seconds it began after the moment it was planned for, if it was. ago: how many
        seconds ago it ended. labels: what it is told apart by, ``{"modality": "CT"}``. Only from the step's own thread.
        """
        ...

    def measured(
        self, step_id: str | None = None, operation: str | None = None
    ) -> Mapping[str, Measured]:
        """What ``took`` counted in the named step, by operation; of None in the last that counted anything, or that operation.

        Raises UsageError when that is nothing.
        """
        ...

    def evaluate(self, expression: str | bool, names: Mapping[str, Any]) -> Any:
        """Evaluate a deferred expression with further names beside the usual ones."""
        ...

    def holds(self, expression: str | bool, names: Mapping[str, Any]) -> bool:
        """Whether a deferred condition holds, by the rules of ``when``; names as for ``evaluate``."""
        ...

    def checks(self, entries: Any) -> list[CheckResult]:
        """Evaluate a list of checks as ``assert`` has it, each reported as an event."""
        ...

    def validator(self, name: str) -> Any:
        """The registered validator of that name. Raises UsageError for an unknown one."""
        ...

    def now(self) -> dt.datetime:
        """The time, aware, UTC."""
        ...

    def log(self, message: str, level: Literal["info", "warning"] = "info") -> None:
        """Say something to the reader of the report."""
        ...

    def progress(self, done: int, total: int | None = None, unit: str = "instances") -> None:
        """Say how far the step has come; call as often as you like."""
        ...

    def folder(self, name: str) -> Path:
        """A new or existing folder inside the run folder. Raises UsageError when outside of it."""
        ...

    def finished(self, path: Path) -> None:
        """Say that a file in such a folder is as it will stay: the run's end need not read it then."""
        ...

    def worklist(self, folder: Path) -> WorklistFolder:
        """The folder as one that a worklist server answers from."""
        ...

    def source(self, name: str) -> Path:
        """A file or folder that the scenario names, relative to where the scenario stands."""
        ...

    def scratch(self) -> Path:
        """A new empty folder that is removed when the case is over."""
        ...

    def attach(
        self,
        name: str,
        data: bytes,
        *,
        media_type: str,
        title: str,
        subject: Mapping[str, Any] = {},
    ) -> None:
        """Keep a file as evidence of this step, under ``evidence/``."""
        ...

    def preview(self, instance: Instance) -> None:
        """Keep a small picture of an instance, if the report has room for one more."""
        ...

    def retrieved(self, of: Any) -> Retrieved:
        """The handle that ``of`` is or names. Raises UsageError when it is something else."""
        ...


class Step(Model, ABC):
    """Base of all steps. A subclass has fields, a docstring, ``name`` and ``run``.

    Fields are the step's parameters; their docstrings, defaults and ``Field(examples=…)`` become
    the JSON Schema and the reference page. Values arrive rendered and typed.
    """

    name: ClassVar[str]
    deferred: ClassVar[frozenset[tuple[str, ...]]] = frozenset()
    """Paths of parameters whose templates are left for the step to ``evaluate``."""
    names_in_deferred: ClassVar[frozenset[str]] = frozenset()
    """Names that deferred expressions can use beside the usual ones."""
    changes_targets: ClassVar[bool] = False
    """Whether it changes how a target behaves, so that the case gets one of its own if it can."""
    receives_messages: ClassVar[bool] = False
    """Whether it waits for HL7 v2 messages, so that the case takes them from its start."""
    selects: ClassVar[bool] = False
    """Whether what it saves can be given to another step as ``what``."""
    saves: ClassVar[frozenset[Saved] | None] = None
    """What checks find in what it saves; None where that cannot be told before it ran."""
    measures: ClassVar[frozenset[str] | None] = None
    """Names of the operations that it may count with ``took``, ``C-STORE``; None where that cannot be told before it ran."""
    example: ClassVar[str] = ""
    """One YAML line that works, for the reference."""

    @classmethod
    def announce(cls, step_id: str, parameters: Mapping[str, Any], inbox: Inbox) -> None:
        """Tell the inbox of a case that begins what to expect; for steps with ``receives_messages``."""

    @classmethod
    def will_save(cls, parameters: Any) -> frozenset[Saved] | None:
        """What may be in it with these parameters, as the scenario has them; what is saved of a load are numbers.

        A template may come to nothing, as if the parameter were not there.
        """
        given = parameters if isinstance(parameters, Mapping) else {}
        if cls.saves and isinstance(given.get("load"), Mapping):
            return frozenset()
        return cls.saves

    @classmethod
    def most_per_second(cls, parameters: Any) -> float:
        """The most of its operations a second that there can be, were each answered at once; infinite where nothing says so.

        parameters: as the scenario has them.
        """
        del parameters
        return math.inf

    def foretell(self, case: PlannedCase, step_id: str) -> Mapping[str, Any]:
        """What the plan shows of it beside its parameters: ``{load: …}``, with ``words``, one sentence for people."""
        del case, step_id
        return {}

    @abstractmethod
    def run(self, context: StepContext) -> StepResult:
        """Do it. Raises FabricatorError; anything else is a defect and is reported as one."""

"""A named PACS as a step sees it: one interface, whatever stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from pydantic import BaseModel

from scenario_runner.deadline import Deadline
from scenario_runner.errors import Unsupported
from scenario_runner.events import TargetFacts
from scenario_runner.language.site_model import Receiver

if TYPE_CHECKING:
    from scenario_runner.language.faults import Fault
    from scenario_runner.planning.plan import PlannedCase

Level = Literal["patient", "study", "series", "image"]
QueryLevel = Literal["patient", "study", "series", "image", "worklist"]
Way = Literal["c-store", "c-find", "c-get", "c-move", "stow", "qido", "wado", "dicomweb", "orthanc"]
"""How a step may be asked to do its work: ``via``."""
Fetchable = Literal["metadata", "frames", "rendered"]
StatusClass = Literal["success", "warning", "failure", "cancel", "pending", "unknown"]


_SERVICES: Mapping[str, str] = {
    "stow": "dicomweb",
    "qido": "dicomweb",
    "wado": "dicomweb",
    "dicomweb": "dicomweb",
    "orthanc": "orthanc",
}


def status_class(status: int | None) -> StatusClass:
    """The class of a DIMSE status (PS3.7 annex C); None means no answer came."""
    if status is None:
        return "unknown"
    if status == 0x0000:
        return "success"
    if status in (0x0001, 0x0107, 0x0116) or 0xB000 <= status <= 0xBFFF:
        return "warning"
    if status == 0xFE00:
        return "cancel"
    if status in (0xFF00, 0xFF01):
        return "pending"
    return "failure"


class Storable(Protocol):
    """What can be stored: an encoded SOP instance."""

    @property
    def sop_class_uid(self) -> str: ...  # noqa: D102
    @property
    def sop_instance_uid(self) -> str: ...  # noqa: D102
    @property
    def transfer_syntax_uid(self) -> str: ...  # noqa: D102
    @property
    def buffers(self) -> Sequence[bytes | memoryview]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """The answer to a C-ECHO. ``association``: plain facts about the negotiation."""

    status: int
    seconds: float
    association: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """How to send. contexts: every (SOP class UID, transfer syntax UID) that will be sent."""

    contexts: Sequence[tuple[str, str]]
    associations: int = 1
    rate: float | None = None
    """At most so many instances a second."""
    resumes: int = 0
    """How many times in a row a broken association is opened again for what was not acknowledged."""
    opened: Callable[[Mapping[str, Any]], None] | None = None
    """Told the plain facts of each association as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    """What became of one instance.

    status: the DIMSE status, or None when no answer came: then ``unknown`` tells whether the peer may
    have it (sent, not acknowledged) or certainly does not (never sent whole).
    """

    sop_instance_uid: str
    sop_class_uid: str
    status: int | None
    comment: str = ""
    seconds: float = 0.0
    maybe_stored: bool = False
    http: int | None = None
    """The status code, where the answer came over HTTP."""
    retrieve_url: str = ""
    """Where a DICOMweb service says the instance can be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindRequest:
    """One query. match: keys with values, universal ones empty; values as DICOM text or lists.

    returned: further keys to ask for. The level's unique key is always asked for; the worklist
    (PS3.4 annex K) has none, and keys of its scheduled step go into ScheduledProcedureStepSequence.
    """

    level: QueryLevel
    match: Mapping[str, Any]
    returned: Sequence[str] = ()
    limit: int | None = None
    opened: Callable[[Mapping[str, Any]], None] | None = None
    """Told the plain facts of the association or connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieveRequest:
    """What to retrieve. keys: unique keys of ``level`` and above (PS3.4 C.4.3.1.3).

    contexts: the (SOP class UID, transfer syntax UID) pairs we are ready to receive. accept: media
    types for DICOMweb, in order of preference; by default instances as they are stored.
    """

    level: Level
    keys: Mapping[str, str | Sequence[str]]
    contexts: Sequence[tuple[str, str]]
    accept: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """What else of stored instances DICOMweb gives (PS3.18 10.4.1): not the instances themselves.

    keys: the unique keys of ``level`` and above. frames: numbers from 1, of one instance. accept:
    media types in order of preference.
    """

    what: Fetchable
    level: Literal["study", "series", "image"]
    keys: Mapping[str, str]
    frames: Sequence[int] = ()
    accept: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One part of an answer: the metadata of an instance, or the bytes of a frame or picture."""

    media_type: str
    """With its parameters, such as the transfer syntax; empty when the service said nothing."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Metadata as ``{KEYWORD: value}``."""
    data: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult:
    """How a service answered: a DIMSE status of the same meaning, and the HTTP status itself."""

    status: int
    http: int
    comment: str = ""
    media_type: str = ""
    association: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An instance a peer sent us: its data set as it came, without file meta information."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data: bytes | memoryview


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieveResult:
    """The final answer to C-GET or C-MOVE: status, comment and sub-operation counts.

    Of WADO-RS the same in its words: instances count as sub-operations; ``http`` is the status code.
    """

    status: int
    comment: str = ""
    completed: int = 0
    failed: int = 0
    warning: int = 0
    failed_uids: Sequence[str] = ()
    association: Mapping[str, Any] = field(default_factory=dict)
    http: int | None = None
    media_type: str = ""
    """Of an answer over HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitResult:
    """What a PACS committed itself to. failed: SOP instance UID to FailureReason (PS3.3 C.14)."""

    transaction_uid: str
    committed: Sequence[str]
    failed: Mapping[str, int]
    delivery: str
    """On which association the report came: ``same association``, ``later association``, ``association of the peer``."""
    seconds: float
    association: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MppsResult:
    """The answer to N-CREATE or N-SET of a performed procedure step: a DIMSE status."""

    status: int
    comment: str = ""
    seconds: float = 0.0
    association: Mapping[str, Any] = field(default_factory=dict)


class Target:
    """A named PACS. Every operation a kind does not have raises Unsupported with a hint.

    All methods block, take a Deadline and raise TargetError or its children. Values that come from
    the peer are bounded in size and plain.
    """

    name: str
    facts: TargetFacts
    expects: Mapping[str, Any]
    calling_ae_title: str = "FABRICATE"
    """What we call ourselves there."""
    lasting: bool = True
    """Whether what is stored there is still there when the run is over."""
    ways: frozenset[str] = frozenset()
    """Which values of ``via`` it understands."""
    log_pdus: bool = False
    """Whether a log of each association is wanted as evidence."""

    def by(self, way: str | None) -> Target:
        """The target held to one way, whatever others it has. Raises Unsupported without it."""
        if way is None or way in self.ways:
            return self
        raise self._unsupported(f"work by '{way}'", service_of(way))

    def echo(self, deadline: Deadline) -> Echo:
        """C-ECHO (PS3.7 9.1.5)."""
        raise self._unsupported("echo", "dicom")

    def store(
        self, instances: Iterable[Storable], options: StoreOptions, deadline: Deadline
    ) -> Iterator[StoreStatus]:
        """Send instances, yielding each one's status as it is known; instances are pulled lazily.

        Every instance pulled gets exactly one status, also when the association breaks: then the
        statuses come first and the TargetError after them.
        """
        raise self._unsupported("store", "dicom")

    def find(self, request: FindRequest, deadline: Deadline) -> list[dict[str, Any]]:
        """Matches as ``{KEYWORD: value}``: text as text, IS as int, DS as float, multi as list.

        An empty attribute is None. Raises OperationFailed for a failure status.
        """
        raise self._unsupported("find", "dicom")

    def find_each(
        self, requests: Iterable[FindRequest], deadline: Deadline
    ) -> Iterator[list[dict[str, Any]]]:
        """Several queries in turn, over one association where the kind has such a thing."""
        for request in requests:
            yield self.find(request, deadline)

    def retrieve(
        self,
        request: RetrieveRequest,
        sink: Callable[[Received], None],
        deadline: Deadline,
    ) -> RetrieveResult:
        """C-GET (PS3.4 C.4.3); ``sink`` is called with each instance as it comes."""
        raise self._unsupported("retrieve", "dicom")

    def move(
        self,
        request: RetrieveRequest,
        sink: Callable[[Received], None],
        deadline: Deadline,
        *,
        destination: str | None = None,
    ) -> RetrieveResult:
        """C-MOVE (PS3.4 C.4.2) to our own receiver, whose instances go to ``sink``.

        destination: the AE title of a third party instead; then nothing comes to ``sink``, which
        is called from another thread, never twice at once.
        """
        raise self._unsupported("move", "dicom")

    def fetch(
        self, request: FetchRequest, sink: Callable[[Fetched], None], deadline: Deadline
    ) -> FetchResult:
        """Metadata, frames or rendered images; ``sink`` is called with each as it comes.

        A failure status is an answer, not an exception, unless it says that the service is wrong.
        """
        raise self._unsupported(f"give {request.what}", "dicomweb")

    def commit(
        self, instances: Sequence[tuple[str, str]], deadline: Deadline, *, patience: float = 60.0
    ) -> CommitResult:
        """Storage commitment (PS3.4 annex J) for (SOP class UID, SOP instance UID) pairs.

        patience: seconds the PACS may take for its report; after them PeerTimeout is raised.
        """
        raise self._unsupported("commit", "dicom")

    def mpps(
        self,
        uid: str,
        attributes: Mapping[str, Any],
        deadline: Deadline,
        *,
        create: bool = False,
    ) -> MppsResult:
        """Tell of a performed procedure step (PS3.4 F.7): N-SET, or N-CREATE with ``create``.

        uid: its SOP instance UID. attributes: ``{KEYWORD: value}``, sequences as lists of the same.
        A failure status is an answer, not an exception.
        """
        raise self._unsupported("take performed procedure steps", "dicom")

    def delete(self, study_uids: Iterable[str], deadline: Deadline) -> list[str]:
        """Delete whole studies; returns the UIDs that were there and are gone now."""
        raise self._unsupported("delete", "orthanc")

    def misbehave(self, faults: Sequence[Fault]) -> None:
        """Have these faults and no others; none for an empty list. Raises UsageError for a bad one."""
        raise Unsupported(
            f"target '{self.name}' cannot be made to misbehave",
            target=None,
            hint="only the embedded PACS can: give the target 'embedded: {}' in the site file",
        )

    def case_began(self, case: PlannedCase) -> None:
        """A case is about to use this target: what a RIS would know of it beforehand."""

    def case_ended(self, case: PlannedCase) -> None:
        """That case is over."""

    def logging(self, keep: Callable[[str, str], None]) -> Target:
        """The same PACS, which hands out the log of each association, a title and a text.

        keep: called when an association is over, possibly from another thread. A kind without
        associations is as it was.
        """
        return self

    def close(self) -> None:
        """Let go of everything: sockets, servers, temporary files. May be called twice."""

    @property
    def capabilities(self) -> frozenset[str]:
        """Which of the operations it can do: echo, store, find, retrieve, move, fetch and so on."""
        return frozenset(self.facts.capabilities)

    def _unsupported(self, what: str, service: str) -> Unsupported:
        return Unsupported(
            f"target '{self.name}' has no way to {what}",
            target=None,
            hint=f"give '{self.name}' a '{service}' service in the site file",
        )


def service_of(way: str) -> str:
    """The service of a site file that brings a way."""
    return _SERVICES.get(way, "dicom")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSetup:
    """What a target kind gets to make a target from."""

    name: str
    environment: str
    calling_ae_title: str
    expects: Mapping[str, Any]
    services: Mapping[str, Any]
    """The target's whole entry in the site file, rendered and typed."""
    scratch: Path
    """An empty folder of the target's own; removed when the run is over."""
    receiver: Receiver | None = None
    """Where C-MOVE and storage commitment come back to, as the site has it."""
    folder: Path = Path()
    """What relative paths in the site file start from."""


class TargetKind(Protocol):
    """A kind of PACS. ``name`` is a key of a target in the site file, ``model`` what it takes."""

    name: ClassVar[str]
    model: ClassVar[type[BaseModel]]

    @classmethod
    def open(cls, setup: TargetSetup) -> Target:
        """Make the target; connecting may wait until it is used."""
        ...

"""A named PACS as a step sees it: one interface, whatever stands behind it."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from pydantic import BaseModel

from scenario_runner.amounts import with_article
from scenario_runner.answers import (
    Acknowledged,
    CommitResult,
    Echo,
    Fetched,
    FetchResult,
    MppsResult,
    Received,
    ResourcesFound,
    ResourceWritten,
    RetrieveResult,
    StoreStatus,
)
from scenario_runner.api.operations import (
    Addressed,
    FetchRequest,
    FindRequest,
    RetrieveRequest,
    StoreOptions,
)
from scenario_runner.api.storing import OneByOne, Storing
from scenario_runner.deadline import Deadline
from scenario_runner.dicom.part10 import Storable
from scenario_runner.errors import TargetError, Unsupported
from scenario_runner.language.site_model import Expectations, Hl7Rules, Receiver
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.events import TargetFacts
    from scenario_runner.fields.pacs_faults import Fault
    from scenario_runner.planning.plan import PlannedCase

_SERVICES: Mapping[str, str] = {
    "stow": "dicomweb",
    "qido": "dicomweb",
    "wado": "dicomweb",
    "dicomweb": "dicomweb",
    "orthanc": "orthanc",
    "hl7": "hl7",
    "fhir": "fhir",
}


DICOMWEB_WAYS = frozenset(way for way, service in _SERVICES.items() if service == "dicomweb")
"""Values of ``via`` that go over DICOMweb."""


def service_of(way: str) -> str:
    """The service of a site file that brings a way."""
    return _SERVICES.get(way, "dicom")


class Target:
    """A named PACS. Every operation a kind does not have raises Unsupported with a hint.

    All methods block, take a Deadline and raise TargetError or its children. Values that come from
    the peer are bounded in size and plain.
    """

    name: str
    facts: TargetFacts
    expects: Expectations = Expectations.defaults()
    calling_ae_title: str = "FABRICATE"
    """What we call ourselves there."""
    lasting: bool = True
    """Whether what is stored there is still there when the run is over."""
    ways: frozenset[str] = frozenset()
    """Which values of ``via`` it understands."""
    log_pdus: bool = False
    """Whether a log of each association is wanted as evidence."""
    looks_for: frozenset[str] = frozenset()
    """Which of ``TargetSetup.neighbours`` it has started before it speaks to them."""

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

    def storing(self, options: StoreOptions, deadline: Deadline) -> Storing:
        """What stores instances one at a time, each when somebody says so, over an association that is kept."""
        return OneByOne(lambda instance: self.store([instance], options, deadline))

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

    def tell(self, message: bytes, deadline: Deadline) -> Acknowledged:
        """Send an HL7 v2 message and wait for its acknowledgement; a refusal is an answer."""
        raise self._unsupported("take HL7 messages", "hl7")

    def tell_each(
        self, messages: Iterable[bytes], deadline: Deadline
    ) -> Iterator[Acknowledged | TargetError]:
        """Several in turn, over one connection where the kind has such a thing.

        What went wrong with one is yielded in its place, and the next follows.
        """
        for message in messages:
            try:
                answer: Acknowledged | TargetError = self.tell(message, deadline)
            except TargetError as error:
                answer = error
            yield answer

    @property
    def addressed(self) -> Addressed:
        """How HL7 messages to it are addressed and written."""
        return Addressed()

    def fhir_release(self, deadline: Deadline) -> str:
        """The release of FHIR that it speaks: R4, R4B or R5."""
        raise self._unsupported("speak FHIR", "fhir")

    def fhir_search(
        self,
        resource: str,
        query: Mapping[str, Any],
        deadline: Deadline,
        *,
        limit: int | None = None,
    ) -> ResourcesFound:
        """Search for resources, all pages of them. query: a list is several parameters of one name."""
        raise self._unsupported("search by FHIR", "fhir")

    def fhir_read(self, place: str, deadline: Deadline) -> dict[str, Any]:
        """A resource by ``Patient/123`` or a URL below the server's own."""
        raise self._unsupported("read by FHIR", "fhir")

    def fhir_write(
        self,
        resource: Mapping[str, Any],
        deadline: Deadline,
        *,
        unless: Mapping[str, str] | None = None,
    ) -> ResourceWritten:
        """Put a resource under its ``id``, or create one that has none.

        unless: a search that must find nothing for it to be created (conditional create).
        """
        raise self._unsupported("write by FHIR", "fhir")

    def delete(self, study_uids: Iterable[str], deadline: Deadline) -> list[str]:
        """Delete whole studies; returns the UIDs that were there and are gone now."""
        error = self._unsupported("delete", "orthanc")
        error.hint = (
            f"{error.hint}; where its DICOMweb has DELETE, say expects: {{dicomweb_delete: true}}"
        )
        raise error

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

    def watched(self, seen: Callable[[Mapping[str, Any]], None]) -> Target:
        """The same PACS, which tells what each association shows of it.

        seen: called with ``implementation_class_uid``, ``implementation_version_name`` and ``contexts``,
        a list of ``{sop_class, outcome, reason}``, possibly from another thread. A kind without
        associations is as it was.
        """
        return self

    def expecting(self, expects: Expectations) -> Target:
        """The same PACS, of which something else is known."""
        target = copy.copy(self)
        target.expects = expects
        return target

    def close(self) -> None:
        """Let go of everything: sockets, servers, temporary files. May be called twice."""

    @property
    def capabilities(self) -> frozenset[str]:
        """Which of the operations it can do: echo, store, find, retrieve, move, fetch and so on."""
        return frozenset(self.facts.capabilities)

    def _unsupported(self, what: str, service: str) -> Unsupported:
        one = with_article(f"'{service}'")
        return Unsupported(
            f"target '{self.name}' has no way to {what}",
            target=None,
            hint=f"give '{self.name}' {one} service in the site file",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSetup:
    """What a target kind gets to make a target from."""

    name: str
    environment: str
    calling_ae_title: str
    expects: Expectations
    services: Mapping[str, Any]
    """The target's whole entry in the site file, rendered and typed."""
    scratch: Path
    """An empty folder of the target's own; removed when the run is over."""
    receiver: Receiver | None = None
    """Where C-MOVE and storage commitment come back to, as the site has it."""
    hl7_rules: Hl7Rules | None = None
    """What messages of the site say where."""
    zone: dt.tzinfo | None = None
    """The site's time zone, where its file gives one."""
    folder: Path = Path()
    """What relative paths in the site file start from."""
    neighbours: MutableMapping[str, Callable[[], Any]] = field(default_factory=dict)
    """Where the targets of the run that speak DIMSE can be reached, by AE title: asked when one is called,
    for one may have to be started first. Each gives a ``ul.peer.Peer``. A kind adds itself; one that listens on a port of
    this machine, whose number is in the site file, does so by ``ports_here``, too."""
    learned: Callable[[str], object] = field(default=lambda _: None)
    """Told of a secret that a peer gave, such as a token, before anything of it can be shown."""

    def start(self, names: Iterable[str]) -> None:
        """Have those of these neighbours that there are started."""
        for name in names:
            if (start := self.neighbours.get(name)) is not None:
                start()


_HERE: Final = ("127.0.0.1", "localhost")


def ports_here(host: str, *ports: int) -> frozenset[str]:
    """Under which names of ``TargetSetup.neighbours`` who listens on these ports is found; none on another machine.

    No AE title has a line break.
    """
    return frozenset(f"port\n{one}" for one in ports if host.lower() in _HERE)


class TargetKind(Protocol):
    """A kind of PACS. ``name`` is a key of a target in the site file, ``model`` what it takes."""

    name: ClassVar[str]
    model: ClassVar[type[BaseModel]]

    @classmethod
    def open(cls, setup: TargetSetup) -> Target:
        """Make the target; connecting may wait until it is used."""
        ...

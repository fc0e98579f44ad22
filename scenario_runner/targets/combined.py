"""One target made of several services: each operation goes to the first service that can do it."""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, Any

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
from scenario_runner.api.storing import Storing
from scenario_runner.api.targets import Target, TargetSetup
from scenario_runner.dicom.part10 import Storable
from scenario_runner.events import TargetFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from scenario_runner.deadline import Deadline
    from scenario_runner.errors import TargetError
    from scenario_runner.fields.pacs_faults import Fault
    from scenario_runner.language.site_model import Expectations
    from scenario_runner.planning.plan import PlannedCase


class CombinedTarget(Target):
    """A target with any number of parts; facts are the first part's, capabilities all parts'."""

    def __init__(self, setup: TargetSetup, parts: Sequence[Target]) -> None:
        self.name = setup.name
        self.expects = setup.expects
        self._parts = parts
        self._nothing = Target()
        """Says Unsupported to everything, in the words of the interface."""
        self._nothing.name = setup.name
        facts = [part.facts for part in parts]
        if parts:
            self.calling_ae_title = parts[0].calling_ae_title
            self.log_pdus = any(part.log_pdus for part in parts)
            self.lasting = all(part.lasting for part in parts)
        first = (
            facts[0]
            if facts
            else TargetFacts(name=setup.name, kind="none", environment=setup.environment)
        )
        every = dict.fromkeys(word for fact in facts for word in fact.capabilities)
        url = next((fact.url for fact in facts if fact.url), None)
        self.facts = dataclasses.replace(first, capabilities=list(every), url=url)
        self.ways = frozenset(way for part in parts for way in part.ways)
        self.looks_for = frozenset(name for part in parts for name in part.looks_for)

    def by(self, way: str | None) -> Target:
        """The part that has this way. Raises Unsupported when none has."""
        able = (part for part in self._parts if way is not None and way in part.ways)
        part = next(able, None)
        return super().by(way) if part is None else part.by(way)

    def echo(self, deadline: Deadline) -> Echo:
        """C-ECHO by the part that has it."""
        return self._part("echo").echo(deadline)

    def store(
        self, instances: Iterable[Storable], options: StoreOptions, deadline: Deadline
    ) -> Iterator[StoreStatus]:
        """Send by the part that can."""
        return self._part("store").store(instances, options, deadline)

    def storing(self, options: StoreOptions, deadline: Deadline) -> Storing:
        """Send one at a time by the part that can."""
        return self._part("store").storing(options, deadline)

    def find(self, request: FindRequest, deadline: Deadline) -> list[dict[str, Any]]:
        """Query by the part that can."""
        return self._part("find").find(request, deadline)

    def find_each(
        self, requests: Iterable[FindRequest], deadline: Deadline
    ) -> Iterator[list[dict[str, Any]]]:
        """Query by the part that can."""
        return self._part("find").find_each(requests, deadline)

    def retrieve(
        self, request: RetrieveRequest, sink: Callable[[Received], None], deadline: Deadline
    ) -> RetrieveResult:
        """Retrieve by the part that can."""
        return self._part("retrieve").retrieve(request, sink, deadline)

    def fetch(
        self, request: FetchRequest, sink: Callable[[Fetched], None], deadline: Deadline
    ) -> FetchResult:
        """Fetch by the part that can."""
        return self._part("fetch").fetch(request, sink, deadline)

    def move(
        self,
        request: RetrieveRequest,
        sink: Callable[[Received], None],
        deadline: Deadline,
        *,
        destination: str | None = None,
    ) -> RetrieveResult:
        """Move by the part that can."""
        return self._part("move").move(request, sink, deadline, destination=destination)

    def commit(
        self, instances: Sequence[tuple[str, str]], deadline: Deadline, *, patience: float = 60.0
    ) -> CommitResult:
        """Ask the part that can for commitment."""
        return self._part("commit").commit(instances, deadline, patience=patience)

    def mpps(
        self,
        uid: str,
        attributes: Mapping[str, Any],
        deadline: Deadline,
        *,
        create: bool = False,
    ) -> MppsResult:
        """Tell the part that can."""
        return self._part("mpps").mpps(uid, attributes, deadline, create=create)

    def tell(self, message: bytes, deadline: Deadline) -> Acknowledged:
        """Tell the part that takes messages."""
        return self._part("tell").tell(message, deadline)

    def tell_each(
        self, messages: Iterable[bytes], deadline: Deadline
    ) -> Iterator[Acknowledged | TargetError]:
        """Tell it several."""
        return self._part("tell").tell_each(messages, deadline)

    @property
    def addressed(self) -> Addressed:
        """As the part that takes messages has it."""
        return self._part("tell").addressed

    def fhir_release(self, deadline: Deadline) -> str:
        """Ask the part that speaks FHIR."""
        return self._part("fhir").fhir_release(deadline)

    def fhir_search(
        self,
        resource: str,
        query: Mapping[str, Any],
        deadline: Deadline,
        *,
        limit: int | None = None,
    ) -> ResourcesFound:
        """Search by the part that speaks FHIR."""
        return self._part("fhir").fhir_search(resource, query, deadline, limit=limit)

    def fhir_read(self, place: str, deadline: Deadline) -> dict[str, Any]:
        """Read by the part that speaks FHIR."""
        return self._part("fhir").fhir_read(place, deadline)

    def fhir_write(
        self,
        resource: Mapping[str, Any],
        deadline: Deadline,
        *,
        unless: Mapping[str, str] | None = None,
    ) -> ResourceWritten:
        """Write by the part that speaks FHIR."""
        return self._part("fhir").fhir_write(resource, deadline, unless=unless)

    def delete(self, study_uids: Iterable[str], deadline: Deadline) -> list[str]:
        """Delete by the part that can."""
        return self._part("delete").delete(study_uids, deadline)

    def misbehave(self, faults: Sequence[Fault]) -> None:
        """Switch faults on in the part that can have them."""
        self._part("misbehave").misbehave(faults)

    def case_began(self, case: PlannedCase) -> None:
        """Tell every part."""
        for part in self._parts:
            part.case_began(case)

    def case_ended(self, case: PlannedCase) -> None:
        """Tell every part."""
        for part in self._parts:
            part.case_ended(case)

    def logging(self, keep: Callable[[str, str], None]) -> Target:
        """The same with every part logging."""
        target = copy.copy(self)
        target._parts = [part.logging(keep) for part in self._parts]  # noqa: SLF001 - its own
        return target

    def watched(self, seen: Callable[[Mapping[str, Any]], None]) -> Target:
        """The same with every part watched."""
        target = copy.copy(self)
        target._parts = [part.watched(seen) for part in self._parts]  # noqa: SLF001 - its own
        return target

    def expecting(self, expects: Expectations) -> Target:
        """The same with every part."""
        target = copy.copy(self)
        target.expects = expects
        parts = [part.expecting(expects) for part in self._parts]
        target._parts = parts  # noqa: SLF001 - its own
        every = dict.fromkeys(word for part in parts for word in part.facts.capabilities)
        target.facts = dataclasses.replace(self.facts, capabilities=list(every))
        return target

    def close(self) -> None:
        """Close every part."""
        for part in self._parts:
            part.close()

    def _part(self, capability: str) -> Target:
        able = (part for part in self._parts if capability in part.capabilities)
        return next(able, self._nothing)

"""A PACS reached over DIMSE: what a target asks, said in the words of ``network``."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

from scenario_runner.answers import (
    DELIVERIES,
    CommitResult,
    Echo,
    MppsResult,
    Received,
    RetrieveResult,
    StoreStatus,
    status_class,
)
from scenario_runner.api.operations import FindRequest, RetrieveRequest, StoreOptions
from scenario_runner.api.storing import Storing
from scenario_runner.api.targets import Target, TargetSetup
from scenario_runner.dicom.characters import parse
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.dicom.part10 import Storable
from scenario_runner.errors import ProtocolViolation
from scenario_runner.events import TargetFacts
from scenario_runner.language.site_services import DicomService
from scenario_runner.language.site_services import UserIdentity as SiteIdentity
from scenario_runner.language.tls_files import tls_of
from scenario_runner.targets import identifiers
from scenario_runner.targets.identifiers import find_identifier, retrieve_identifier
from scenario_runner.targets.naming import naming
from scenario_runner.targets.not_offered import NO_COMMITMENT, NO_MPPS, no_query, no_retrieval
from scenario_runner.targets.plain_values import values_by_keyword
from scenario_runner.targets.recoding import in_default_syntax
from scenario_runner.ul.peer import LocalEntity, Peer, UserIdentity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pydantic import BaseModel

    from scenario_runner.deadline import Deadline
    from scenario_runner.language.site_model import Expectations
    from scenario_runner.language.site_model import Receiver as SiteReceiver
    from scenario_runner.network.receiver import Receiver
    from scenario_runner.ul.contexts import Context
    from scenario_runner.ul.evidence import AssociationEvidence

CAPABILITIES = ("echo", "store", "find", "retrieve", "mpps")
RECEIVING = ("move", "commit")
"""What needs a receiver of our own that the PACS knows."""


class DimseTarget(Target):
    """Echo, store, find and retrieve over DIMSE; each operation has associations of its own."""

    ways = frozenset(("c-store", "c-find", "c-get", "c-move"))

    def __init__(self, setup: TargetSetup, peer: Peer) -> None:
        self.name = setup.name
        self.expects = setup.expects
        self.calling_ae_title = peer.calling_ae_title
        self._peer = peer
        self._receiver = setup.receiver
        self._site_folder = setup.folder
        setup.neighbours.setdefault(peer.ae_title, self.peer)
        self.facts = TargetFacts(
            name=setup.name,
            kind="dimse",
            environment=setup.environment,
            host=peer.host,
            port=peer.port,
            ae_title=peer.ae_title,
            capabilities=[*CAPABILITIES, *(RECEIVING if setup.receiver else ())],
        )

    def peer(self) -> Peer:
        """Whom to speak to; a subclass may have to start it first."""
        return self._peer

    def logging(self, keep: Callable[[str, str], None]) -> Target:
        """The same PACS with a log of every PDU."""
        self.peer()  # what a subclass starts is started once, for both
        target = copy.copy(self)
        target._peer = dataclasses.replace(self._peer, pdu_log=keep)  # noqa: SLF001 - its own
        return target

    def watched(self, seen: Callable[[Mapping[str, Any]], None]) -> Target:
        """The same PACS, telling what was negotiated."""
        self.peer()
        target = copy.copy(self)
        target._peer = dataclasses.replace(self._peer, seen=_showing(seen))  # noqa: SLF001 - its own
        return target

    def expecting(self, expects: Expectations) -> Target:
        """The same PACS, of which something else is known."""
        self.peer()
        return super().expecting(expects)

    def echo(self, deadline: Deadline) -> Echo:
        """C-ECHO over an association of its own."""
        from scenario_runner.network.echo import echo

        with naming(self.name):
            return echo(self.peer(), deadline)

    def store(
        self, instances: Iterable[Storable], options: StoreOptions, deadline: Deadline
    ) -> Iterator[StoreStatus]:
        """C-STORE each instance; see ``network.store``."""
        from scenario_runner.network.store import store

        with (
            naming(self.name),
            contextlib.closing(
                store(
                    self.peer(),
                    instances,
                    options.contexts,
                    deadline,
                    options,
                    recode=in_default_syntax if options.transcode else None,
                )
            ) as answers,
        ):
            yield from answers

    def storing(self, options: StoreOptions, deadline: Deadline) -> Storing:
        """C-STORE one at a time."""
        from scenario_runner.network.bulk.sender import Sender
        from scenario_runner.network.storer import Storer

        recode = in_default_syntax if options.transcode else None
        sender = Sender(self.peer(), options.contexts, deadline, options.opened, recode)
        return Storer(sender, deadline, options.resumes)

    def find(self, request: FindRequest, deadline: Deadline) -> list[dict[str, Any]]:
        """One C-FIND."""
        [matches] = self.find_each([request], deadline)
        return matches

    def find_each(
        self, requests: Iterable[FindRequest], deadline: Deadline
    ) -> Iterator[list[dict[str, Any]]]:
        """Several C-FINDs over one association."""
        from scenario_runner.network.find import Query, find

        asked_in = self.expects.query_character_set
        answered_in = parse(self.expects.answer_character_set)
        asked: list[FindRequest] = []

        def queries() -> Iterator[Query]:
            for request in requests:
                asked[:] = [request]
                yield Query(
                    level=request.level,
                    identifier=find_identifier(request, asked_in),
                    limit=request.limit,
                    opened=request.opened,
                    may_end_early=request.remarked is not None,
                )

        answers = find(
            self.peer(),
            queries(),
            deadline,
            relational=self.expects.relational_queries,
            fuzzy=self.expects.fuzzy_matching,
        )
        lacking = naming(self.name, lambda: no_query(asked[0].level) if asked else "")
        with lacking, contextlib.closing(answers):
            for answer in answers:
                [request] = asked  # the next is pulled when this answer has been taken
                if request.remarked is not None:
                    if answer.unsupported_keys:
                        request.remarked("keys not supported")
                    if answer.cancelled or (
                        answer.ended_early and _enough(request, answer.matches)
                    ):
                        request.remarked("more")
                    elif answer.ended_early:
                        request.remarked("ended early")
                try:
                    found = [
                        values_by_keyword(one, answered_in, request.undeclared)
                        for one in answer.matches
                    ]
                except DamagedDatasetError as error:
                    raise self.peer().error(
                        ProtocolViolation, "the peer broke the protocol", f"in an answer {error}"
                    ) from error
                yield found

    def retrieve(
        self, request: RetrieveRequest, sink: Callable[[Received], None], deadline: Deadline
    ) -> RetrieveResult:
        """C-GET over an association of its own."""
        from scenario_runner.network.retrieve import get

        with naming(self.name, lambda: no_retrieval(request.level, "c-move")):
            return get(
                self.peer(),
                request.level,
                retrieve_identifier(request),
                request.contexts,
                sink,
                deadline,
            )

    def move(
        self,
        request: RetrieveRequest,
        sink: Callable[[Received], None],
        deadline: Deadline,
        *,
        destination: str | None = None,
    ) -> RetrieveResult:
        """C-MOVE to our receiver, which listens only meanwhile, or to a third AE title."""
        from scenario_runner.network.move import move
        from scenario_runner.network.receiver import Receiver

        identifier = retrieve_identifier(request)
        named = naming(self.name, lambda: no_retrieval(request.level, "c-get"))
        if destination is not None:
            with named:
                return move(self.peer(), request.level, identifier, destination, deadline)
        ours = self._receiver
        if ours is None:
            return super().move(request, sink, deadline)
        receiver = Receiver(
            self._local_entity(ours),
            contexts=request.contexts or None,
            on_instance=sink,
        )
        with named, self._listening(receiver, deadline):
            result = move(self.peer(), request.level, identifier, receiver.ae_title, deadline)
        if receiver.failure is not None:
            raise receiver.failure
        if status_class(result.status) == "failure" and not receiver.reached:
            remark = (
                f"it never connected to our receiver '{receiver.ae_title}' on port {receiver.port}: "
                "it has to know that AE title with this machine's address and that port"
            )
            return dataclasses.replace(result, remark=remark)
        return result

    def commit(
        self, instances: Sequence[tuple[str, str]], deadline: Deadline, *, patience: float = 60.0
    ) -> CommitResult:
        """Storage commitment; our receiver listens meanwhile, unless the report is known to come otherwise."""
        from scenario_runner.network.commit import Commitments, commit
        from scenario_runner.network.receiver import Receiver

        ours, reports = self._receiver, Commitments()
        delivery = DELIVERIES.get(self.expects.commitment or "")
        if delivery is not None and delivery != "association of the peer":
            with naming(self.name, lambda: NO_COMMITMENT):
                return commit(self.peer(), instances, reports, patience, deadline, delivery)
        if ours is None:
            return super().commit(instances, deadline, patience=patience)
        receiver = Receiver(
            self._local_entity(ours),
            on_event=reports.take,
        )
        with naming(self.name, lambda: NO_COMMITMENT), self._listening(receiver, deadline):
            return commit(self.peer(), instances, reports, patience, deadline, delivery)

    def mpps(
        self,
        uid: str,
        attributes: Mapping[str, Any],
        deadline: Deadline,
        *,
        create: bool = False,
    ) -> MppsResult:
        """N-CREATE or N-SET over an association of its own."""
        from scenario_runner.network import mpps

        call = mpps.create if create else mpps.update
        with naming(self.name, lambda: NO_MPPS):
            return call(self.peer(), uid, identifiers.attributes(attributes), deadline)

    def _local_entity(self, ours: SiteReceiver) -> LocalEntity:
        """What the site file says of our receiver, as the wire takes it."""
        return LocalEntity(
            ours.ae_title,
            ours.host,
            ours.port,
            pdu_log=self._peer.pdu_log,
            tls=tls_of(ours.tls, self._site_folder),
        )

    @contextlib.contextmanager
    def _listening(self, receiver: Receiver, deadline: Deadline) -> Iterator[None]:
        """Hold our receiver open where the PACS expects it."""
        with receiver:
            receiver.start(deadline)
            yield


class DimseKind:
    """The ``dicom`` service of a target."""

    name: ClassVar[str] = "dicom"
    model: ClassVar[type[BaseModel]] = DicomService

    @classmethod
    def open(cls, setup: TargetSetup) -> Target:
        """Make the target; nothing is connected until it is used."""
        service: DicomService = setup.services[cls.name]
        peer = Peer(
            host=service.host,
            port=service.port,
            ae_title=service.ae_title,
            calling_ae_title=service.calling_ae_title or setup.calling_ae_title,
            connect_timeout=service.connect_timeout,
            response_timeout=service.response_timeout,
            association_timeout=service.association_timeout,
            network_timeout=service.network_timeout,
            tls=tls_of(service.tls, setup.folder),
            identity=_identity(service.user_identity),
        )
        target = DimseTarget(setup, peer)
        target.log_pdus = service.log_pdus
        return target


def _enough(request: FindRequest, matches: Sequence[Any]) -> bool:
    """Whether as many matches came as were wanted."""
    return request.limit is not None and len(matches) >= request.limit


def _identity(given: SiteIdentity | None) -> UserIdentity | None:
    return None if given is None else UserIdentity(user=given.user, password=given.password)


def _showing(
    seen: Callable[[Mapping[str, Any]], None],
) -> Callable[[AssociationEvidence, frozenset[int]], None]:
    def outcome(context: Context, used: frozenset[int]) -> str:
        if context.id in used:
            return "used"
        return "accepted" if context.accepted else "refused"

    def show(evidence: AssociationEvidence, used: frozenset[int]) -> None:
        contexts = [
            {
                "sop_class": one.abstract_syntax,
                "outcome": outcome(one, used),
                "reason": one.reason,
                "offered": list(one.proposed),
                "transfer_syntax": one.transfer_syntax or "",
            }
            for one in evidence.contexts
            # What we are ready to receive in a C-GET says nothing of what the peer stores.
            if not one.to_receive
        ]
        seen(
            {
                "implementation_class_uid": evidence.implementation_class_uid,
                "implementation_version_name": evidence.implementation_version_name,
                "contexts": contexts,
            }
        )

    return show

"""A PACS reached over DICOMweb: what a target asks, said in the words of ``network.dicomweb``."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import time
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from scenario_runner.amounts import amount
from scenario_runner.answers import (
    Echo,
    Fetched,
    FetchResult,
    Received,
    RetrieveResult,
    StoreStatus,
)
from scenario_runner.api.operations import (
    FetchRequest,
    FindRequest,
    RetrieveRequest,
    StoreOptions,
)
from scenario_runner.api.targets import DICOMWEB_WAYS, Target, TargetSetup, ports_here
from scenario_runner.dicom import statuses
from scenario_runner.dicom.levels import unique_key, unique_keys
from scenario_runner.dicom.part10 import Storable
from scenario_runner.errors import Unsupported
from scenario_runner.events import TargetFacts
from scenario_runner.language.site_services import HttpService
from scenario_runner.language.tls_files import tls_of
from scenario_runner.network.dicomweb.peer import Login, WebPeer
from scenario_runner.network.dicomweb.retrieve import AS_STORED, path_of, retrieve
from scenario_runner.targets.naming import naming

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pydantic import BaseModel

    from scenario_runner.deadline import Deadline
    from scenario_runner.language.site_model import Expectations
    from scenario_runner.network.dicomweb.retrieve import Retrieval
    from scenario_runner.network.dicomweb.session import Session

_NOT_OFFERED = (404, 405, 501)
"""HTTP statuses by which a service says that it has no such thing."""
_NOT_LET_IN = (401, 403, 407)
"""Those by which it is not known whether there is one, for whoever asks is not let in."""
CAPABILITIES = ("echo", "store", "find", "retrieve", "fetch")


class DicomwebTarget(Target):
    """STOW-RS, QIDO-RS and WADO-RS; each operation has connections of its own."""

    ways = DICOMWEB_WAYS

    def __init__(self, setup: TargetSetup, peer: WebPeer) -> None:
        self.name = setup.name
        self.expects = setup.expects
        self.calling_ae_title = setup.calling_ae_title
        self._setup = setup
        self._peer = peer
        self.looks_for = ports_here(peer.host, peer.port)
        self._seen: Callable[[Mapping[str, Any]], None] | None = None
        self.facts = TargetFacts(
            name=setup.name,
            kind="dicomweb",
            environment=setup.environment,
            host=peer.host,
            port=peer.port,
            url=peer.base,
            capabilities=_capabilities(setup.expects),
        )

    def peer(self) -> WebPeer:
        """Whom to speak to; one of this run that listens on that port of this machine has been started."""
        self._setup.start(self.looks_for)
        return self._peer

    def watched(self, seen: Callable[[Mapping[str, Any]], None]) -> Target:
        """The same service, telling its server's name and which of its services were used."""
        target = copy.copy(self)
        target._seen = seen  # noqa: SLF001 - its own
        return target

    def expecting(self, expects: Expectations) -> Target:
        """The same service, of which something else is known."""
        target = copy.copy(self)
        target.expects = expects
        target._peer = dataclasses.replace(self._peer, fuzzy=expects.fuzzy_matching)  # noqa: SLF001 - its own
        target.facts = dataclasses.replace(self.facts, capabilities=_capabilities(expects))
        return target

    def echo(self, deadline: Deadline) -> Echo:
        """DICOMweb has no C-ECHO: a query for one study shows that the service answers."""
        from scenario_runner.network.dicomweb.search import Search, search

        started = time.monotonic()
        with naming(self.name), self._session(deadline, "QIDO-RS") as session:
            next(search(session, Search(level="study", limit=1)), None)
        return Echo(
            status=statuses.SUCCESS, seconds=time.monotonic() - started, association=session.facts
        )

    def store(
        self, instances: Iterable[Storable], options: StoreOptions, deadline: Deadline
    ) -> Iterator[StoreStatus]:
        """STOW-RS; see ``network.dicomweb.store``."""
        from scenario_runner.network.dicomweb.store import store

        answers = store(
            self.peer(),
            instances,
            deadline,
            dataclasses.replace(options, opened=self._telling("STOW-RS", options.opened)),
        )
        with naming(self.name), contextlib.closing(answers):
            yield from answers

    def find(self, request: FindRequest, deadline: Deadline) -> list[dict[str, Any]]:
        """One search."""
        [matches] = self.find_each([request], deadline)
        return matches

    def find_each(
        self, requests: Iterable[FindRequest], deadline: Deadline
    ) -> Iterator[list[dict[str, Any]]]:
        """Several searches over one connection."""
        from scenario_runner.network.dicomweb.repeated_search import RepeatedSearch
        from scenario_runner.targets.qido import search_of

        with naming(self.name), self._session(deadline, "QIDO-RS") as session:
            repeated: RepeatedSearch | None = None
            for request in requests:
                level = request.level
                if not request.once or level == "worklist" or level == "patient":
                    yield self._search(session, request)
                else:
                    repeated = repeated or RepeatedSearch(session)
                    asked = repr((level, request.match, request.returned, request.limit))
                    yield repeated.search(asked, partial(search_of, request, level))
                if request.opened is not None:
                    request.opened(session.facts)

    def retrieve(
        self, request: RetrieveRequest, sink: Callable[[Received], None], deadline: Deadline
    ) -> RetrieveResult:
        """WADO-RS of everything the keys name, one request for each of ``level``."""
        count = 0

        def take(instance: Received) -> None:
            nonlocal count
            count += 1
            sink(instance)

        results: list[Retrieval] = []
        with naming(self.name), self._session(deadline, "WADO-RS") as session:
            for keys in self._keys(session, request):
                accept = request.accept or AS_STORED
                results.append(retrieve(session, path_of(keys), take, accept))
        unreadable = sum(result.unreadable for result in results)
        status, worst = _judged(results, count)
        return RetrieveResult(
            status=statuses.SUB_OPERATIONS_FAILED
            if status == statuses.SUCCESS and unreadable
            else status,
            comment=f"{amount(unreadable, 'part')} without a DICOM file"
            if unreadable
            else _comment(worst),
            completed=count,
            failed=unreadable,
            association=session.facts,
            http=worst.http if worst else None,
            media_type=worst.media_type if worst else "",
        )

    def fetch(
        self, request: FetchRequest, sink: Callable[[Fetched], None], deadline: Deadline
    ) -> FetchResult:
        """WADO-RS of metadata, frames or rendered images."""
        from scenario_runner.network.dicomweb.resources import fetch

        keys = {key: request.keys[key] for key in unique_keys(request.level)}
        with naming(self.name), self._session(deadline, "WADO-RS") as session:
            result = fetch(
                session,
                request.what,
                path_of(keys),
                sink,
                frames=request.frames,
                accept=request.accept,
            )
        status, _ = _judged([result], result.parts)
        return FetchResult(
            status=status,
            http=result.http,
            comment=_comment(result),
            media_type=result.media_type,
            association=session.facts,
        )

    def delete(self, study_uids: Iterable[str], deadline: Deadline) -> list[str]:
        """``DELETE /studies/{uid}``: no part of PS3.18, and yet what several archives have.

        Raises Unsupported when the service has no such method.
        """
        gone = []
        with naming(self.name), self._session(deadline, "DELETE") as session:
            for uid in study_uids:
                with session.exchange("DELETE", ["studies", uid]) as answer:
                    if answer.status in (405, 501):
                        raise Unsupported(
                            f"target '{self.name}' has no way to delete over DICOMweb",
                            reason=answer.words,
                            hint="give it an 'orthanc' service, or delete by its own means",
                        )
                    if answer.status not in (200, 202, 204, 404):
                        answer.fail("DELETE")
                    if answer.status != 404:
                        gone.append(uid)
        return gone

    def _session(self, deadline: Deadline, service: str) -> Session:
        from scenario_runner.network.dicomweb.session import Session

        return Session(self.peer(), deadline, self._telling(service))

    def _telling(
        self, service: str, opened: Callable[[Mapping[str, Any]], None] | None = None
    ) -> Callable[[Mapping[str, Any]], None] | None:
        """What is to be called at the first answer of a connection, for ``watched`` and for ``opened``."""
        if self._seen is None:
            return opened
        seen = self._seen

        def tell(facts: Mapping[str, Any]) -> None:
            refused = facts["status"] in (*_NOT_OFFERED, *_NOT_LET_IN)
            one = {
                "service": service,
                "sop_class": "",
                "outcome": "refused" if refused else "used",
                "reason": f"HTTP {facts['status']}" if refused else "",
            }
            seen({"product": facts["server"], "contexts": [one]})
            if opened is not None:
                opened(facts)

        return tell

    def _search(self, session: Session, request: FindRequest) -> list[dict[str, Any]]:
        from scenario_runner.network.dicomweb.search import search
        from scenario_runner.targets.qido import patients, search_of

        if request.level == "worklist":
            raise self._unsupported("answer worklist queries over DICOMweb", "dicom")
        if request.level == "patient":
            return patients(session, request)
        return list(search(session, search_of(request, request.level)))

    def _keys(self, session: Session, request: RetrieveRequest) -> Iterator[dict[str, str]]:
        """The keys of one request after the other; what is not named is looked up."""
        from scenario_runner.network.dicomweb.search import Search, is_single, search, single

        level: Literal["study", "series", "image"] = (
            "study" if request.level == "patient" else request.level
        )
        wanted = unique_keys(level)
        if all(is_single(request.keys.get(key)) for key in wanted):
            yield {key: single(request.keys[key]) for key in wanted}
            return
        several = request.keys.get(unique_key(level))
        if isinstance(several, list | tuple) and all(
            is_single(request.keys.get(key)) for key in wanted[:-1]
        ):
            above = {key: single(request.keys[key]) for key in wanted[:-1]}
            yield from ({**above, wanted[-1]: str(uid)} for uid in several)
            return
        query = Search(level=level, match=request.keys, returned=wanted)
        named = [tuple(str(match.get(key)) for key in wanted) for match in search(session, query)]
        for uids in dict.fromkeys(named):
            yield dict(zip(wanted, uids, strict=True))


def _capabilities(expects: Expectations) -> list[str]:
    """Many services have no DELETE, and asking is not harmless: the site has to know."""
    return [*CAPABILITIES, *(("delete",) if expects.dicomweb_delete else ())]


class DicomwebKind:
    """The ``dicomweb`` service of a target."""

    name: ClassVar[str] = "dicomweb"
    model: ClassVar[type[BaseModel]] = HttpService

    @classmethod
    def open(cls, setup: TargetSetup) -> Target:
        """Make the target; nothing is connected until it is used."""
        return DicomwebTarget(setup, web_peer(setup.services[cls.name], setup))


def web_peer(service: HttpService, setup: TargetSetup) -> WebPeer:
    """A service of the site file as the wire knows it."""
    login = None
    if service.auth is not None and service.auth.basic is not None:
        basic = service.auth.basic
        login = Login(user=basic.user, password=basic.password)
    elif service.auth is not None and service.auth.bearer:
        login = Login(bearer=service.auth.bearer)
    return WebPeer(
        url=service.url,
        login=login,
        headers=service.headers,
        tls=tls_of(service.tls, setup.folder),
        connect_timeout=service.connect_timeout,
        timeout=service.timeout,
        fuzzy=setup.expects.fuzzy_matching,
    )


def _judged(results: Sequence[Retrieval], count: int) -> tuple[int, Retrieval | None]:
    """A C-GET status for answers over HTTP, and the answer that decided."""
    bad = next((result for result in results if result.http >= 300), None)
    if bad is not None:
        return (statuses.SUB_OPERATIONS_FAILED if count else statuses.UNABLE_TO_PROCESS), bad
    partial = next((result for result in results if result.http == 206), None)
    if partial is not None:
        return statuses.SUB_OPERATIONS_FAILED, partial
    return statuses.SUCCESS, results[-1] if results else None


def _comment(result: Retrieval | None) -> str:
    return "" if result is None or result.http in (200, 204) else result.words

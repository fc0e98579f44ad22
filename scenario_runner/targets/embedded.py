"""The embedded PACS as a target: started when first used, then spoken to like any other PACS."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from scenario_runner.api.operations import Addressed
from scenario_runner.api.targets import DICOMWEB_WAYS, ports_here
from scenario_runner.dicom.loading import load_data_sets
from scenario_runner.language.site_model import Receiver as SiteReceiver
from scenario_runner.language.site_services import EmbeddedService
from scenario_runner.targets.dimse import DimseTarget
from scenario_runner.targets.naming import naming
from scenario_runner.targets.schedule import Schedule
from scenario_runner.ul.peer import Peer, UserIdentity
from scenario_runner.ul.tls import Tls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from pydantic import BaseModel

    from scenario_runner.answers import Acknowledged, Fetched, FetchResult
    from scenario_runner.api.operations import FetchRequest
    from scenario_runner.api.targets import Target, TargetSetup
    from scenario_runner.deadline import Deadline
    from scenario_runner.fields.pacs_faults import Fault
    from scenario_runner.language.site_services import ServerTls
    from scenario_runner.network.receiver import Receiver
    from scenario_runner.orders.order import Order
    from scenario_runner.pacs.options import Destination
    from scenario_runner.pacs.server import EmbeddedPacs
    from scenario_runner.planning.plan import PlannedCase

_HOST = "127.0.0.1"


class EmbeddedTarget(DimseTarget):
    """A PACS inside this process, on a free loopback port, with its files in the target's scratch."""

    lasting = False
    ways = DimseTarget.ways | DICOMWEB_WAYS

    def __init__(self, setup: TargetSetup, service: EmbeddedService) -> None:
        peer = Peer(
            host=_HOST,
            port=0,
            ae_title=service.ae_title,
            calling_ae_title=setup.calling_ae_title,
            # It is our own and in this process: nothing is proved by checking its certificate.
            tls=None if service.tls is None else _tls(service.tls, setup.folder),
            identity=_first_user(service),
        )
        # It learns where we listen each time, so any free port will do.
        ours = SiteReceiver(ae_title=setup.calling_ae_title, host=_HOST, port=1)
        super().__init__(dataclasses.replace(setup, receiver=ours), peer)
        self._hl7_rules = setup.hl7_rules
        self._zone = setup.zone
        self.facts = dataclasses.replace(
            self.facts,
            kind="embedded",
            port=None,
            capabilities=[*self.facts.capabilities, "fetch", "delete", "misbehave", "tell"],
        )
        self._setup = setup
        self._service = service
        self._site_folder = setup.folder
        self._schedule = Schedule(setup.calling_ae_title)
        self._folder = setup.scratch / "archive"
        self._seen: Callable[[Mapping[str, Any]], None] | None = None
        self._lock = threading.Lock()
        self._pacs: EmbeddedPacs | None = None
        self._receiving = threading.Lock()
        self._destinations: dict[str, Destination] = {}
        self._neighbours = Neighbours(setup.neighbours, but=peer.ae_title)
        if service.hl7_port:
            setup.neighbours.update(dict.fromkeys(ports_here(_HOST, service.hl7_port), self.peer))
        if service.dicomweb is not None and service.dicomweb.port:
            ports = ports_here(_HOST, service.dicomweb.port)
            setup.neighbours.update(dict.fromkeys(ports, self._with_web))

    @cached_property
    def _web(self) -> Target:
        """The same PACS over DICOMweb, whose client is loaded only when it is asked for."""
        from scenario_runner.targets.embedded_web import EmbeddedWebTarget

        web = EmbeddedWebTarget(self._setup, self._service, self._open_web, self._peer.tls)
        return web if self._seen is None else web.watched(self._seen)

    def watched(self, seen: Callable[[Mapping[str, Any]], None]) -> Target:
        """The same PACS, telling what was negotiated and which of its services over DICOMweb were used."""
        target = super().watched(seen)
        assert isinstance(target, EmbeddedTarget)
        target._seen = seen  # noqa: SLF001 - its own
        vars(target).pop("_web", None)
        return target

    def peer(self) -> Peer:
        """The running PACS; starts it the first time."""
        self._started()
        return self._peer

    def by(self, way: str | None) -> Target:
        """The same PACS over DICOMweb when that is asked for."""
        return self._web if way in DICOMWEB_WAYS else super().by(way)

    def fetch(
        self, request: FetchRequest, sink: Callable[[Fetched], None], deadline: Deadline
    ) -> FetchResult:
        """WADO-RS, which alone has a word for it."""
        return self._web.fetch(request, sink, deadline)

    def delete(self, study_uids: Iterable[str], deadline: Deadline) -> list[str]:
        """Delete straight from the archive."""
        archive = self._started().archive
        gone = []
        for uid in study_uids:
            deadline.check()
            if archive.delete_study(uid):
                gone.append(uid)
        return gone

    def tell(self, message: bytes, deadline: Deadline) -> Acknowledged:
        """Send it to the RIS side over MLLP, whose port opens the first time."""
        from scenario_runner.orders.mllp.client import Mllp

        peer = dataclasses.replace(self.peer(), port=self._started().open_hl7())
        with naming(self.name), Mllp.open(peer, deadline) as connection:
            return connection.send(message, deadline)

    @property
    def addressed(self) -> Addressed:
        """By the AE title of the PACS."""
        return Addressed(self._service.ae_title)

    def misbehave(self, faults: Sequence[Fault]) -> None:
        """Switch these faults on and all others off."""
        self._started().misbehave(faults)

    def case_began(self, case: PlannedCase) -> None:
        """The studies of the case are on the worklist from now on, unless a folder is."""
        if self._service.worklist == "plan":
            self._schedule.add(case)

    def case_ended(self, case: PlannedCase) -> None:
        """They are on it no longer."""
        self._schedule.remove(case)

    def close(self) -> None:
        """Stop the PACS. Raises MachineError when this machine could not store something for it."""
        with self._lock:
            pacs, self._pacs = self._pacs, None
        if pacs is None:
            return
        archive = pacs.archive
        pacs.stop()
        if archive.trouble is not None:
            raise archive.trouble

    @contextlib.contextmanager
    def _listening(self, receiver: Receiver, deadline: Deadline) -> Iterator[None]:
        """Listen on any free port and tell the PACS; one receiver at a time has our AE title."""
        from scenario_runner.pacs.options import Destination

        while not self._receiving.acquire(timeout=0.25):
            deadline.check()
        try:
            receiver.port = 0
            with super()._listening(receiver, deadline):
                self._destinations[receiver.ae_title] = Destination(receiver.host, receiver.port)
                yield
        finally:
            self._destinations.pop(receiver.ae_title, None)
            self._receiving.release()

    def _started(self) -> EmbeddedPacs:
        from scenario_runner.pacs.server import EmbeddedPacs
        from scenario_runner.targets.embedded_options import hl7_mapping, pacs_options

        with self._lock:
            if self._pacs is None:
                options = dataclasses.replace(
                    pacs_options(
                        self._service,
                        self._site_folder,
                        destinations=self._destinations,
                        neighbours=self._neighbours,
                    ),
                    scheduled=self._schedule.items,
                    station=self.calling_ae_title,
                    hl7_mapping=hl7_mapping(self._hl7_rules, self._zone),
                    ordered=self._ordered,
                )
                pacs = EmbeddedPacs(self._folder, self._peer.ae_title, _HOST, options=options)
                load_data_sets()  # its options need pydicom anyway; from here on other threads read with it, too
                pacs.start()
                if self._service.hl7_port:  # others know it by its number, and may come at any time
                    pacs.open_hl7()
                self._pacs = pacs
                self._peer = dataclasses.replace(self._peer, port=pacs.port)
                self.facts = dataclasses.replace(self.facts, port=pacs.port)
            return self._pacs

    def _ordered(self, orders: Sequence[Order]) -> None:
        """What a message has put on the worklist, whoever sent it, steps back in the plan."""
        for order in orders:
            self._schedule.leave_out(order.text("AccessionNumber"))

    def _with_web(self) -> Peer:
        """The running PACS, whose HTTP port is open."""
        self._open_web()
        return self._peer

    def _open_web(self) -> str:
        url = self._started().open_web()
        self.facts = dataclasses.replace(self.facts, url=url)
        return url


class Neighbours(Mapping[str, "Destination"]):
    """The other targets of the run as destinations; an embedded one is started when it is looked up."""

    def __init__(self, peers: Mapping[str, Callable[[], Peer]], but: str) -> None:
        self._peers = peers
        self._own = but

    def __getitem__(self, ae_title: str) -> Destination:
        from scenario_runner.pacs.options import Destination

        if ae_title == self._own:
            raise KeyError(ae_title)
        peer = self._peers[ae_title]()
        return Destination(peer.host, peer.port, tls=peer.tls, identity=peer.identity)

    def __iter__(self) -> Iterator[str]:
        return iter(self._peers)

    def __len__(self) -> int:
        return len(self._peers)


def _tls(given: ServerTls, folder: Path) -> Tls:
    certificate, key = folder / given.certificate, folder / given.key
    return Tls(certificate=certificate, key=key, verify=False, check_host=False)


def _first_user(service: EmbeddedService) -> UserIdentity | None:
    return next(
        (UserIdentity(user=name, password=word) for name, word in (service.users or {}).items()),
        None,
    )


class EmbeddedKind:
    """The ``embedded`` service of a target."""

    name: ClassVar[str] = "embedded"
    model: ClassVar[type[BaseModel]] = EmbeddedService

    @classmethod
    def open(cls, setup: TargetSetup) -> Target:
        """Make the target; the PACS starts when it is used."""
        return EmbeddedTarget(setup, setup.services[cls.name])

"""The embedded PACS as a server: it listens, takes associations in threads, and stops at once."""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import logging
import socket
import ssl
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Self

from scenario_runner.archive.archive import Archive
from scenario_runner.deadline import Deadline
from scenario_runner.errors import FabricatorError, Interrupted, MachineError, StepTimeout
from scenario_runner.pacs.commitment import tell_again
from scenario_runner.pacs.conversation import Conversation
from scenario_runner.pacs.crowd import Crowd
from scenario_runner.pacs.desk import Desk
from scenario_runner.pacs.errands import Errands
from scenario_runner.pacs.merged_patients import MergedPatients
from scenario_runner.pacs.misbehaviour import Misbehaviour
from scenario_runner.pacs.options import PacsOptions, WebOptions
from scenario_runner.pacs.order_journal import ANSWERED, JOURNAL
from scenario_runner.pacs.performed_steps import PerformedSteps
from scenario_runner.pacs.post import Post
from scenario_runner.pacs.reports import Reports
from scenario_runner.pacs.shared_reports import SharedReports, let_wait_again
from scenario_runner.ul.handshake import secure_incoming
from scenario_runner.ul.listening import Listener, listen
from scenario_runner.ul.peer import Limits, Peer
from scenario_runner.ul.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from scenario_runner.fields.pacs_faults import Fault
    from scenario_runner.orders.mllp.listener import MllpListener
    from scenario_runner.pacs.dicomweb.server import WebServer
    from scenario_runner.pacs.ris import Ris

LOGGER = logging.getLogger(__name__)


class EmbeddedPacs:
    """A small PACS: C-ECHO, C-STORE, C-FIND, C-GET, C-MOVE and more over an archive in a folder.

    folder: made when it is not there; what lies in it from before is served again. port: 0 takes a
    free one, which ``port`` tells after ``start``. The default host is loopback: nobody outside this
    machine can reach it. Use as a context manager, or call ``start`` and ``stop``. DICOMweb is served
    from ``open_web`` on. post: which of several processes this is; alone by default.
    """

    def __init__(
        self,
        folder: Path,
        ae_title: str = "EMBEDDED",
        host: str = "127.0.0.1",
        port: int = 0,
        options: PacsOptions | None = None,
        post: Post | None = None,
    ) -> None:
        self.folder = folder
        self.ae_title = ae_title
        self.host = host
        self.port = port
        self.options = options or PacsOptions()
        self._post = post or Post()
        self._shares = self._post.sharing != "alone"
        self._merged = MergedPatients(folder / "merged.json", shared=self._shares)
        self.steps = PerformedSteps(folder / "mpps")
        """What modalities have told by MPPS."""
        self._archive: Archive | None = None
        self._tls: ssl.SSLContext | None = None
        self._listener: Listener | None = None
        self._sockets: list[socket.socket] = []
        """That members take connections from; of the DICOM port first."""
        self._crowd = Crowd(self.options)
        self._errands = Errands(f"pacs-{ae_title}-errand")
        self._stopping = threading.Event()
        self._web: WebServer | None = None
        self._hl7: MllpListener | None = None
        self._ris: Ris | None = None
        self._web_lock = threading.Lock()
        reports = SharedReports if self._shares else Reports
        self._reports = reports(folder / "commitments")
        self.misbehave(self.options.faults)

    def misbehave(self, faults: Sequence[Fault]) -> None:
        """Have these faults and no others, none with ``[]``; for associations that begin from now on.

        Raises UsageError for a fault that cannot be.
        """
        self._misbehaviour = Misbehaviour(faults, self._stopping)

    @property
    def worklist(self) -> Path:
        """The folder that worklist items are read from."""
        return self.options.worklist or self.folder / "worklist"

    @property
    def archive(self) -> Archive:
        """The archive behind it, while the PACS runs."""
        if self._archive is None:
            raise RuntimeError("the embedded PACS is not running")
        return self._archive

    def start(self) -> None:
        """Listen. Raises MachineError when the port is taken or the folder cannot be used.

        Once it has started, ``port`` keeps the number, also for a later start.
        """
        if self._listener is not None:
            raise RuntimeError("the embedded PACS is running already")
        self._tls = None if self.options.tls is None else self.options.tls.server_context()
        given = self._post.listening
        listening = listen(self.host, self.port) if given is None else given.dup()
        try:
            sharing = dataclasses.replace(self.options.archive, sharing=self._post.sharing)
            self._archive = Archive(self.folder, sharing)
            if given is None:
                let_wait_again(self.folder / "commitments")
                self._settle_orders()
            if self._post.sharing == "owner":
                self._merged.begin()
        except BaseException:
            listening.close()
            if self._archive is not None:
                self._archive.close()
                self._archive = None
            raise
        self._stopping.clear()
        self.port = int(listening.getsockname()[1])
        if self._post.sharing == "owner":
            self._sockets.append(listening)
            return
        busy = self._crowd.__len__ if self._shares else int
        self._listener = Listener(listening, self._serve, f"pacs-{self.ae_title}", busy)
        if self._reports.are_left:
            self._errands.begin(partial(tell_again, self._desk()))

    def open_web_for_members(self) -> str:
        """As the owner: have a port for DICOMweb, which members serve; returns its URL. Raises MachineError."""
        from scenario_runner.pacs.dicomweb.app import PREFIX
        from scenario_runner.pacs.http_port import origin_of

        sock = listen(self.host, self.options.web.port)
        self._sockets.append(sock)
        port = int(sock.getsockname()[1])
        return origin_of(self.host, port, secure=self._tls is not None) + PREFIX

    @property
    def post_of_members(self) -> Post:
        """What members need, once an owner has started and has opened what they are to serve."""
        owned = self.archive.ownership
        listening, web = (*self._sockets, None)[:2]
        return Post("member", listening, web, None if owned is None else owned.handle)

    def clear_up_after(self, process: int) -> None:
        """As the owner: see to what a member that was killed has left half done."""
        try:
            self.archive.clear_up_after(process)
        except MachineError as error:
            LOGGER.warning("%s; what process %s left is seen to at the next start", error, process)
        let_wait_again(self.folder / "commitments", process)

    def _settle_orders(self) -> None:
        """What an earlier process acknowledged is on the worklist, whether or not messages are taken again.

        Raises MachineError.
        """
        if (self.folder / JOURNAL).exists():
            from scenario_runner.pacs.ordered_items import settle

            settle(self.worklist, self.folder / ANSWERED)

    def _ordered(self) -> Mapping[str, bytes | None]:
        """Worklist items that are not in their files yet."""
        ris = self._ris
        return {} if ris is None else ris.pending()

    def open_web(self, *, prepared: bool = False) -> str:
        """Serve DICOMweb too, if it is not served yet; returns its URL.

        prepared: load beforehand what only pictures take, so that the first one is as quick as the second.
        Raises MachineError when the port is taken. Only this loads an HTTP server.
        """
        from scenario_runner.pacs.dicomweb.desk import WebDesk
        from scenario_runner.pacs.dicomweb.server import WebServer

        with self._web_lock:
            if prepared:
                from scenario_runner.pacs.dicomweb.rendering import warm_up

                warm_up()
            if self._web is None:
                desk = WebDesk(
                    archive=self.archive,
                    options=self.options,
                    web=self._web_options(),
                    misbehaving=lambda: self._misbehaviour,
                    stopping=self._stopping,
                    merged=self._merged,
                )
                web = WebServer(desk, self.host, self._tls, self._post.web)
                web.start()
                self._web = web
            return self._web.url

    def _web_options(self) -> WebOptions:
        """With DELETE decided: strangers who can reach the port may not delete unless somebody said so."""
        web = self.options.web
        if web.delete is not None:
            return web
        asks = self.options.users is not None or web.token is not None
        return dataclasses.replace(web, delete=asks or _is_loopback(self.host))

    def open_hl7(self) -> int:
        """Take HL7 v2 messages by MLLP, if they are not taken yet; returns the port.

        Raises MachineError when the port is taken, or orders of an earlier process cannot be read. With the TLS files of
        the DICOM port when there are any.
        """
        from scenario_runner.orders.mllp.listener import ListenerOptions, MllpListener
        from scenario_runner.pacs.ordered_items import WorklistFiles
        from scenario_runner.pacs.ris import Ris
        from scenario_runner.pacs.wrong_answers import WrongAnswers

        with self._web_lock:
            if self._hl7 is None:
                ris = Ris(
                    self.archive,
                    WorklistFiles(
                        self.worklist,
                        self.folder / ANSWERED,
                        synced=self.options.hl7_synced,
                        at_once=self._shares,
                    ),
                    self.options.station,
                    self.options.hl7_mapping,
                    self._merged,
                    self.options.ordered,
                )
                options = ListenerOptions(tls=self.options.tls, before_answers=ris.sync)
                answer = WrongAnswers(ris.answer, lambda: self._misbehaviour, self.options.heard)
                hl7 = MllpListener(answer, self.host, self.options.hl7_port, options)
                try:
                    hl7.start()
                except BaseException:
                    ris.close()
                    raise
                self._hl7, self._ris = hl7, ris
            return self._hl7.port

    def stop(self) -> None:
        """End every association and let go of port, threads and index. May be called twice."""
        self._stopping.set()
        with self._web_lock:
            web, self._web = self._web, None
            hl7, self._hl7 = self._hl7, None
            ris, self._ris = self._ris, None
        for one in (web, hl7):
            if one is not None:
                one.stop()
        if ris is not None:
            ris.close()
        if self._listener is not None:
            self._listener.stop()
            self._listener = None
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()
        for thread in self._crowd.break_off():
            thread.join()
        self._errands.join()
        if self._archive is not None:
            self._archive.close()
            self._archive = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self, sock: socket.socket, address: tuple[str, int]) -> None:
        desk = self._desk()
        thread = threading.Thread(
            target=self._converse, args=(sock, self._caller(address), desk), daemon=True,
            name=f"pacs-{self.ae_title}-association",
        )  # fmt: skip
        self._crowd.came(thread, sock, address[0])
        try:
            thread.start()
        except BaseException:
            self._crowd.went(thread)  # nobody waits for it
            raise

    def _desk(self) -> Desk:
        """With the faults of this moment."""
        return Desk(
            archive=self.archive,
            options=self.options,
            ae_title=self.ae_title,
            worklist=self.worklist,
            ordered=self._ordered,
            steps=self.steps,
            misbehaviour=self._misbehaviour,
            merged=self._merged,
            reports=self._reports,
            stopping=self._stopping,
            later=self._errands.begin,
        )

    def _caller(self, address: tuple[str, int]) -> Peer:
        """Who has connected, how patient we are with it, and within which bounds."""
        options = self.options
        return Peer(
            host=address[0],
            port=address[1],
            ae_title="?",
            calling_ae_title=self.ae_title,
            connect_timeout=options.request_timeout,
            association_timeout=options.request_timeout,
            response_timeout=options.idle_timeout,
            limits=Limits(pdu=options.maximum_pdu, instance=options.maximum_instance),
        )

    def _converse(self, sock: socket.socket, caller: Peer, desk: Desk) -> None:
        deadline = Deadline(None, self._stopping)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                until = time.monotonic() + caller.connect_timeout
                sock = secure_incoming(sock, self._tls, caller, deadline, until)
                self._crowd.speaks_on(sock)
            transport = Transport(sock, caller, awaits=False)
            talk = Conversation(transport, caller, desk, deadline, full=self._crowd.is_full)
            self._crowd.begins(talk)
            talk.run()
        except (OSError, FabricatorError) as error:
            LOGGER.info("a connection came to nothing: %s", error)
        finally:
            sock.close()
            self._crowd.went()


def _is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def serve(
    pacs: EmbeddedPacs,
    deadline: Deadline,
    ready: Callable[[EmbeddedPacs], None] | None = None,
) -> None:
    """Run a PACS until the deadline is cancelled or over; for ``fabricate pacs serve``.

    ready: called once the port is open, with the PACS, whose ``port`` is known by then. Raises
    MachineError when it cannot start.
    """
    with pacs:
        if ready is not None:
            ready(pacs)
        with contextlib.suppress(Interrupted, StepTimeout):
            while True:
                deadline.sleep(3600.0)

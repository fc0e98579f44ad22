"""The embedded PACS as a server: it listens, takes associations in threads, and stops at once."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Self

from scenario_runner.archive.archive import Archive
from scenario_runner.deadline import Deadline
from scenario_runner.errors import FabricatorError, Interrupted, MachineError, StepTimeout
from scenario_runner.pacs.conversation import Conversation
from scenario_runner.pacs.desk import Desk
from scenario_runner.pacs.misbehaviour import Misbehaviour
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.performed_steps import PerformedSteps
from scenario_runner.pacs.reports import Reports
from scenario_runner.ul.peer import Limits, Peer
from scenario_runner.ul.tls import secure_incoming
from scenario_runner.ul.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from scenario_runner.language.faults import Fault
    from scenario_runner.pacs.dicomweb.server import WebServer

LOGGER = logging.getLogger(__name__)

_BACKLOG = 128
_BREATH = 0.05
"""Seconds between attempts to take a connection when that has failed."""


class EmbeddedPacs:
    """A small PACS: C-ECHO, C-STORE, C-FIND, C-GET, C-MOVE and more over an archive in a folder.

    folder: made when it is not there; what lies in it from before is served again. port: 0 takes a
    free one, which ``port`` tells after ``start``. The default host is loopback: nobody outside this
    machine can reach it. Use as a context manager, or call ``start`` and ``stop``. DICOMweb is served
    from ``open_web`` on.
    """

    def __init__(
        self,
        folder: Path,
        ae_title: str = "EMBEDDED",
        host: str = "127.0.0.1",
        port: int = 0,
        options: PacsOptions | None = None,
    ) -> None:
        self.folder = folder
        self.ae_title = ae_title
        self.host = host
        self.port = port
        self.options = options or PacsOptions()
        self.steps = PerformedSteps(folder / "mpps")
        """What modalities have told by MPPS."""
        self._archive: Archive | None = None
        self._tls: ssl.SSLContext | None = None
        self._listener: socket.socket | None = None
        self._wake: tuple[socket.socket, socket.socket] | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        self._errands: set[threading.Thread] = set()
        self._stopping = threading.Event()
        self._web: WebServer | None = None
        self._web_lock = threading.Lock()
        self._reports = Reports()
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
        if self._thread is not None:
            raise RuntimeError("the embedded PACS is running already")
        self._tls = None if self.options.tls is None else self.options.tls.server_context()
        listener = self._listen()
        try:
            self._archive = Archive(self.folder, self.options.archive)
        except BaseException:
            listener.close()
            raise
        listener.setblocking(False)
        self._stopping.clear()
        self.port = int(listener.getsockname()[1])
        self._listener, self._wake = listener, socket.socketpair()
        self._thread = threading.Thread(
            target=self._accept, name=f"pacs-{self.ae_title}", daemon=True
        )
        self._thread.start()

    def open_web(self) -> str:
        """Serve DICOMweb too, if it is not served yet; returns its URL.

        Raises MachineError when the port is taken. Only this loads an HTTP server.
        """
        from scenario_runner.pacs.dicomweb.desk import WebDesk
        from scenario_runner.pacs.dicomweb.server import WebServer

        with self._web_lock:
            if self._web is None:
                desk = WebDesk(
                    archive=self.archive,
                    options=self.options,
                    web=self.options.web,
                    misbehaving=lambda: self._misbehaviour,
                    stopping=self._stopping,
                )
                web = WebServer(desk, self.host, self._tls)
                web.start()
                self._web = web
            return self._web.url

    def _listen(self) -> socket.socket:
        try:
            family = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0][0]
            return socket.create_server((self.host, self.port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise MachineError(
                f"cannot listen on {self.host}:{self.port}: {error.strerror or error}",
                hint="another program has the port; stop it, or choose a free one (0 takes any)",
            ) from error

    def stop(self) -> None:
        """End every association and let go of port, threads and index. May be called twice."""
        self._stopping.set()
        with self._web_lock:
            web, self._web = self._web, None
        if web is not None:
            web.stop()
        if self._wake is not None:
            self._wake[1].send(b"!")
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        with self._lock:
            running = dict(self._open)
        for sock in running.values():
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in running:
            thread.join()
        with self._lock:
            errands = set(self._errands)
        for thread in errands:
            thread.join()
        for sock in (self._listener, *(self._wake or ())):
            if sock is not None:
                sock.close()
        self._listener = self._wake = None
        if self._archive is not None:
            self._archive.close()
            self._archive = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _accept(self) -> None:
        assert self._listener is not None
        assert self._wake is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wake[0], selectors.EVENT_READ)
            while not self._stopping.is_set():
                selector.select()
                if self._stopping.is_set():
                    return
                try:
                    sock, address = self._listener.accept()
                    self._serve(sock, address)
                except BlockingIOError:
                    continue  # the peer went away before it was accepted
                except OSError as error:
                    LOGGER.warning("cannot take a connection: %s", error)
                    # Out of file handles, it would fail again at once, and again.
                    self._stopping.wait(_BREATH)

    def _serve(self, sock: socket.socket, address: tuple[str, int]) -> None:
        sock.setblocking(True)  # on some systems it takes after the listener
        desk = Desk(
            archive=self.archive,
            options=self.options,
            ae_title=self.ae_title,
            worklist=self.worklist,
            steps=self.steps,
            misbehaviour=self._misbehaviour,
            reports=self._reports,
            stopping=self._stopping,
            later=self._later,
        )
        with self._lock:
            full = len(self._open) >= self.options.maximum_associations
            thread = threading.Thread(
                target=self._converse, args=(sock, self._caller(address), desk, full), daemon=True,
                name=f"pacs-{self.ae_title}-association",
            )  # fmt: skip
            self._open[thread] = sock
        thread.start()

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

    def _converse(self, sock: socket.socket, caller: Peer, desk: Desk, full: bool) -> None:
        deadline = Deadline(None, self._stopping)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                until = time.monotonic() + caller.connect_timeout
                sock = secure_incoming(sock, self._tls, caller, deadline, until)
                with self._lock:
                    self._open[threading.current_thread()] = sock
            transport = Transport(sock, caller, awaits=False)
            Conversation(transport, caller, desk, deadline, full=full).run()
        except (OSError, FabricatorError) as error:
            LOGGER.info("a connection came to nothing: %s", error)
        finally:
            sock.close()
            with self._lock:
                self._open.pop(threading.current_thread(), None)

    def _later(self, errand: Callable[[], None]) -> None:
        def run() -> None:
            try:
                errand()
            except Exception:
                LOGGER.exception("something put off has failed")
            finally:
                with self._lock:
                    self._errands.discard(threading.current_thread())

        thread = threading.Thread(target=run, name=f"pacs-{self.ae_title}-errand", daemon=True)
        with self._lock:
            self._errands.add(thread)
        thread.start()


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

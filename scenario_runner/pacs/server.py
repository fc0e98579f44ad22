"""The embedded PACS as a server: it listens, takes associations in threads, and stops at once."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
from typing import TYPE_CHECKING, Self

from scenario_runner.archive.archive import Archive
from scenario_runner.errors import Interrupted, MachineError, StepTimeout
from scenario_runner.pacs.association import Aborted, Association, Released
from scenario_runner.pacs.connection import ASSOCIATE_RQ, Connection
from scenario_runner.pacs.negotiation import (
    APPLICATION_CONTEXT,
    APPLICATION_CONTEXT_NOT_SUPPORTED,
    CALLED_AE_TITLE_NOT_RECOGNIZED,
    CALLING_AE_TITLE_NOT_RECOGNIZED,
    LOCAL_LIMIT_EXCEEDED,
    PROTOCOL_VERSION_NOT_SUPPORTED,
    AssociationRequest,
    MalformedPduError,
    Rejection,
    decode_request,
    encode_acceptance,
)
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.services import Desk, Handler, handlers, negotiate, negotiate_extended

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from scenario_runner.deadline import Deadline

LOGGER = logging.getLogger(__name__)

_REQUEST_MAX = 1 << 20
_BACKLOG = 128
_UNRECOGNIZED_OPERATION = 0x0211


class EmbeddedPacs:
    """A small PACS: C-ECHO, C-STORE, C-FIND and C-GET over an archive in a folder.

    folder: made when it is not there; what lies in it from before is served again. port: 0 takes a
    free one, which ``port`` tells after ``start``. The default host is loopback: nobody outside this
    machine can reach it. Use as a context manager, or call ``start`` and ``stop``.
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
        self._archive: Archive | None = None
        self._listener: socket.socket | None = None
        self._wake: tuple[socket.socket, socket.socket] | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, Connection] = {}
        self._stopping = False

    @property
    def archive(self) -> Archive:
        """The archive behind it, while the PACS runs."""
        if self._archive is None:
            raise RuntimeError("the embedded PACS is not running")
        return self._archive

    def start(self) -> None:
        """Listen. Raises MachineError when the port is taken or the folder cannot be used."""
        listener = self._listen()
        try:
            self._archive = Archive(self.folder, self.options.archive)
        except BaseException:
            listener.close()
            raise
        self._stopping = False
        self.port = int(listener.getsockname()[1])
        self._listener, self._wake = listener, socket.socketpair()
        self._thread = threading.Thread(
            target=self._accept, name=f"pacs-{self.ae_title}", daemon=True
        )
        self._thread.start()

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
        self._stopping = True
        if self._wake is not None:
            self._wake[1].send(b"!")
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        with self._lock:
            running = dict(self._open)
        for connection in running.values():
            connection.interrupt()
        for thread in running:
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
            while not self._stopping:
                selector.select()
                if self._stopping:
                    return
                try:
                    sock, _ = self._listener.accept()
                except OSError as error:
                    # Out of file handles, or the peer went away before it was accepted.
                    LOGGER.warning("cannot accept a connection: %s", error)
                    continue
                self._serve(sock)

    def _serve(self, sock: socket.socket) -> None:
        connection = Connection(sock)
        desk = Desk(self.archive, self.options, self.ae_title)
        with self._lock:
            full = len(self._open) >= self.options.maximum_associations
            thread = threading.Thread(
                target=self._converse, args=(connection, desk, full), daemon=True,
                name=f"pacs-{self.ae_title}-association",
            )  # fmt: skip
            self._open[thread] = connection
        thread.start()

    def _converse(self, connection: Connection, desk: Desk, full: bool) -> None:
        try:
            Conversation(connection, desk, full=full).run()
        finally:
            connection.close()
            with self._lock:
                self._open.pop(threading.current_thread(), None)


class Conversation:
    """One connection from the A-ASSOCIATE-RQ to its end, whichever way it ends."""

    def __init__(self, connection: Connection, desk: Desk, *, full: bool) -> None:
        self._connection = connection
        self._desk = desk
        self._full = full
        self._handlers: dict[int, Handler] = handlers()

    def run(self) -> None:
        """Talk until the peer releases, aborts, closes, is silent for too long or breaks the rules."""
        association: Association | None = None
        try:
            association = self._associate()
            while association is not None:
                message = association.receive()
                handler = self._handlers.get(message.kind)
                if handler is None:
                    association.respond(message, _UNRECOGNIZED_OPERATION)
                else:
                    handler(self._desk, association, message)
        except Released:
            self._connection.finish()
        except Aborted:
            LOGGER.info("the peer aborted the association")
        except (MalformedPduError, TimeoutError) as error:
            LOGGER.warning("aborting the association: %s", str(error) or "the peer is silent")
            self._abort()
        except OSError as error:
            LOGGER.info("the connection is gone: %s", error)
        except Exception:
            # Whatever a stranger's bytes have led to must not end in silence on the wire.
            LOGGER.exception("aborting the association")
            self._abort()

    def _abort(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.send([b"\7\0\0\0\0\4\0\0\2\0"], timeout=1.0)
            self._connection.finish()

    def _associate(self) -> Association | None:
        options = self._desk.options
        kind, body = self._connection.read_pdu(
            longest=_REQUEST_MAX, timeout=options.request_timeout
        )
        if kind != ASSOCIATE_RQ:
            raise MalformedPduError(f"a PDU of type {kind:02X} instead of an A-ASSOCIATE-RQ")
        request = decode_request(bytes(body))
        rejection = LOCAL_LIMIT_EXCEEDED if self._full else refusal(request, self._desk)
        if rejection is not None:
            self._connection.send([rejection.encode()], timeout=1.0)
            self._connection.finish()
            return None
        contexts = negotiate(request)
        acceptance = encode_acceptance(
            request,
            contexts,
            maximum_pdu=options.maximum_pdu,
            extended=negotiate_extended(request),
        )
        self._connection.send([acceptance], timeout=options.request_timeout)
        return Association(self._connection, request, contexts, options)


def refusal(request: AssociationRequest, desk: Desk) -> Rejection | None:
    """Why an association is not taken (PS3.8 9.3.4), or None."""
    if not request.protocol_version & 1:
        return PROTOCOL_VERSION_NOT_SUPPORTED
    if request.application_context != APPLICATION_CONTEXT:
        return APPLICATION_CONTEXT_NOT_SUPPORTED
    allowed = desk.options.calling_ae_titles
    if allowed is not None and request.calling_ae_title not in allowed:
        return CALLING_AE_TITLE_NOT_RECOGNIZED
    if desk.options.check_called_ae_title and request.called_ae_title != desk.ae_title:
        return CALLED_AE_TITLE_NOT_RECOGNIZED
    return None


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

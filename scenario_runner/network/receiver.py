"""A small storage SCP of our own: where C-MOVE and storage commitment come back to.

It listens only while something is expected, takes what it was told to expect, and keeps nothing.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import re
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Self

from scenario_runner.answers import Received
from scenario_runner.deadline import Deadline
from scenario_runner.dicom.sop_classes import STORAGE_COMMITMENT, VERIFICATION
from scenario_runner.dicom.syntaxes import PLAIN
from scenario_runner.errors import FabricatorError, MachineError
from scenario_runner.network import queries
from scenario_runner.ul import commands
from scenario_runner.ul.accepting import accept
from scenario_runner.ul.association import Association, Message, Released
from scenario_runner.ul.commands import Element, Field
from scenario_runner.ul.peer import Limits, Peer
from scenario_runner.ul.tls import secure_incoming
from scenario_runner.ul.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from pydicom import Dataset

    from scenario_runner.ul.pdu_log import Sink as PduSink
    from scenario_runner.ul.requesting import Context
    from scenario_runner.ul.tls import Tls

LOGGER = logging.getLogger(__name__)

_SUCCESS, _OUT_OF_RESOURCES = 0x0000, 0xA700
_SOP_CLASS_NOT_SUPPORTED, _INVALID_INSTANCE, _UNRECOGNIZED = 0x0122, 0x0117, 0x0211
_SOME_UID = re.compile(r"[0-9.]{1,128}")
"""Faulty ones, too: archives have components that begin with 0, and negative tests send worse."""
_POLL = 0.25
_PORT_PATIENCE = 30.0
"""Seconds that another user of the port is waited for."""


Sink = Callable[[Received], None]
EventSink = Callable[[int, "Dataset"], None]
"""Takes event type id and event information of an N-EVENT-REPORT (PS3.7 10.1.1)."""


def take_instance(association: Association, message: Message, context: Context, sink: Sink) -> None:
    """Answer a C-STORE request after ``sink`` has taken the instance (PS3.7 9.3.1).

    A sink's OSError or MachineError (disk full) becomes a failure status and is raised again once
    that is sent. What cannot be a UID is refused, since UIDs become file names further on.
    """
    command, data = message.command, message.data
    sop_class = commands.text(command, Element.AFFECTED_SOP_CLASS_UID)
    uid = commands.text(command, Element.AFFECTED_SOP_INSTANCE_UID)
    status, comment, trouble = _SUCCESS, "", None
    if data is None:
        status, comment = _INVALID_INSTANCE, "there is no data set"
    elif sop_class != context.abstract_syntax:
        status, comment = _SOP_CLASS_NOT_SUPPORTED, "SOP class is not the context's"
    elif not _SOME_UID.fullmatch(uid):
        status, comment = _INVALID_INSTANCE, "SOP instance UID is not a UID"
    else:
        assert context.transfer_syntax is not None
        received = Received(
            sop_class_uid=sop_class,
            sop_instance_uid=uid,
            transfer_syntax_uid=context.transfer_syntax,
            data=data,
        )
        try:
            sink(received)
        except (OSError, MachineError) as error:
            status, comment, trouble = _OUT_OF_RESOURCES, "cannot keep the instance", error
    respond(association, message, status, comment)
    if trouble is not None:
        raise trouble


def respond(association: Association, message: Message, status: int, comment: str = "") -> None:
    """Answer any request with a status, repeating its SOP class and instance."""
    request = message.command
    answer: dict[int, int | str] = {
        Element.COMMAND_FIELD: (commands.number(request, Element.COMMAND_FIELD) or 0) | 0x8000,
        Element.MESSAGE_ID_BEING_RESPONDED_TO: commands.number(request, Element.MESSAGE_ID) or 0,
        Element.COMMAND_DATA_SET_TYPE: commands.NO_DATA_SET,
        Element.STATUS: status,
    }
    for element in (Element.AFFECTED_SOP_CLASS_UID, Element.AFFECTED_SOP_INSTANCE_UID):
        if value := commands.text(request, element):
            answer[element] = value
    event = commands.number(request, Element.EVENT_TYPE_ID)
    if event is not None:
        answer[Element.EVENT_TYPE_ID] = event
    if comment:
        answer[Element.ERROR_COMMENT] = comment
    association.send(message.context_id, answer)


class Receiver:
    """Listens while the ``with`` block lasts; instances and events are handed over as they come.

    contexts: the (SOP class UID, transfer syntax UID) pairs to take; a SOP class among them is also
    taken in both uncompressed little endian syntaxes; None takes whatever comes, as the peer prefers it.
    on_instance, on_event: called from other
    threads, never two at a time. port: 0 takes a free one, which ``port`` then tells. pdu_log: who
    gets the log of each association, from the thread that served it. tls: take nothing without it.
    """

    def __init__(
        self,
        ae_title: str,
        host: str,
        port: int,
        *,
        contexts: Iterable[tuple[str, str]] | None = (),
        on_instance: Sink | None = None,
        on_event: EventSink | None = None,
        limits: Limits | None = None,
        pdu_log: PduSink | None = None,
        tls: Tls | None = None,
    ) -> None:
        self.ae_title = ae_title
        self.host = host
        self.port = port
        self.failure: Exception | None = None
        """What on_instance raised first; the peer was told a failure status."""
        self._anything = contexts is None
        self._contexts = frozenset(contexts or ())
        self._classes = frozenset(sop_class for sop_class, _ in self._contexts)
        self._on_instance = on_instance
        self._on_event = on_event
        self._limits = limits or Limits()
        self._pdu_log = pdu_log
        self._tls = None if tls is None else tls.server_context()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        self._wake: tuple[socket.socket, ...] = ()

    def start(self, deadline: Deadline) -> None:
        """Listen. A port that is taken is waited for, as another case may be using it.

        Raises MachineError when the address is not ours, or what the deadline raises.
        """
        patience = deadline.within(_PORT_PATIENCE)
        while self._listener is None:
            try:
                self._listener = socket.create_server((self.host, self.port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE or (patience.remaining() or 0.0) <= _POLL:
                    raise MachineError(
                        f"cannot listen on {self.host}:{self.port}: {error.strerror or error}",
                        hint="check the 'receiver' of the site file",
                    ) from error
                deadline.sleep(_POLL)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._wake = socket.socketpair()
        self._spawn(self._listen, self._listener)

    def stop(self) -> None:
        """Stop listening, end every association, wait for the threads. May be called twice."""
        if self._stop.is_set():
            return
        self._stop.set()
        for sock in self._wake[1:]:
            sock.send(b"!")
        # The listening thread may add threads until it has ended, so it is the first one here.
        for thread in self._threads:
            thread.join()
        for sock in self._wake:
            sock.close()
        if self._listener is not None:
            self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name=f"receiver {self.ae_title}")
        self._threads.append(thread)
        thread.start()

    def _listen(self, listener: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            selector.register(self._wake[0], selectors.EVENT_READ)
            while not self._stop.is_set():
                selector.select()
                # The peer may be gone again by the time it is accepted.
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    sock, address = listener.accept()
                    sock.setblocking(True)
                    self._spawn(self._serve, sock, address)

    def _serve(self, sock: socket.socket, address: tuple[str, int]) -> None:
        peer = Peer(
            host=address[0],
            port=address[1],
            ae_title="?",
            calling_ae_title=self.ae_title,
            limits=self._limits,
            pdu_log=self._pdu_log,
        )
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        deadline = Deadline(None, self._stop)
        try:
            if self._tls is not None:
                end = time.monotonic() + peer.connect_timeout
                sock = secure_incoming(sock, self._tls, peer, deadline, end)
        except FabricatorError as error:
            sock.close()
            if not self._stop.is_set():
                LOGGER.warning("a connection to the receiver failed: %s", error)
            return
        transport = Transport(sock, peer)
        try:
            with accept(transport, peer, self._choose, deadline) as association:
                self._converse(association)
        except Released:
            return
        except FabricatorError as error:
            if not self._stop.is_set():
                LOGGER.warning("an association to the receiver ended: %s", error)
        finally:
            transport.close()

    def _converse(self, association: Association) -> None:
        contexts: Mapping[int, Context] = {
            c.id: c for c in association.evidence.contexts if c.accepted
        }
        while True:
            message = association.receive(self._limits.instance)
            kind = commands.number(message.command, Element.COMMAND_FIELD)
            context = contexts.get(message.context_id)
            if context is None:
                respond(association, message, _SOP_CLASS_NOT_SUPPORTED)
            elif kind == Field.C_STORE_RQ and self._on_instance is not None:
                self._store(association, message, context)
            elif kind == Field.C_ECHO_RQ:
                respond(association, message, _SUCCESS)
            elif kind == Field.N_EVENT_REPORT_RQ and self._on_event is not None:
                with self._lock:
                    take_event(association, message, context, self._on_event)
            else:
                respond(association, message, _UNRECOGNIZED)

    def _store(self, association: Association, message: Message, context: Context) -> None:
        assert self._on_instance is not None
        with self._lock:
            try:
                take_instance(association, message, context, self._on_instance)
            except (OSError, MachineError) as error:
                self.failure = self.failure or error

    def _choose(self, abstract_syntax: str, proposed: tuple[str, ...]) -> str | None:
        if abstract_syntax == VERIFICATION or (
            abstract_syntax == STORAGE_COMMITMENT and self._on_event is not None
        ):
            usable = PLAIN
            return next((syntax for syntax in proposed if syntax in usable), None)
        if self._anything:
            return next(iter(proposed), None)
        if abstract_syntax not in self._classes:
            return None
        wanted = (s for s in proposed if (abstract_syntax, s) in self._contexts)
        plain = (s for s in proposed if s in PLAIN)
        return next(wanted, None) or next(plain, None)


def take_event(
    association: Association, message: Message, context: Context, on_event: EventSink
) -> None:
    """Hand an N-EVENT-REPORT over and answer it (PS3.7 10.3.1)."""
    assert context.transfer_syntax is not None
    event = commands.number(message.command, Element.EVENT_TYPE_ID) or 0
    data = message.data if message.data is not None else bytearray()
    on_event(event, queries.decode(data, context.transfer_syntax, association.peer))
    respond(association, message, _SUCCESS)

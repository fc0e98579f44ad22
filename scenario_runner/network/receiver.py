"""A small storage SCP of our own: where C-MOVE and storage commitment come back to.

It listens only while something is expected, takes what it was told to expect, and keeps nothing.
"""

from __future__ import annotations

import errno
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from scenario_runner.answers import Received
from scenario_runner.authority import authority
from scenario_runner.deadline import Deadline
from scenario_runner.dicom import statuses
from scenario_runner.dicom.levels import can_name_an_instance
from scenario_runner.dicom.sop_classes import STORAGE_COMMITMENT, VERIFICATION
from scenario_runner.dicom.syntaxes import PLAIN
from scenario_runner.errors import FabricatorError, MachineError, described, of_the_machine
from scenario_runner.network import queries
from scenario_runner.ul.accepting import refused, taken
from scenario_runner.ul.association import Association, Released
from scenario_runner.ul.commands import Element, Field, number
from scenario_runner.ul.contexts import (
    ABSTRACT_SYNTAX_NOT_SUPPORTED,
    TRANSFER_SYNTAXES_NOT_SUPPORTED,
    Context,
)
from scenario_runner.ul.handshake import secure_incoming
from scenario_runner.ul.listening import Listener
from scenario_runner.ul.peer import LocalEntity, Peer
from scenario_runner.ul.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydicom import Dataset

    from scenario_runner.ul.associate_pdus import AssociationRequest, ProposedContext
    from scenario_runner.ul.messages import Message

LOGGER = logging.getLogger(__name__)

_POLL = 0.25
_PORT_PATIENCE = 30.0
"""Seconds that another user of the port is waited for."""


Sink = Callable[[Received], None]
EventSink = Callable[[int, "Dataset"], None]
"""Takes event type id and event information of an N-EVENT-REPORT (PS3.7 10.1.1)."""


def take_instance(association: Association, message: Message, sink: Sink) -> None:
    """Answer a C-STORE request after ``sink`` has taken the instance (PS3.7 9.3.1).

    What a sink throws (disk full) becomes a failure status and is raised once that is sent: an OSError or MachineError
    as it is, anything else as a MachineError. What cannot be a UID is refused, since UIDs become file names further on.
    """
    context = association.contexts[message.context_id]
    uid = message.sop_instance_uid
    status, comment, trouble = statuses.SUCCESS, "", None
    if message.data is None:
        status, comment = statuses.INVALID_SOP_INSTANCE, "there is no data set"
    elif message.sop_class_uid != context.abstract_syntax:
        status, comment = statuses.SOP_CLASS_NOT_SUPPORTED, "SOP class is not the context's"
    elif not can_name_an_instance(uid):
        status, comment = statuses.INVALID_SOP_INSTANCE, "SOP instance UID is not a UID"
    else:
        received = Received(
            sop_class_uid=message.sop_class_uid,
            sop_instance_uid=uid,
            transfer_syntax_uid=context.transfer_syntax or "",
            data=message.whole(),
        )
        try:
            sink(received)
        except Exception as error:  # noqa: BLE001 - whatever a sink throws, the peer is told
            status, comment, trouble = statuses.OUT_OF_RESOURCES, "cannot keep the instance", error
    association.respond(message, status, {Element.ERROR_COMMENT: comment} if comment else None)
    if trouble is not None:
        if isinstance(trouble, OSError | MachineError):
            raise trouble
        raise MachineError(f"cannot keep an instance: {described(trouble)}") from trouble


def take_event(association: Association, message: Message, on_event: EventSink) -> None:
    """Hand an N-EVENT-REPORT over and answer it (PS3.7 10.3.1)."""
    syntax = association.contexts[message.context_id].transfer_syntax or ""
    event = number(message.command, Element.EVENT_TYPE_ID) or 0
    on_event(event, queries.decode(message.whole(), syntax, association.peer))
    association.respond(message, statuses.SUCCESS)


class Receiver:
    """Listens while the ``with`` block lasts; instances and events are handed over as they come.

    contexts: the (SOP class UID, transfer syntax UID) pairs to take, and no others, or nobody could tell whether a peer
    has transcoded; None takes whatever comes, as the peer prefers it.
    on_instance, on_event: called from other threads, never two at a time. ``port`` tells which one was taken.
    """

    def __init__(
        self,
        ours: LocalEntity,
        *,
        contexts: Iterable[tuple[str, str]] | None = (),
        on_instance: Sink | None = None,
        on_event: EventSink | None = None,
    ) -> None:
        self.ae_title = ours.ae_title
        self.host = ours.host
        self.port = ours.port
        self.failure: Exception | None = None
        """What on_instance raised first; the peer was told a failure status."""
        self.reached = False
        """Whether anybody has connected."""
        self._anything = contexts is None
        self._contexts = frozenset(contexts or ())
        self._classes = frozenset(sop_class for sop_class, _ in self._contexts)
        self._on_instance = on_instance
        self._on_event = on_event
        self._limits = ours.limits
        self._pdu_log = ours.pdu_log
        self._tls = None if ours.tls is None else ours.tls.server_context()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener: Listener | None = None

    def start(self, deadline: Deadline) -> None:
        """Listen. A port that is taken is waited for, as another case may be using it.

        Raises MachineError when the address is not ours, or what the deadline raises.
        """
        patience = deadline.within(_PORT_PATIENCE)
        listening: socket.socket | None = None
        while listening is None:
            try:
                listening = socket.create_server((self.host, self.port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE or (patience.remaining() or 0.0) <= _POLL:
                    raise of_the_machine(
                        f"cannot listen on {authority(self.host, self.port)}",
                        error,
                        hint="check the 'receiver' of the site file",
                    ) from error
                deadline.sleep(_POLL)
        self._listener = Listener(listening, self._take, f"receiver {self.ae_title}")
        self.port = self._listener.port

    def stop(self) -> None:
        """Stop listening, end every association, wait for the threads. May be called twice."""
        if self._stop.is_set():
            return
        self._stop.set()
        if self._listener is not None:
            self._listener.stop()  # only from now on are there no more threads
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _take(self, sock: socket.socket, address: tuple[str, int]) -> None:
        self.reached = True
        name = f"receiver {self.ae_title}"
        thread = threading.Thread(target=self._serve, args=(sock, address), name=name)
        thread.start()
        self._threads.append(thread)

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
            association = Association.accept(transport, peer, self._judge, deadline)
            assert association is not None, "nobody is refused: who sends to this port was told to"
            with association:
                self._converse(association)
        except Released:
            return
        except FabricatorError as error:
            if not self._stop.is_set():
                LOGGER.warning("an association to the receiver ended: %s", error)
        except BaseException:
            LOGGER.exception("an association to the receiver ended")
        finally:
            transport.close()

    def _converse(self, association: Association) -> None:
        while True:
            message = association.receive()
            if message.kind == Field.C_STORE_RQ and self._on_instance is not None:
                self._store(association, message)
            elif message.kind == Field.C_ECHO_RQ:
                association.respond(message, statuses.SUCCESS)
            elif message.kind == Field.N_EVENT_REPORT_RQ and self._on_event is not None:
                with self._lock:
                    take_event(association, message, self._on_event)
            else:
                association.respond(message, statuses.UNRECOGNIZED_OPERATION)

    def _store(self, association: Association, message: Message) -> None:
        assert self._on_instance is not None
        with self._lock:
            try:
                take_instance(association, message, self._on_instance)
            except (OSError, MachineError) as error:
                self.failure = self.failure or error

    def _judge(self, request: AssociationRequest) -> list[Context]:
        return [self._answered(proposed, request) for proposed in request.contexts]

    def _answered(self, proposed: ProposedContext, request: AssociationRequest) -> Context:
        """Whatever role the peer wants, it may have (PS3.7 D.3.3.4)."""
        uid, syntaxes = proposed.abstract_syntax, proposed.transfer_syntaxes
        if uid == VERIFICATION or (uid == STORAGE_COMMITMENT and self._on_event is not None):
            usable = [one for one in syntaxes if one in PLAIN]
        elif self._anything:
            usable = list(syntaxes)
        elif uid in self._classes:
            usable = [one for one in syntaxes if (uid, one) in self._contexts]
        else:
            return refused(proposed, ABSTRACT_SYNTAX_NOT_SUPPORTED)
        if not usable:
            return refused(proposed, TRANSFER_SYNTAXES_NOT_SUPPORTED)
        role = request.user.roles.get(uid)
        return taken(proposed, usable[0], scp=role is not None and role.scp)

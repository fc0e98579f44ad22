"""A listener for MLLP: takes messages over any number of connections and answers each.

Runs in threads of its own on a loopback port unless told otherwise. Who answers is given; a message is
acknowledged only once it has returned.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, Self

from scenario_runner.deadline import Deadline
from scenario_runner.errors import FabricatorError, described
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.mllp.acknowledging import unreadable
from scenario_runner.orders.mllp.framing import END, Blocks, TooLargeError, framed, is_tls
from scenario_runner.ul.handshake import secure_incoming
from scenario_runner.ul.listening import Listener, listen
from scenario_runner.ul.peer import Peer
from scenario_runner.ul.transport import Transport

if TYPE_CHECKING:
    from scenario_runner.ul.tls import Tls

LOGGER = logging.getLogger(__name__)
_RECEIVE: Final = 1 << 16
_PARTING: Final = 10.0
"""Seconds that an answer on its way may take."""
_TOGETHER: Final = 0.05
"""Seconds after which answers go out though messages that came with theirs are still to be done."""
_DROPPED: Final = 1 << 28
"""Bytes of a message that is too large, before its sender is cut off."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back for one message.

    blocks: messages to send, each in a block of its own. after: seconds to wait first. raw: bytes to
    send as they are, instead. hang_up: close the connection afterwards.
    """

    blocks: Sequence[bytes] = ()
    after: float = 0.0
    raw: bytes | None = None
    hang_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerOptions:
    """Bounds of a listener. Times are in seconds."""

    largest: int = 1 << 24
    """Bytes of one message."""
    connections: int = 100
    """Further ones are closed at once."""
    idle: float = 600.0
    """How long a sender may be silent between messages; HL7 connections stay open for long."""
    within: float = 60.0
    """How long the rest of a message may take."""
    tls: Tls | None = None
    before_answers: Callable[[], object] | None = None
    """Called from any thread before the answers to messages that came together go out; where it raises OSError none
    do, and the connection ends."""
    noticed: Callable[[str], object] | None = None
    """Told of connections that went wrong, in words, from any thread; by default they are logged."""


class MllpListener:
    """Listens from ``start`` to ``stop``. port: 0 takes a free one, which ``port`` tells then.

    answer: called with each message, from any thread, and the address it came from.
    """

    def __init__(
        self,
        answer: Callable[[bytes, str], Answer],
        host: str = "127.0.0.1",
        port: int = 0,
        options: ListenerOptions | None = None,
    ) -> None:
        self.host, self.port = host, port
        self._answer = answer
        self._options = options or ListenerOptions()
        self._tls: ssl.SSLContext | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._idle = threading.Condition()
        self._answering = 0
        self._open: dict[threading.Thread, socket.socket] = {}
        self._listener: Listener | None = None

    def start(self) -> None:
        """Listen. Raises MachineError when the port is taken."""
        self._tls = None if self._options.tls is None else self._options.tls.server_context()
        listening = listen(self.host, self.port)
        self._stopping.clear()
        self._listener = Listener(listening, self._take, "mllp")
        self.port = self._listener.port

    def stop(self) -> None:
        """Close every connection and let go of the port; what is being answered is answered first.

        May be called twice.
        """
        self._stopping.set()
        if self._listener is not None:
            self._listener.stop()
            self._listener = None
        with self._idle:
            self._idle.wait_for(lambda: not self._answering, _PARTING)
        with self._lock:
            running = dict(self._open)
        for sock in running.values():
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in running:
            thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _take(self, sock: socket.socket, came_from: tuple[str, int]) -> None:
        address = str(came_from[0])
        with self._lock:
            if len(self._open) >= self._options.connections:
                self._notice(f"too many connections; the one from {address} is closed")
                sock.close()
                return
            thread = threading.Thread(
                target=self._serve, args=(sock, address), name=f"mllp-{address}", daemon=True
            )
            self._open[thread] = sock
        try:
            thread.start()
        except BaseException:
            with self._lock:
                del self._open[thread]  # nobody waits for it
            raise

    def _serve(self, sock: socket.socket, address: str) -> None:
        who = Peer(
            host=address, port=self.port, ae_title="HL7", response_timeout=self._options.within
        )
        deadline = Deadline(None, self._stopping)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                sock = secure_incoming(
                    sock, self._tls, who, deadline, time.monotonic() + self._options.within
                )
            self._converse(Transport(sock, who, awaits=False), address, deadline)
        except FabricatorError as error:
            if not self._stopping.is_set():
                self._notice(f"the connection from {address} ended: {error}")
        except OSError as error:
            if not self._stopping.is_set():
                self._notice(f"the connection from {address} broke: {error.strerror or error}")
        except BaseException as error:  # noqa: BLE001 - the sender gets no answer, and sends it again
            self._notice(f"the connection from {address} is closed: {described(error)}")
        finally:
            sock.close()
            with self._lock:
                self._open.pop(threading.current_thread(), None)

    @contextlib.contextmanager
    def _busy(self) -> Iterator[None]:
        """What ``stop`` waits for: a message that is taken is answered."""
        with self._idle:
            self._answering += 1
        try:
            yield
        finally:
            with self._idle:
                self._answering -= 1
                self._idle.notify_all()

    def _notice(self, words: str) -> None:
        (self._options.noticed or LOGGER.warning)(words)

    def _refuse_large(self, transport: Transport, address: str, deadline: Deadline) -> None:
        """Say that a message is too large, and take the rest of it away, so that the words arrive."""
        most = f"{self._options.largest / 2**20:g} MiB"
        self._notice(f"{address} sent a message of more than {most}, which is not taken")
        transport.send([framed(unreadable(f"a message has {most} at most"))], deadline)
        until = time.monotonic() + self._options.within
        dropped = 0
        while dropped < _DROPPED and (came := transport.receive(_RECEIVE, deadline, until)):
            dropped += len(came)
            if bytes((END,)) in came:
                return

    def _converse(self, transport: Transport, address: str, deadline: Deadline) -> None:
        blocks = Blocks(self._options.largest)
        while not self._stopping.is_set():
            patience = self._options.within if blocks.midway else self._options.idle
            came = transport.receive(_RECEIVE, deadline, time.monotonic() + patience)
            if not came:
                if blocks.midway:
                    self._notice(f"{address} hung up within a message, which is not taken")
                elif blocks.stray:
                    self._notice(f"{address} sent {_told(blocks)}")
                return
            try:
                messages = blocks.feed(came)
            except TooLargeError:
                self._refuse_large(transport, address, deadline)
                return
            # Its random bytes may well hold the marks of a block, which is none.
            if is_tls(blocks.stray_start):
                self._notice(f"{address} speaks TLS, and this port is not protected")
                return
            if messages and not self._take_turns(messages, transport, address):
                return

    def _take_turns(self, messages: Sequence[bytes], transport: Transport, address: str) -> bool:
        """Answer messages that came together, in order and together; whether the connection goes on."""
        with self._busy():
            sent: list[bytes] = []
            began = time.monotonic()
            for message in messages:
                answer = self._answer(message, address)
                if answer.after:
                    sent = self._sent(sent, transport)
                    if self._stopping.wait(answer.after):
                        return False
                sent += [answer.raw] if answer.raw else [framed(one) for one in answer.blocks]
                if answer.hang_up:
                    break
                if time.monotonic() - began > _TOGETHER:
                    sent, began = self._sent(sent, transport), time.monotonic()
            self._sent(sent, transport)
        return not answer.hang_up

    def _sent(self, blocks: list[bytes], transport: Transport) -> list[bytes]:
        """Send what is there, so that nothing is. Raises OSError."""
        if blocks:
            if self._options.before_answers is not None:
                self._options.before_answers()
            transport.send([b"".join(blocks)], Deadline(_PARTING))
        return []


def _told(blocks: Blocks) -> str:
    """What came though it was no message."""
    start = blocks.stray_start.decode("ascii", "backslashreplace").split("\r")[0]
    return f"{blocks.stray} bytes outside of any block: they begin with '{start}'"

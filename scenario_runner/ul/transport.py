"""A TCP connection that answers to a Deadline, sends scattered buffers whole, and never dawdles.

Nagle's algorithm on one side and delayed acknowledgement on the other cost 44 ms a turn on DIMSE's
request-response traffic. TCP_NODELAY cures our sending; TCP_QUICKACK, set again before every read
because the kernel clears it, makes the peer's Nagle let go as well. And to be put to sleep and woken
takes longer than a quick peer needs for its answer: such an answer is watched for instead.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import ssl
import time
from typing import TYPE_CHECKING

from scenario_runner.authority import authority
from scenario_runner.deadline import Deadline
from scenario_runner.errors import AssociationAborted, FabricatorError, PeerTimeout
from scenario_runner.ul.arrivals import receiver_of
from scenario_runner.ul.buffers import joined, left_of
from scenario_runner.ul.handshake import explain
from scenario_runner.ul.pdu import HEADER, Buffer
from scenario_runner.ul.pdu_log import PduLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from scenario_runner.ul.peer import Peer, Stage

_AWAITED: dict[Stage, str] = {
    "association": "no answer to the association request",
    "response": "no answer",
    "network": "no more of a PDU that had begun",
}

SLICE = 0.25
"""Seconds a wait lasts at most before the deadline's cancel signal is looked at."""
_LONG = 5.0
_SOON = 0.0001
"""Seconds to watch for an answer before sleeping, once the one before came within as many."""
_RECEIVE = 0x10000
"""Bytes taken from the system at once, but for the rest of a PDU that has begun."""
_BEFORE_CLOSING = 3.0
"""Seconds that a peer may take to close a connection that it has opened."""
_MOST_WAITING = 0x40000
_VECTORS = 64
"""Buffers handed to one sendmsg: enough for half a MiB of PDUs, so that the peer begins to read while
the rest is on its way."""
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_give_way: Callable[[], None] | None = getattr(os, "sched_yield", None)
"""Lets others have the processor; where a system has no such call, nothing is watched for."""


class Transport:
    """One open connection. Raises TargetError children that name the peer, or what Deadline raises.

    awaits: whether it is us who ask, so that a quick peer's answer is worth watching for, and a cancelled
    deadline has to end a wait; who serves is interrupted instead.
    """

    def __init__(self, sock: socket.socket, peer: Peer, *, awaits: bool = True) -> None:
        self._socket = sock
        self._peer = peer
        self._slice = SLICE if awaits else _LONG
        self._received = bytearray()
        self._position = 0
        self._chunk = bytearray(_RECEIVE)
        self._timeout: float | None = -1.0
        self._quick = False
        self.heard = time.monotonic()
        """When something came last."""
        self.departed = self.heard
        """When the first bytes of what was sent last were handed to the system."""
        self.arrived = self.heard
        """When it came, as the kernel has it, where that was an answer we waited for."""
        self.log: PduLog | None = None
        if peer.pdu_log is not None:
            title = (
                f"{peer.calling_ae_title} with {peer.ae_title} at {authority(peer.host, peer.port)}"
            )
            self.log = PduLog(title, peer.pdu_log)
        self._scatter = hasattr(sock, "sendmsg") and not isinstance(sock, ssl.SSLSocket)
        self._received_into = receiver_of(sock, stamped=awaits and self._scatter)
        self._watches = awaits and self._scatter and _give_way is not None

    def send(self, buffers: Iterable[Buffer], deadline: Deadline) -> None:
        """Send all buffers, in order, without joining them.

        Raises PeerTimeout when the peer takes nothing for its network_timeout.
        """
        if self.log is not None:
            buffers = self.log.sending(buffers)
        remaining = iter(buffers if self._scatter else joined(buffers))
        self.departed = 0.0
        while batch := list(itertools.islice(remaining, _VECTORS if self._scatter else 1)):
            self._send_batch(batch, deadline)

    def _send_batch(self, batch: list[Buffer], deadline: Deadline) -> None:
        patience = time.monotonic() + self._peer.patience("network")
        left = sum(map(len, batch))
        while left:
            sent = self._send_some(batch, deadline, patience)
            left -= sent
            if sent and left:
                patience = time.monotonic() + self._peer.patience("network")
                batch = left_of(batch, sent)

    def _send_some(self, batch: Sequence[Buffer], deadline: Deadline, patience: float) -> int:
        try:
            if self._quick:
                deadline.check()
            else:
                self._arm(deadline, patience, "network", "the peer takes no more data")
            # The last thing before the system has it: whatever came before may have waited for other threads.
            self.departed = self.departed or time.monotonic()
            if self._scatter:
                return self._socket.sendmsg(batch)
            return self._socket.send(batch[0])
        except (TimeoutError, BlockingIOError):
            self._quick = False
            return 0
        except OSError as error:
            raise self._closed(error, "while data was being sent") from error

    def head(self, deadline: Deadline, until: float, stage: Stage) -> tuple[int, int]:
        """Type and length of the PDU that comes next, all of which stays to be read.

        Raises as ``read`` does.
        """
        while len(self._received) - self._position < HEADER.size:
            self._receive(deadline, until, stage)
        kind, length = HEADER.unpack_from(self._received, self._position)
        return kind, length

    def read(
        self, size: int, deadline: Deadline, until: float, stage: Stage = "response"
    ) -> bytes | bytearray:
        """Exactly so many bytes.

        until: time.monotonic() by when they must be here; stage: which timeout that is. Raises PeerTimeout when they are not,
        AssociationAborted when the connection closes first.
        """
        start = self._position
        held = len(self._received) - start
        if size - held > _RECEIVE:
            # The rest goes straight to where it will stay.
            whole = bytearray(size)
            whole[:held] = memoryview(self._received)[start:]
            self._received.clear()
            self._position = 0
            with memoryview(whole) as view:
                while held < size:
                    held += self._receive_into(view[held:], deadline, until, stage)
            return whole
        while len(self._received) - self._position < size:
            self._receive(deadline, until, stage)
        start = self._position
        self._position += size
        return bytes(memoryview(self._received)[start : start + size])

    def take(self, expected: bytes, deadline: Deadline, until: float) -> bool:
        """Whether what comes next is exactly that PDU, which is then taken; if not, all is left.

        Waits until it is whole or differs, no longer than for any PDU. Raises as ``read`` does.
        """
        size = len(expected)
        stage: Stage = "response"
        while True:
            start = self._position
            here = bytes(memoryview(self._received)[start : start + size])
            if here == expected:
                self._position = start + size
                if self.log is not None:
                    self.log.received(here)
                return True
            if len(here) == size or not expected.startswith(here):
                return False
            if here and stage == "response":
                end = time.monotonic() + self._peer.patience("network")
                if end < until:
                    until, stage = end, "network"
            self._receive(deadline, until, stage)

    def receive(self, most: int, deadline: Deadline, until: float) -> bytes:
        """At least one byte and at most so many; none when the peer has closed the connection.

        Raises as ``read`` does.
        """
        while len(self._received) == self._position:
            if not self._received_more(deadline, until):
                return b""
        size = min(most, len(self._received) - self._position)
        return bytes(self.read(size, deadline, until))

    def _receive(self, deadline: Deadline, until: float, stage: Stage) -> None:
        if not self._received_more(deadline, until, stage):
            raise self._over()

    def _received_more(self, deadline: Deadline, until: float, stage: Stage = "response") -> bool:
        """Wait a moment for bytes; whether the connection is still open."""
        if self._position:
            del self._received[: self._position]
            self._position = 0
        count = self._take_into(self._chunk, deadline, until, stage)
        if count:
            self._received += memoryview(self._chunk)[:count]
        return count != 0

    def _receive_into(
        self, view: memoryview, deadline: Deadline, until: float, stage: Stage
    ) -> int:
        count = self._take_into(view, deadline, until, stage)
        if count == 0:
            raise self._over()
        return count or 0

    def _over(self) -> AssociationAborted:
        self._note("the peer closed the connection")
        return self._peer.error(
            AssociationAborted,
            "connection closed",
            "the peer closed the connection while an answer was awaited",
        )

    def _take_into(
        self, buffer: bytearray | memoryview, deadline: Deadline, until: float, stage: Stage
    ) -> int | None:
        """Wait a moment for bytes: how many came, None for none yet, 0 at the end of the connection."""
        try:
            if _QUICKACK is not None:
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
            count = self._watched(buffer, deadline, until) if self._quick else None
            if count is None:
                self._arm(deadline, until, stage, _AWAITED[stage])
                begun = time.perf_counter()
                count = self._take(buffer)
                self._look_out(time.perf_counter() - begun)
        except TimeoutError:
            return None
        except OSError as error:
            raise self._closed(error, "while an answer was awaited") from error
        self.heard = time.monotonic()
        return count

    def _take(self, buffer: bytearray | memoryview) -> int:
        count, self.arrived = self._received_into(buffer)
        return count

    def _watched(
        self, buffer: bytearray | memoryview, deadline: Deadline, until: float
    ) -> int | None:
        """Bytes that came while we watched for a moment, without going to sleep; None if none did."""
        deadline.check()
        end = time.perf_counter() + _SOON
        while time.monotonic() < until:
            try:
                return self._take(buffer)
            except BlockingIOError:
                if time.perf_counter() > end:
                    break
            if _give_way is not None:
                _give_way()
        self._quick = False
        return None

    def _look_out(self, waited: float) -> None:
        """Watch for the next answer, if this one came so soon that sleeping was not worth it."""
        if waited < _SOON and self._watches:
            self._quick = True
            self._never_sleep()

    def readable(self, seconds: float, deadline: Deadline) -> bool:
        """Whether there is something to read, or the end, within so many seconds."""
        deadline.check()
        if len(self._received) > self._position:
            return True
        # recv rather than select: TLS may hold bytes that the system has already delivered.
        self._wait_for(seconds)
        try:
            count = self._socket.recv_into(self._chunk)
        except TimeoutError:
            return False
        except OSError as error:
            raise self._closed(error, "while nothing was under way") from error
        if not count:
            raise self._peer.error(AssociationAborted, "connection closed", "the peer closed it")
        self._received += memoryview(self._chunk)[:count]
        return True

    def has_more(self) -> bool:
        """Whether there is something to read, or the end; never blocks, never raises."""
        if len(self._received) > self._position:
            return True
        try:
            self._never_sleep()
            count = self._socket.recv_into(self._chunk)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True  # reading will say what it is
        self._received += memoryview(self._chunk)[:count]
        return True

    def waiting(self) -> bytes:
        """What the peer has sent and nobody has read yet; never blocks, never raises."""
        with contextlib.suppress(OSError):
            self._never_sleep()
            while count := self._socket.recv_into(self._chunk):
                self._received += memoryview(self._chunk)[:count]
                if len(self._received) > _MOST_WAITING:
                    break
        return bytes(memoryview(self._received)[self._position :])

    def end_with(self, last: bytes) -> None:
        """Say a last word, if the peer still listens, and close once it has."""
        with contextlib.suppress(FabricatorError):
            self.send([last], Deadline(1.0))
        self.finish()

    def interrupt(self) -> None:
        """Make a thread that is reading or sending stop; may be called from another one."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def stop_listening(self) -> None:
        """As if the peer had closed, though it can still be told something; may be called from another thread."""
        with contextlib.suppress(OSError):
            # Windows wakes nobody up for the end of one direction.
            self._socket.shutdown(socket.SHUT_RDWR if os.name == "nt" else socket.SHUT_RD)

    def finish(self) -> None:
        """Close after the last answer: the peer reads it and closes first (PS3.8 9.2.3, Sta13).

        Closing at once would let the end of the connection overtake the answer in peers that look
        at the connection first, and with unread input it would lose it.
        """
        end = time.monotonic() + _BEFORE_CLOSING
        with contextlib.suppress(OSError):
            while (left := end - time.monotonic()) > 0:
                self._wait_for(left)
                if not self._socket.recv_into(self._chunk):
                    break
        self.close()

    def close(self) -> None:
        """Let go of the connection; may be called twice."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if self.log is not None:
            self.log.close()

    def _note(self, words: str) -> None:
        if self.log is not None:
            self.log.note(words)

    def _arm(self, deadline: Deadline, until: float, stage: Stage, what: str) -> None:
        """Set the socket's timeout to the next moment at which somebody must look up."""
        deadline.check()
        left = until - time.monotonic()
        if left <= 0:
            raise self._peer.error(
                PeerTimeout,
                "no answer in time" if what == _AWAITED[stage] else "not accepting data",
                f"{what} within {self._peer.patience(stage):g} s, its {stage}_timeout",
            )
        self._wait_for(deadline.remaining(min(self._slice, left)) or 0.0)

    def _wait_for(self, seconds: float) -> None:
        """Set the socket's timeout, which costs a system call, if it is another one."""
        seconds = max(0.001, seconds)
        if seconds != self._timeout:
            self._socket.settimeout(seconds)
            self._timeout = seconds

    def _never_sleep(self) -> None:
        self._socket.settimeout(0)
        self._timeout = 0.0

    def _closed(self, error: OSError, when: str) -> AssociationAborted:
        words = explain(error) if isinstance(error, ssl.SSLError) else error.strerror or error
        self._note(f"the connection broke: {words}")
        return self._peer.error(AssociationAborted, "connection lost", f"{words} ({when})")

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

from scenario_runner.errors import AssociationAborted, PeerTimeout
from scenario_runner.ul.pdu_log import PduLog
from scenario_runner.ul.tls import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.peer import Peer, Stage

Buffer = bytes | bytearray | memoryview

_AWAITED: dict[Stage, str] = {
    "association": "no answer to the association request",
    "response": "no answer",
    "network": "no more of a PDU that had begun",
}

SLICE = 0.25
"""Seconds a wait lasts at most before the deadline's cancel signal is looked at."""
_SOON = 0.0001
"""Seconds to watch for an answer before sleeping, once the one before came within as many."""
_RECEIVE = 0x40000
_VECTORS = 64
"""Buffers handed to one sendmsg: enough for half a MiB of PDUs, so that the peer begins to read while
the rest is on its way."""
_JOINED = 0x10000
"""Bytes put together where buffers cannot be sent scattered."""
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_give_way: Callable[[], None] | None = getattr(os, "sched_yield", None)
"""Lets others have the processor; where a system has no such call, nothing is watched for."""


class Transport:
    """One open connection. Raises TargetError children that name the peer, or what Deadline raises."""

    def __init__(self, sock: socket.socket, peer: Peer) -> None:
        self._socket = sock
        self._peer = peer
        self._received = bytearray()
        self._position = 0
        self._chunk = bytearray(_RECEIVE)
        self._timeout: float | None = -1.0
        self._quick = False
        self.log: PduLog | None = None
        if peer.pdu_log is not None:
            title = f"{peer.calling_ae_title} with {peer.ae_title} at {peer.host}:{peer.port}"
            self.log = PduLog(title, peer.pdu_log)
        self._scatter = hasattr(sock, "sendmsg") and not isinstance(sock, ssl.SSLSocket)

    def send(self, buffers: Iterable[Buffer], deadline: Deadline) -> None:
        """Send all buffers, in order, without joining them.

        Raises PeerTimeout when the peer takes nothing for its network_timeout.
        """
        if self.log is not None:
            buffers = self.log.sending(buffers)
        remaining = iter(buffers if self._scatter else _joined(buffers))
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
                batch = _after(batch, sent)

    def _send_some(self, batch: Sequence[Buffer], deadline: Deadline, patience: float) -> int:
        try:
            if self._quick:
                deadline.check()
            else:
                self._arm(deadline, patience, "network", "the peer takes no more data")
            if self._scatter:
                return self._socket.sendmsg(batch)
            return self._socket.send(batch[0])
        except (TimeoutError, BlockingIOError):
            self._quick = False
            return 0
        except OSError as error:
            raise self._closed(error, "while data was being sent") from error

    def read(
        self,
        size: int,
        deadline: Deadline,
        until: float,
        *,
        keep: bool = False,
        stage: Stage = "response",
    ) -> bytes:
        """Exactly so many bytes. keep: leave them to be read again.

        until: time.monotonic() by when they must be here; stage: which timeout that is. Raises PeerTimeout when they are not,
        AssociationAborted when the connection closes first.
        """
        while len(self._received) - self._position < size:
            self._receive(deadline, until, stage)
        start = self._position
        if not keep:
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
        return self.read(size, deadline, until)

    def _receive(self, deadline: Deadline, until: float, stage: Stage) -> None:
        if not self._received_more(deadline, until, stage):
            self._note("the peer closed the connection")
            raise self._peer.error(
                AssociationAborted,
                "connection closed",
                "the peer closed the connection while an answer was awaited",
            )

    def _received_more(self, deadline: Deadline, until: float, stage: Stage = "response") -> bool:
        """Wait a moment for bytes; whether the connection is still open."""
        if self._position:
            del self._received[: self._position]
            self._position = 0
        try:
            if _QUICKACK is not None:
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
            count = self._watched(deadline, until) if self._quick else None
            if count is None:
                self._arm(deadline, until, stage, _AWAITED[stage])
                begun = time.perf_counter()
                count = self._socket.recv_into(self._chunk)
                self._look_out(time.perf_counter() - begun)
        except TimeoutError:
            return True
        except OSError as error:
            raise self._closed(error, "while an answer was awaited") from error
        self._received += memoryview(self._chunk)[:count]
        return count > 0

    def _watched(self, deadline: Deadline, until: float) -> int | None:
        """Bytes that came while we watched for a moment, without going to sleep; None if none did."""
        deadline.check()
        end = time.perf_counter() + _SOON
        while time.monotonic() < until:
            try:
                return self._socket.recv_into(self._chunk)
            except BlockingIOError:
                if time.perf_counter() > end:
                    break
            if _give_way is not None:
                _give_way()
        self._quick = False
        return None

    def _look_out(self, waited: float) -> None:
        """Watch for the next answer, if this one came so soon that sleeping was not worth it."""
        if waited < _SOON and self._scatter and _give_way is not None:
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

    def waiting(self) -> bytes:
        """What the peer has sent and nobody has read yet; never blocks, never raises."""
        with contextlib.suppress(OSError):
            self._never_sleep()
            while count := self._socket.recv_into(self._chunk):
                self._received += memoryview(self._chunk)[:count]
                if len(self._received) > _RECEIVE:
                    break
        return bytes(memoryview(self._received)[self._position :])

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
        wait = deadline.remaining(min(SLICE, left))
        self._wait_for(wait if wait is not None else SLICE)

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


def _after(batch: list[Buffer], sent: int) -> list[Buffer]:
    """What is left of a batch when so many bytes of it have gone."""
    first = 0
    while sent >= len(batch[first]):
        sent -= len(batch[first])
        first += 1
    return [memoryview(batch[first])[sent:], *batch[first + 1 :]]


def _joined(buffers: Iterable[Buffer]) -> Iterator[Buffer]:
    """Larger pieces, for sockets that take one at a time."""
    parts: list[Buffer] = []
    size = 0
    for buffer in buffers:
        parts.append(buffer)
        size += len(buffer)
        if size >= _JOINED:
            yield b"".join(parts)
            parts, size = [], 0
    yield b"".join(parts)

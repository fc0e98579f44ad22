"""A wire between us and a PACS that is cut at a chosen PDU, to the byte."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Side = Literal["ours", "theirs"]
Way = Literal["abort", "close", "half"]
ABORT = struct.pack(">BxIxxBB", 7, 4, 2, 0)


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the wire breaks: instead of the number-th PDU of a side, counted over all associations.

    way: an A-ABORT to both, a closed connection, or half of the PDU and then a closed connection.
    """

    side: Side
    number: int
    way: Way = "close"


class Wire:
    """The listening end. ``cut`` may be set anew between two runs; None lets everything through."""

    def __init__(self, port: int, cut: Cut | None) -> None:
        self.cut = cut
        self.passed: dict[Side, int] = {"ours": 0, "theirs": 0}
        self._pacs = port
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port: int = self._listener.getsockname()[1]

    def _listen(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._pacs))
                self._spawn("ours", client, server)
                self._spawn("theirs", server, client)

    def _spawn(self, side: Side, source: socket.socket, sink: socket.socket) -> None:
        thread = threading.Thread(target=self._carry, args=(side, source, sink))
        self._threads.append(thread)
        thread.start()

    def _carry(self, side: Side, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            source.settimeout(20)
            while pdu := _read_pdu(source):
                with self._lock:
                    self.passed[side] += 1
                    cut = self.cut
                    broken = (
                        cut is not None and cut.side == side and (cut.number <= self.passed[side])
                    )
                if broken:
                    assert cut is not None
                    if cut.way == "half":
                        sink.sendall(pdu[: len(pdu) // 2])
                    elif cut.way == "abort":
                        sink.sendall(ABORT)
                        source.sendall(ABORT)
                    break
                sink.sendall(pdu)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _read_pdu(source: socket.socket) -> bytes:
    head = _read(source, 6)
    return head + _read(source, struct.unpack_from(">I", head, 2)[0]) if len(head) == 6 else b""


def _read(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := source.recv(size - len(data))):
        data += more
    return data


@contextlib.contextmanager
def wire(port: int, cut: Cut | None = None) -> Iterator[Wire]:
    """A wire to the PACS on a loopback port."""
    made = Wire(port, cut)
    listening = threading.Thread(target=made._listen)
    listening.start()
    try:
        yield made
    finally:
        made._stop.set()
        listening.join()
        made._listener.close()
        for thread in made._threads:
            thread.join()

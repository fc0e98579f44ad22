"""One accepted TCP connection: whole PDUs in, bytes out, neither dawdling nor unbounded."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import time
from typing import TYPE_CHECKING, Final

from scenario_runner.ul.associate_pdus import MalformedPduError

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEADER: Final = struct.Struct(">BxL")
_CHUNK: Final = 1 << 16
_JOINED: Final = 1 << 18
"""Bytes put together before they are handed to the system."""
_QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)


class ClosedError(ConnectionError):
    """The peer, or ``close``, ended the connection."""


class Connection:
    """A socket that speaks in PDUs.

    TCP_NODELAY sends answers at once; TCP_QUICKACK, set before every read because Linux clears it,
    keeps a sender that has Nagle's algorithm on from waiting 40 ms for our acknowledgement. Raises
    OSError when the peer is gone already; the socket is closed then.
    """

    def __init__(self, sock: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                sock = tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        except OSError:
            sock.close()
            raise
        self._socket = sock
        self._buffer = bytearray()

    def handshake(self, timeout: float) -> None:
        """Agree on TLS, if this is to be TLS. Raises OSError when the peer and we do not."""
        if isinstance(self._socket, ssl.SSLSocket):
            self._socket.settimeout(timeout)
            self._socket.do_handshake()

    def read_pdu(self, *, longest: int, timeout: float) -> tuple[int, bytes | bytearray]:
        """The next PDU's type and body. timeout: seconds for the whole PDU to be here.

        Raises ClosedError, TimeoutError, and MalformedPduError for one longer than ``longest`` bytes.
        """
        end = time.monotonic() + timeout
        while len(self._buffer) < _HEADER.size:
            self._buffer += self._receive(end)
        kind, length = _HEADER.unpack_from(self._buffer)
        if length > longest:
            raise MalformedPduError(f"a PDU of type {kind:02X} claims {length} bytes")
        total = _HEADER.size + length
        if len(self._buffer) >= total:
            body = bytes(self._buffer[_HEADER.size : total])
            del self._buffer[:total]
            return kind, body
        # The rest goes straight to where it will stay.
        whole = bytearray(length)
        have = len(self._buffer) - _HEADER.size
        whole[:have] = self._buffer[_HEADER.size :]
        self._buffer.clear()
        with memoryview(whole) as view:
            while have < length:
                have += self._receive_into(view[have:], end)
        return kind, whole

    def has_more(self) -> bool:
        """Whether something has come that was not read yet."""
        if self._buffer or (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()):
            return True
        self._socket.setblocking(False)
        try:
            # Under TLS, too, it is the socket's own bytes that count.
            socket.socket.recv(self._socket, 1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        return True  # or closed: reading will say so

    def _receive(self, end: float) -> bytes:
        self._arm(end)
        data = self._socket.recv(_CHUNK)
        if not data:
            raise ClosedError("the peer closed the connection")
        return data

    def _receive_into(self, view: memoryview, end: float) -> int:
        self._arm(end)
        count = self._socket.recv_into(view)
        if not count:
            raise ClosedError("the peer closed the connection")
        return count

    def _arm(self, end: float) -> None:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        if _QUICKACK is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def send(self, buffers: Iterable[bytes | bytearray | memoryview], *, timeout: float) -> None:
        """Send all of it. Raises OSError, TimeoutError when the peer takes nothing for that long."""
        self._socket.settimeout(timeout)
        batch: list[bytes | bytearray | memoryview] = []
        size = 0
        for buffer in buffers:
            batch.append(buffer)
            size += len(buffer)
            if size >= _JOINED:
                self._socket.sendall(b"".join(batch))
                batch, size = [], 0
        if batch:
            self._socket.sendall(b"".join(batch))

    def finish(self, timeout: float = 3.0) -> None:
        """Close after the last answer: the peer reads it and closes first (PS3.8 9.2.3, Sta13).

        Closing at once would let the end of the connection overtake the answer in peers that look
        at the connection first, and with unread input it would lose it. Waits no longer than timeout.
        """
        end = time.monotonic() + timeout
        with contextlib.suppress(OSError):
            while (left := end - time.monotonic()) > 0:
                self._socket.settimeout(left)
                if not self._socket.recv(_CHUNK):
                    break
        self.close()

    def interrupt(self) -> None:
        """Make a thread that is reading or sending stop; may be called from another one."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close. May be called twice."""
        self._socket.close()

"""When bytes came, by the kernel: not when somebody found the time to read them."""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Callable

_SO_TIMESTAMPING = 37
"""Of Linux (asm-generic/socket.h), which Python does not name."""
_RX_SOFTWARE, _SOFTWARE = 1 << 3, 1 << 4
_STAMP = struct.Struct("@qq")
_ROOM = 128
"""Bytes of ancillary data: three time stamps and their header."""

Receive = Callable[[bytearray | memoryview], tuple[int, float]]


def receiver_of(sock: socket.socket, *, stamped: bool) -> Receive:
    """What reads from a TCP socket into a buffer: how many bytes, and time.monotonic() when the last of them came.

    stamped: whether that is worth a little more work for each read; never with TLS. Without the time stamps of Linux (Documentation/networking/timestamping.rst) it is when they were read.
    """
    if stamped and sys.platform == "linux":
        try:
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPING, _RX_SOFTWARE | _SOFTWARE)
        except OSError:
            pass
        else:
            return lambda buffer: _stamped(sock, buffer)
    return lambda buffer: (sock.recv_into(buffer), time.monotonic())


def _stamped(sock: socket.socket, buffer: bytearray | memoryview) -> tuple[int, float]:
    count, ancillary, _, _ = sock.recvmsg_into([buffer], _ROOM)
    now = time.monotonic()
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPING:
            seconds, nanoseconds = _STAMP.unpack_from(data)
            # A clock that was set meanwhile says nothing of use.
            age = time.time() - (seconds + nanoseconds / 1e9)
            return count, now - age if 0.0 < age < _OLDEST else now
    return count, now


_OLDEST = 3600.0

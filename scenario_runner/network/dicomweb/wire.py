"""HTTP/1.1 over our own transport: httpx2 speaks, and every wait answers to a Deadline.

httpx2's timeouts start anew with each byte and cannot be interrupted. Here each wait looks up four
times a second, and an answer has to make progress: its beginning, and every further 64 KiB of it,
within the peer's timeout. No proxy is taken from the environment.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import httpcore2
import httpx2

from scenario_runner.errors import AssociationAborted, PeerTimeout
from scenario_runner.ul.connecting import connect
from scenario_runner.ul.transport import Transport

if TYPE_CHECKING:
    import ssl

    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.peer import Peer

_PROGRESS = 0x10000
"""Bytes of an answer that renew the peer's time."""


class Line(httpcore2.NetworkBackend):
    """Opens connections for httpcore2. ``ended``: whether the peer closed the latest one."""

    def __init__(self, peer: Peer, deadline: Deadline) -> None:
        self._peer = peer
        self._deadline = deadline
        self.ended = False
        self.sent = self.received = 0
        """Bytes on the wire since the session began."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the peer, TLS included. Raises ConnectionFailed or what the deadline raises."""
        del host, port, timeout, local_address, socket_options
        self.ended = False
        return _Stream(connect(self._peer, self._deadline), self._peer, self._deadline, self)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._deadline.sleep(seconds)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, transport: Transport, peer: Peer, deadline: Deadline, line: Line) -> None:
        self._transport = transport
        self._peer = peer
        self._deadline = deadline
        self._line = line
        self._until: float | None = None
        self._progress = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        if self._until is None or self._progress >= _PROGRESS:
            self._until = time.monotonic() + self._peer.response_timeout
            self._progress = 0
        try:
            data = self._transport.receive(max_bytes, self._deadline, self._until)
        except PeerTimeout as error:
            error.reason = f"neither its end nor 64 KiB more of it {self._patience()}"
            raise
        self._progress += len(data)
        self._line.received += len(data)
        self._line.ended = not data
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._until = None
        try:
            self._transport.send([buffer], self._deadline)
        except AssociationAborted as error:
            # httpcore2 then reads what the peer may have said before it hung up, such as 413.
            raise httpcore2.WriteError(str(error)) from error
        except PeerTimeout as error:
            error.reason = f"the service takes no more data {self._patience()}"
            raise
        self._line.sent += len(buffer)

    def _patience(self) -> str:
        return f"within {self._peer.response_timeout:g} s, its timeout"

    def close(self) -> None:
        self._transport.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        del ssl_context, server_hostname, timeout
        return self  # the transport is protected already

    def get_extra_info(self, info: str) -> Any:
        """``is_readable`` is asked before a connection is used again: then it has ended."""
        if info != "is_readable":
            return None
        return self._transport.has_more()


class HttpTransport(httpx2.BaseTransport):
    """httpx2's way to the wire: a pool of one connection over a Line."""

    def __init__(self, line: Line, context: ssl.SSLContext) -> None:
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context, max_connections=1, network_backend=line
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; the answer's body is read as it is iterated. Raises httpcore2's errors."""
        assert isinstance(request.stream, httpx2.SyncByteStream)
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore2.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=request.stream,
                extensions={"timeout": {}},
            )
        )
        assert isinstance(answer.stream, Iterable)
        return httpx2.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions={"http_version": answer.extensions.get("http_version", b"HTTP/1.1")},
        )

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()

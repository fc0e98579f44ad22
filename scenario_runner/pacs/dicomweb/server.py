"""The HTTP port: uvicorn on a thread of its own, bounded in what strangers can hold open."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from scenario_runner.errors import MachineError
from scenario_runner.pacs.dicomweb.app import PREFIX, make_app

if TYPE_CHECKING:
    import ssl

    from starlette.requests import Request

    from scenario_runner.pacs.dicomweb.desk import WebDesk

_BACKLOG: Final = 128
_HEAD_MAX: Final = 1 << 16
"""Bytes of a request's line and headers."""
_KEEP_ALIVE: Final = 15
"""Seconds a connection may rest between requests."""
_LAST_WORDS: Final = 5
"""Seconds that answers under way have when the port closes."""
_START_PATIENCE: Final = 30.0


class WebServer:
    """DICOMweb on ``host``, over TLS when a context is given. ``start`` once, ``stop`` once."""

    def __init__(self, desk: WebDesk, host: str, tls: ssl.SSLContext | None) -> None:
        self._desk = desk
        self._host = host
        self._tls = tls
        self._thread: threading.Thread | None = None
        self._server: uvicorn.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.port = desk.web.port
        """The number, once it has started."""

    @property
    def url(self) -> str:
        """The URL of the service, without a slash at the end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{PREFIX}"

    def start(self) -> None:
        """Listen. Raises MachineError when the port is taken."""
        listener = self._listen()
        self.port = int(listener.getsockname()[1])
        app = make_app(self._desk, self._break_off)
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http=_protocol(self._desk.web.head_timeout),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=_BACKLOG,
            limit_concurrency=2 * self._desk.options.maximum_associations,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=_LAST_WORDS,
            h11_max_incomplete_event_size=_HEAD_MAX,
        )
        config.load()
        config.ssl = self._tls
        server = self._server = uvicorn.Server(config)
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run,
            args=(server, listener, ready),
            name=f"pacs-web-{self.port}",
            daemon=True,
        )
        self._thread.start()
        ready.wait(_START_PATIENCE)

    def _listen(self) -> socket.socket:
        try:
            family = socket.getaddrinfo(self._host, self.port, type=socket.SOCK_STREAM)[0][0]
            plain = socket.create_server((self._host, self.port), family=family, backlog=_BACKLOG)
            # asyncio sets TCP_NODELAY where the protocol is named, and create_server names none: the
            # end of each answer would then wait for the client's delayed acknowledgement, some 40 ms.
            return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, plain.detach())
        except OSError as error:
            raise MachineError(
                f"cannot listen on {self._host}:{self.port}: {error.strerror or error}",
                hint="another program has the port; stop it, or choose a free one (0 takes any)",
            ) from error

    def _run(self, server: uvicorn.Server, listener: socket.socket, ready: threading.Event) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            # The socket listens already, so a client may come at any time from now on.
            ready.set()
            await server.serve([listener])

        try:
            asyncio.run(serve())
        finally:
            listener.close()

    def stop(self) -> None:
        """Close the port and every connection. The PACS has said that it stops before."""
        if self._server is not None:
            self._server.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._break_all)
        if self._thread is not None:
            self._thread.join()

    def _break_all(self) -> None:
        for connection in self._connections():
            connection.transport.abort()

    def _break_off(self, request: Request) -> None:
        """Close the connection a request came on, whatever is under way."""
        client = tuple(request.scope["client"] or ())
        for connection in self._connections():
            if connection.client == client:
                connection.transport.abort()

    def _connections(self) -> list[Any]:
        return list(self._server.server_state.connections) if self._server is not None else []


def _protocol(head_timeout: float) -> type[H11Protocol]:
    """HTTP/1.1 that does not wait forever for the headers of a request (slow loris)."""

    class TimedProtocol(H11Protocol):
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
                self._watch()
            elif self.conn.their_state is not h11.IDLE:
                self._rest()

        def connection_lost(self, exc: Exception | None) -> None:
            self._rest()
            super().connection_lost(exc)

        def _watch(self) -> None:
            if self._timer is None:
                self._timer = self.loop.call_later(head_timeout, self.transport.abort)

        def _rest(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return TimedProtocol

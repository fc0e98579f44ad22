"""An HTTP port: uvicorn on a thread of its own, bounded in what strangers can hold open."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final

import anyio.to_thread
import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from scenario_runner.authority import authority
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.pacs.crowd import longest_of_the_most
from scenario_runner.ul.listening import listen

if TYPE_CHECKING:
    import ssl

    from starlette.requests import Request
    from starlette.types import ASGIApp

_BACKLOG: Final = 128
_PIECE: Final = 1 << 19
"""Bytes that are read from a connection at a time: each reading has more ado than it costs to copy them."""
_HEAD_MAX: Final = 1 << 16
"""Bytes of a request's line and headers."""
_KEEP_ALIVE: Final = 15
"""Seconds a connection may rest between requests."""
_CONNECTIONS: Final = 4
"""Connections at once for each request at once: a browser holds six, most of them at rest."""
_BEGINNING: Final = 1.0
"""Seconds that a connection has to show how its body comes."""
_LAST_WORDS: Final = 5
"""Seconds that answers under way have when the port closes."""
_START_PATIENCE: Final = 30.0

Breaker = Callable[["Request"], None]
"""Closes the connection of a request at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortOptions:
    """host, port: 0 takes a free one. requests: as many at once as the application answers."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    head_timeout: float = 30.0
    """Seconds from a request's first byte to the end of its headers."""
    requests: int = 100
    last_words: int = 0
    """Seconds that answers under way have when the port closes; 0 breaks them off."""
    listening: socket.socket | None = None
    """A socket that listens already, and other processes too; it stays open."""


class HttpPort:
    """An application on a port, over TLS when a context is given. ``start`` once, ``stop`` once.

    make: makes the application, given what breaks off the connection of a request.
    """

    def __init__(self, options: PortOptions, make: Callable[[Breaker], ASGIApp]) -> None:
        self._options = options
        self._make = make
        self._thread: threading.Thread | None = None
        self._server: uvicorn.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.port = options.port
        """The number, once it has started."""

    @property
    def origin(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        return origin_of(self._options.host, self.port, secure=self._options.tls is not None)

    def start(self) -> None:
        """Listen. Raises MachineError when the port is taken."""
        listener = self._listen()
        self.port = int(listener.getsockname()[1])
        app = self._make(self._break_off)
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http=_protocol(self._options.head_timeout, _CONNECTIONS * self._options.requests),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=_BACKLOG,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=max(_LAST_WORDS, self._options.last_words),
            h11_max_incomplete_event_size=_HEAD_MAX,
        )
        config.load()
        config.ssl = self._options.tls
        server = self._server = uvicorn.Server(config)
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run,
            args=(server, listener, ready),
            name=f"http-{self.port}",
            daemon=True,
        )
        self._thread.start()
        ready.wait(_START_PATIENCE)

    def _listen(self) -> socket.socket:
        given = self._options.listening
        plain = listen(self._options.host, self.port) if given is None else given.dup()
        # asyncio sets TCP_NODELAY where the protocol is named, and create_server names none: the
        # end of each answer would then wait for the client's delayed acknowledgement, some 40 ms.
        return socket.socket(plain.family, plain.type, socket.IPPROTO_TCP, plain.detach())

    def _run(self, server: uvicorn.Server, listener: socket.socket, ready: threading.Event) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            # Loads what takes a request to another thread: else the first request would, and all the others
            # that come meanwhile would wait for it.
            await anyio.to_thread.run_sync(int)
            # The socket listens already, so a client may come at any time from now on.
            ready.set()
            await server.serve([listener])

        try:
            asyncio.run(serve())
        finally:
            listener.close()

    def stop(self) -> None:
        """Close the port and every connection; who runs the application has said that it stops before."""
        if self._server is not None:
            self._server.should_exit = True
        if self._loop is not None and not self._options.last_words:
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


def origin_of(host: str, port: int, *, secure: bool) -> str:
    """Scheme, host and port of a server, without a slash at the end."""
    return f"{'https' if secure else 'http'}://{authority(host, port)}"


class _LargePieces(H11Protocol, asyncio.BufferedProtocol):
    """HTTP/1.1 that is read in larger pieces than asyncio's, none of which is made anew."""

    reading: ClassVar[memoryview]
    """Shared by the connections of one loop: what was read is passed on before anything else is."""

    def get_buffer(self, _: int) -> memoryview:
        """Where the next piece goes."""
        return self.reading

    def buffer_updated(self, nbytes: int) -> None:
        """So much has come."""
        self.data_received(self.reading[:nbytes])

    def data_received(self, data: bytes | memoryview) -> None:
        """The same, for who wants to see it."""
        super().data_received(data)  # type: ignore[arg-type] # a buffer of any kind is joined to what there is


def _protocol(head_timeout: float, most: int) -> type[H11Protocol]:
    """HTTP/1.1 that does not wait forever for the headers of a request (slow loris).

    most: connections at once. One more takes the place of another that waits for a request, else of the one whose
    body comes most slowly, so that silent ones never keep others out.
    """
    connected: dict[H11Protocol, str] = {}
    """The address of each, in the order they came."""

    class TimedProtocol(_LargePieces):
        reading = memoryview(bytearray(_PIECE))
        _timer: asyncio.TimerHandle | None = None
        came = 0
        """Bytes since it is connected, at ``since``."""
        since = 0.0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.since = self.loop.time()
            connected[self] = self.client[0] if self.client else ""
            if len(connected) > most:
                _make_room(connected, self.since)
            self._watch()

        def data_received(self, data: bytes | memoryview) -> None:
            self.came += len(data)
            super().data_received(data)
            if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
                self._watch()
            elif self.conn.their_state is not h11.IDLE:
                self._rest()

        def connection_lost(self, exc: Exception | None) -> None:
            self._rest()
            connected.pop(self, None)
            super().connection_lost(exc)

        def _watch(self) -> None:
            if self._timer is None:
                self._timer = self.loop.call_later(head_timeout, self.transport.abort)

        def _rest(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return TimedProtocol


def _make_room(connected: dict[Any, str], now: float) -> None:
    """Let go of a connection, of the address that has most of those that could go.

    That is the oldest without a request; of bodies under way for a while the one that comes most slowly. The newest
    goes only where all the others are being served.
    """
    *others, newest = connected
    victim = longest_of_the_most((one for one in others if not _is_asked(one)), connected)
    if victim is None:
        bodies = [
            one
            for one in others
            if one.conn.their_state is h11.SEND_BODY and now - one.since > _BEGINNING
        ]
        bodies.sort(key=lambda one: one.came / (now - one.since))
        victim = longest_of_the_most(bodies, connected) or newest
    del connected[victim]
    victim.transport.abort()


def _is_asked(connection: H11Protocol) -> bool:
    """Whether a request of it is being answered."""
    cycle: Any = connection.cycle  # None until the first request, which its type does not say
    return cycle is not None and not cycle.response_complete

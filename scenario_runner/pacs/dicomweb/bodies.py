"""Bodies of requests for a thread that waits for them, and of answers in pieces of a good size."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import Final

import anyio
import anyio.from_thread
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from scenario_runner.pacs.dicomweb.desk import (
    ConnectionBroken,
    Reply,
    WebError,
    unreadable,
)

PIECE: Final = 1 << 18
"""Bytes of a body that are handed to a thread, and of an answer that are sent, at a time."""


_FEW: Final = 4
"""Chunks of a piece that are handed over as they came: to join them is a copy, to write many small ones more than that."""


AHEAD: Final = 1 << 22
"""Bytes of an answer that are made before it begins."""


_DRAIN: Final = 1 << 26
"""Bytes of a body that are read and thrown away, so that the client gets to see why."""


_DRAIN_SECONDS: Final = 10.0


_DRAIN_PAUSE: Final = 0.5
"""Seconds without a byte that mean the client waits for the answer."""


_IMPATIENT: Final = 0.25
"""Seconds that a place is kept while nothing comes."""


class Place:
    """One of the places there are, given to others while its holder waits for a client."""

    def __init__(self, places: anyio.CapacityLimiter) -> None:
        self._places = places
        self._is_held = False

    async def take(self) -> None:
        """Wait until there is one."""
        if not self._is_held:
            await self._places.acquire_on_behalf_of(self)
            self._is_held = True

    def take_now(self) -> None:
        """Raises anyio.WouldBlock where there is none."""
        self._places.acquire_on_behalf_of_nowait(self)
        self._is_held = True

    def leave(self) -> None:
        """Somebody else may have it."""
        if self._is_held:
            self._is_held = False
            self._places.release_on_behalf_of(self)


class Body:
    """The body of a request in pieces of a good size, for a thread that waits for them; the next is read meanwhile.

    patience: seconds that a client may take for a piece; most: bytes of the whole. A place is not held while a client
    has us wait, so that however many do, others go on. Reading raises WebError. ``begin`` first, ``close`` at last.
    """

    def __init__(
        self, request: Request, patience: float | None, most: int, size_of_piece: int = PIECE
    ) -> None:
        self._stream = request.stream()
        self._patience = patience
        self._most = most
        self._size_of_piece = size_of_piece
        self._pieces: SimpleQueue[list[bytes] | Exception] = SimpleQueue()
        """Chunks that are a piece together; none is the end."""
        self._room = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.place: Place | None = None
        """What is left meanwhile."""

    async def begin(self) -> None:
        """Read the first piece, before any place or thread is taken for it."""
        first = await self._gathered()
        self._pieces.put(first)
        if sum(map(len, first)) >= self._size_of_piece:
            self._loop = asyncio.get_running_loop()
            self._reading = self._loop.create_task(self._read())
        elif first:
            self._pieces.put([])

    async def close(self) -> None:
        """Read no more."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        while chunks := self._piece():
            for chunk in chunks:
                size += len(chunk)
                if size > self._most:
                    raise WebError(413, f"a request may have {self._most} bytes")
                yield chunk

    def _piece(self) -> list[bytes]:
        try:
            found = self._pieces.get(timeout=_IMPATIENT)
        except Empty:
            found = self._awaited()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._room.set)
        if isinstance(found, Exception):
            raise found
        return found

    def _awaited(self) -> list[bytes] | Exception:
        """The next piece of a client that takes its time."""
        if self.place is None:
            return self._pieces.get()
        anyio.from_thread.run_sync(self.place.leave)
        try:
            return self._pieces.get()
        finally:
            anyio.from_thread.run(self.place.take)

    async def _read(self) -> None:
        ended: Exception = ClientDisconnect()  # unless it ends otherwise, be it as the server stops
        try:
            chunks = [b"more"]
            while chunks:
                self._room.clear()
                chunks = await self._gathered()
                self._pieces.put(chunks)
                await self._room.wait()
        except (WebError, HTTPException, ClientDisconnect) as error:
            ended = error
        finally:
            self._pieces.put(ended)

    async def _gathered(self) -> list[bytes]:
        found: list[bytes] = []
        missing = self._size_of_piece
        try:
            with anyio.fail_after(self._patience):
                async for chunk in self._stream:
                    if chunk:
                        found.append(chunk)
                    missing -= len(chunk)
                    if missing <= 0:
                        break
        except TimeoutError as error:
            raise WebError(408, "the body comes too slowly") from error
        return found if len(found) <= _FEW else [b"".join(found)]


async def drain(request: Request) -> None:
    """Read what the client still sends, within bounds: many look at the answer only after that."""
    if request.method in ("GET", "HEAD"):
        return
    stream, size = request.stream(), 0
    try:
        with anyio.move_on_after(_DRAIN_SECONDS):
            while size < _DRAIN:
                with anyio.fail_after(_DRAIN_PAUSE):
                    size += len(await anext(stream))
    except (ClientDisconnect, RuntimeError, StopAsyncIteration, TimeoutError):
        return  # the end of it, or nobody is there any more


def begun(reply: Reply) -> Reply:
    """The same with its content made, if it is not long; of a long one only the beginning.

    What goes wrong until then is still told by a status. Raises WebError.
    """
    if isinstance(reply.content, bytes):
        return reply
    made, size = [], 0
    try:
        for piece in reply.content:
            made.append(piece)
            size += len(piece)
            if size > AHEAD:
                content: bytes | Iterator[bytes] = itertools.chain(made, reply.content)
                break
        else:
            content = b"".join(made)
    except ConnectionBroken as error:
        if not isinstance(error.__cause__, Exception):
            raise
        raise unreadable(error.__cause__) from error
    return dataclasses.replace(reply, content=content)


def gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of a good size: each one costs a change of threads."""
    held = bytearray()
    for piece in pieces:
        view = memoryview(piece)
        while view:
            room = PIECE - len(held)
            held += view[:room]
            view = view[room:]
            if len(held) == PIECE:
                yield bytes(held)
                held.clear()
    if held:
        yield bytes(held)

"""Bodies of requests for a thread that waits for them, and of answers in pieces of a good size."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Final

import anyio
import anyio.from_thread
import anyio.to_thread
from starlette.requests import ClientDisconnect, Request

from scenario_runner.pacs.dicomweb.desk import (
    ConnectionBroken,
    Reply,
    WebError,
    unreadable,
)

PIECE: Final = 1 << 18
"""Bytes of a body that are handed to a thread, and of an answer that are sent, at a time."""


AHEAD: Final = 1 << 22
"""Bytes of an answer that are made before it begins."""


_DRAIN: Final = 1 << 26
"""Bytes of a body that are read and thrown away, so that the client gets to see why."""


_DRAIN_SECONDS: Final = 10.0


_DRAIN_PAUSE: Final = 0.5
"""Seconds without a byte that mean the client waits for the answer."""


def body_of(
    request: Request, patience: float, most: int, size_of_piece: int = PIECE
) -> Iterator[bytes]:
    """The body for a thread that waits for it, in pieces of a good size."""
    stream = request.stream()

    async def piece() -> bytes:
        found: list[bytes] = []
        missing = size_of_piece
        try:
            with anyio.fail_after(patience):
                async for chunk in stream:
                    found.append(chunk)
                    missing -= len(chunk)
                    if missing <= 0:
                        break
        except TimeoutError as error:
            raise WebError(408, "the body comes too slowly") from error
        return found[0] if len(found) == 1 else b"".join(found)

    size = 0
    while data := anyio.from_thread.run(piece):
        size += len(data)
        if size > most:
            raise WebError(413, f"a request may have {most} bytes")
        yield data


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

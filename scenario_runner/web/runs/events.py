"""The events of a run as server-sent events, read from its log: whoever watches costs the run nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread

from scenario_runner.evidence.log import events_in, events_in_cut
from scenario_runner.service.runs.evidence import cut_line, lines_from
from scenario_runner.service.runs.outcome import LOG
from scenario_runner.web.streams import AGAIN

if TYPE_CHECKING:
    from scenario_runner.service.runs.runs import Runs

_LOOK: Final = 0.25
"""Seconds between two looks at the size of the log."""
_ASK: Final = 4
"""Looks after which the database is asked how the run is."""
_ADMIT: Final = 20
"""Looks after which it is asked whether whoever watches may still."""
_QUIET: Final = 60
"""Looks after which a comment tells a proxy that the connection lives."""


async def events_of(
    runs: Runs,
    run_id: str,
    offset: int,
    may_still: Callable[[], Awaitable[bool]],
    *,
    brief: bool = False,
) -> AsyncIterator[bytes]:
    """Each event as a ``message`` whose id is the offset of the next line; ``state`` when that changes.

    Ends when the run has, after an ``ended``, when the server does, or when whoever watches may no longer; a brief one
    with what there is now.
    """
    if brief:
        yield AGAIN.encode()
    log = runs.evidence(run_id) / LOG
    looks, told = 0, ""
    while not runs.stopping.is_set():
        has_ended = False
        if looks % _ASK == 0:
            run = await anyio.to_thread.run_sync(runs.get, run_id)
            has_ended = run.state == "ended"
            state = json.dumps(run.as_json())
            if state != told and not has_ended:
                yield f"event: state\ndata: {state}\n\n".encode()
                told = state
        while _size(log) > offset:
            lines, after = await anyio.to_thread.run_sync(lines_from, log, offset)
            if not lines:
                break  # the last one is not whole yet
            yield _messages(lines, offset)
            offset = after
        if has_ended:
            cut = await anyio.to_thread.run_sync(cut_line, log, offset)
            for event in events_in_cut(cut):
                yield b"id: %d\ndata: %b\n\n" % (offset, event)
            yield f"event: ended\ndata: {state}\n\n".encode()
            return
        if brief:
            return
        if looks % _QUIET == _QUIET - 1:
            yield b": still here\n\n"
        looks += 1
        if looks % _ADMIT == 0 and not await may_still():
            return
        await anyio.sleep(_LOOK)


def _messages(lines: list[bytes], offset: int) -> bytes:
    """Each event of the lines. Of several in one line all but the last lead back to it, so that none is lost."""
    told = bytearray()
    for line in lines:
        *more, last = events_in(line)
        for event in more:
            told += b"id: %d\ndata: %b\n\n" % (offset, event)
        offset += len(line) + 1
        told += b"id: %d\ndata: %b\n\n" % (offset, last)
    return bytes(told)


def _size(log: Path) -> int:
    try:
        return log.stat().st_size
    except OSError:
        return 0

"""One of several processes that ``fabricate pacs serve --processes`` answers with."""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import signal
import threading
from multiprocessing import reduction, resource_tracker
from typing import TYPE_CHECKING, Any

import click

from scenario_runner.cli.long_running import serve_long
from scenario_runner.cli.signals import on_signal

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from scenario_runner.app.serve import Items, Serving
    from scenario_runner.pacs.crew import Child
    from scenario_runner.pacs.post import Post


_WINDOWS = os.name == "nt"


def refuse_where_it_cannot_be() -> None:
    """Raises UsageError where processes cannot have a folder together."""
    if _WINDOWS:
        raise click.UsageError(
            "--processes: on Windows an archive has one process, for want of locks that several hold together; "
            "leave the option out"
        )


class _KeptOpen:
    """An open file that a child is given; it holds the locks of that file, too."""

    def __init__(self, handle: int) -> None:
        self.handle = handle

    def __reduce__(self) -> tuple[Any, ...]:
        return _opened, (reduction.DupFd(self.handle),)


def _opened(given: Any) -> _KeptOpen:
    return _KeptOpen(given.detach())


def start(serving: Serving, post: Post, items: Items) -> tuple[Child, Connection]:
    """Start one; for the main thread. The line it gives is the owner's end, see ``pacs.crew``."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    around = dataclasses.replace(serving.around, environ=dict(serving.around.environ))
    serving = dataclasses.replace(serving, around=around)
    lock = None if post.lock is None else _KeptOpen(post.lock)
    process = context.Process(
        target=_work, args=(serving, post, items, theirs, lock), name="pacs-member", daemon=True
    )
    # Ctrl-C reaches all processes of a terminal, and it is the owner who decides what it means. A mask outlives the
    # start of another program; what starts the tracker of multiprocessing would take it off again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
    return process, ours


def _work(
    serving: Serving, post: Post, items: Items, line: Connection, lock: _KeptOpen | None
) -> None:
    from scenario_runner.app.serve import serve_with_others

    serve_long()
    stop = threading.Event()
    with on_signal(stop.set):
        serve_with_others(serving, post, items, line, stop)
    del lock  # the folder was theirs together until now

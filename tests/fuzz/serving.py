"""A PACS that stands for all inputs of a fuzzer, and what is said to its ports."""

from __future__ import annotations

import atexit
import contextlib
import logging
import socket
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from scenario_runner.pacs.options import PacsOptions, WebOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import sample


class DefectError(AssertionError):
    """Something said that it is a defect, though it raised nothing."""


class _Alarm(logging.Handler):
    """A server that catches everything logs what it should never have met."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(self.format(record))


@contextlib.contextmanager
def no_alarm() -> Iterator[None]:
    """Raises DefectError when something of ours logs an error meanwhile."""
    alarm, root = _Alarm(), logging.getLogger("scenario_runner")
    root.addHandler(alarm)
    try:
        yield
    finally:
        root.removeHandler(alarm)
    if alarm.heard:
        raise DefectError(alarm.heard[0])


@cache
def pacs() -> EmbeddedPacs:
    """One for all inputs: what one of them breaks, the next ones find broken."""
    folder = tempfile.TemporaryDirectory(prefix="fabricate-fuzz-")
    options = PacsOptions(
        web=WebOptions(head_timeout=1.0, body_timeout=1.0), request_timeout=1.0, idle_timeout=1.0
    )
    running = EmbeddedPacs(Path(folder.name), options=options)
    running.start()
    atexit.register(folder.cleanup)
    atexit.register(running.stop)
    one = sample()
    running.archive.store(
        one.sop_class_uid, one.sop_instance_uid, one.transfer_syntax_uid, [one.data]
    )
    return running


def said(port: int, data: bytes, *, ends: bool = True) -> bytes:
    """Send, tell that nothing follows unless it goes on, and read to the end."""
    answer = b""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as sock,
        contextlib.suppress(ConnectionError),
    ):
        sock.sendall(data)
        if ends:
            with contextlib.suppress(OSError):  # it has answered and gone
                sock.shutdown(socket.SHUT_WR)
        while more := sock.recv(1 << 16):
            answer += more
    return answer

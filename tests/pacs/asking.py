"""Associations of pynetdicom that only ask."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pynetdicom.association import Association

PATIENCE = 60.0


class _Held(threading.Event):
    """Where pynetdicom's reactor waits whenever something is asked: here for as long as anything may be."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.reached.set()
        return super().wait(timeout)

    def set(self) -> None:
        """Nothing: each answer would let the reactor go on."""

    def let_go(self) -> None:
        super().set()


@contextlib.contextmanager
def only_asking(association: Association) -> Iterator[Association]:
    """Keep the reactor, which takes requests, from taking answers for some.

    pynetdicom 3.0.4 takes it for paused in the moment before it looks for messages; on a busy machine that
    moment may last until the answer is there: "Received unexpected N-SET service message", and a timeout.
    """
    held, own = _Held(), association._reactor_checkpoint
    association._reactor_checkpoint = held
    assert held.reached.wait(PATIENCE), "the reactor does not run"
    try:
        yield association
    finally:
        association._reactor_checkpoint = own
        held.let_go()

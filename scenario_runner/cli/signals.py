"""Ctrl-C and SIGTERM, which only the command line may take for itself."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def on_signal(act: Callable[[], object]) -> Iterator[None]:
    """Call ``act`` at every Ctrl-C and SIGTERM within; afterwards they do what they did before."""

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        act()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

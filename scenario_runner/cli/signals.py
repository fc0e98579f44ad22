"""Ctrl-C, SIGTERM and a terminal that goes, which only the command line may take for itself."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenario_runner.engine.services import Control


@contextmanager
def on_signal(act: Callable[[], object]) -> Iterator[None]:
    """Call ``act`` at every Ctrl-C, SIGTERM and SIGHUP within; afterwards they do what they did before.

    SIGHUP, where there is one, is left alone when it was to be ignored: by ``nohup``.
    """

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        act()

    numbers = [signal.SIGINT, signal.SIGTERM]
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        numbers.append(hangup)
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stopping(control: Control) -> Iterator[None]:
    """End a run at a signal in its own order; at once while it is read and planned and nothing has begun."""

    def act() -> None:
        if not control.begun.is_set():
            raise KeyboardInterrupt
        control.interrupt()

    with on_signal(act):
        control.signalled.set()
        try:
            yield
        finally:
            control.signalled.clear()


@contextmanager
def as_usual() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM within do what they do to any program: nothing is under way yet."""
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGTERM: signal.signal(signal.SIGTERM, signal.SIG_DFL),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Messages that came in for a case while it ran, whoever took them: bytes, who sent them, and when."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from typing import Final

from scenario_runner.lazy_dataclasses import dataclass

_MOST: Final = 10_000
_MOST_BYTES: Final = 256 * 1024 * 1024
"""Of all messages of a case together."""
USUAL: Final = "AA"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message. answer: the code it was answered with, or ``none``."""

    data: bytes
    address: str
    at: dt.datetime
    answer: str


@dataclass(slots=True)
class Turn:
    """What a step answers, and whom. left: how many messages it still wants; fits: which."""

    step_id: str
    answer: str
    left: int
    fits: Callable[[bytes, str], bool]
    """Of a message and the address it came from."""


class Inbox:
    """What came in, in order; any thread may ask. It knows nothing of what messages say.

    Steps say beforehand what they will answer, so that it does not matter whether a message comes before
    the step or while it waits: it gets the answer of the first step that it fits and that wants one more.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._came: list[Incoming] = []
        self._size = 0
        self._turns: list[Turn] = []

    def announce(self, turn: Turn) -> None:
        """A step will wait for messages."""
        with self._changed:
            self._turns.append(turn)

    def begin(self, turn: Turn) -> None:
        """A step waits. What it announced is more exact now; of what it got nothing is forgotten."""
        with self._changed:
            known = next((one for one in self._turns if one.step_id == turn.step_id), None)
            if known is None:
                self._turns.insert(0, turn)
            else:
                known.answer, known.fits = turn.answer, turn.fits

    def end(self, step_id: str) -> None:
        """It has what it wanted, or gave up."""
        with self._changed:
            self._turns = [one for one in self._turns if one.step_id != step_id]

    def put(self, data: bytes, address: str, at: dt.datetime) -> str | None:
        """Keep a message; what it is to be answered, or None when there is no room for it."""
        with self._changed:
            if len(self._came) >= _MOST or self._size + len(data) > _MOST_BYTES:
                return None
            turn = next((one for one in self._turns if one.left and one.fits(data, address)), None)
            answer = USUAL
            if turn is not None:
                turn.left -= 1
                answer = turn.answer
            self._came.append(Incoming(data, address, at, answer))
            self._size += len(data)
            self._changed.notify_all()
            return answer

    def came(self) -> Sequence[Incoming]:
        """Everything so far."""
        with self._changed:
            return tuple(self._came)

    def wait(self, seen: int, seconds: float) -> Sequence[Incoming]:
        """Everything, as soon as there is more than ``seen``, or the seconds are over."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._came) > seen, seconds)
            return tuple(self._came)

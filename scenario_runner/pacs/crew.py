"""Several processes behind one port: one that owns the archive and the ports, and members that answer.

All members take connections from the same listening sockets, which the owner has opened: a connection that waits there
when a member is killed is taken by another one, and where one interpreter has its hands full another one is quicker.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing import connection
from multiprocessing.connection import Connection
from typing import Final, Protocol

from scenario_runner.errors import MachineError, of_the_machine
from scenario_runner.lazy_dataclasses import dataclass

LOGGER = logging.getLogger(__name__)
_LOOK: Final = 0.2
"""Seconds between two looks at whether all are to stop."""
_TRIES: Final = 3
"""Members in a row that could not start, before all are stopped."""
_BY_OTHERS: Final = (0, -9)
"""How a process ends that was told to, or killed: that says nothing of whether it could have started."""
_ALONE: Final = "serve with --processes 1 to see why"
_PATIENCE: Final = 60.0
"""Seconds that a member has to start, or to stop."""


class Child(Protocol):
    """A process that was started, as ``multiprocessing`` has it."""

    @property
    def pid(self) -> int | None:
        """Its number."""

    @property
    def exitcode(self) -> int | None:
        """How it ended; None while it runs."""

    @property
    def sentinel(self) -> int:
        """What ``multiprocessing.connection.wait`` waits for."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""

    def kill(self) -> None:
        """End it at once."""


@dataclass(slots=True)
class _Member:
    process: Child
    line: Connection
    """Closed, it tells the member to stop, also where this process was killed."""

    began: bool = False
    """Whether it was seen to."""

    def has_begun(self, patience: float = 0.0) -> bool:
        """Whether it answers, or has; asked once. patience: seconds to wait for it."""
        try:
            return self.line.poll(patience) and self.line.recv() == "ready"
        except (EOFError, OSError):
            return False


class Crew:
    """Members that are started, replaced when they end, and stopped together. For one thread.

    start: starts one, and gives its end of a line that the member has said ``ready`` on when it answers. ended: told
    the number of one that is gone, before another one takes its place.
    """

    def __init__(
        self,
        count: int,
        start: Callable[[], tuple[Child, Connection]],
        ended: Callable[[int], None],
    ) -> None:
        self._count = count
        self._start = start
        self._ended = ended
        self._members: list[_Member] = []
        self._failed = 0

    def begin(self) -> None:
        """Start all of them; returns when they answer. Raises MachineError when one does not."""
        for _ in range(self._count):
            self._members.append(self._begin())
        for member in self._members:
            if not member.has_begun(_PATIENCE):
                raise MachineError("a process of the PACS did not start", hint=_ALONE)
            member.began = True

    def _begin(self) -> _Member:
        try:
            process, line = self._start()
        except OSError as error:
            raise of_the_machine("cannot start a process of the PACS", error) from error
        return _Member(process, line)

    @property
    def processes(self) -> Sequence[int]:
        """The numbers of those that run."""
        return [one.process.pid for one in self._members if one.process.pid is not None]

    def watch(self, stop: threading.Event) -> None:
        """Replace whoever ends, until ``stop`` is set. Raises MachineError when several in a row do not begin."""
        while not stop.is_set():
            connection.wait([one.process.sentinel for one in self._members], _LOOK)
            for place, member in enumerate(self._members):
                if member.process.exitcode is None or stop.is_set():
                    continue
                self._replace(place, member)

    def _replace(self, place: int, member: _Member) -> None:
        number, code = member.process.pid, member.process.exitcode
        began = member.began or member.has_begun() or code in _BY_OTHERS
        member.line.close()
        if number is not None:
            self._ended(number)
        self._failed = 0 if began else self._failed + 1
        if self._failed >= _TRIES:
            raise MachineError(
                f"{_TRIES} processes of the PACS in a row did not start",
                hint=_ALONE,
            )
        self._members[place] = self._begin()
        LOGGER.warning(
            "process %s of the PACS has ended (%s); process %s takes its place",
            number,
            code,
            self._members[place].process.pid,
        )

    def end(self) -> None:
        """Stop all, what is under way with a peer broken off as for one process."""
        for member in self._members:
            member.line.close()
        until = time.monotonic() + _PATIENCE
        for member in self._members:
            member.process.join(max(0.0, until - time.monotonic()))
            if member.process.exitcode is None:
                LOGGER.warning(
                    "process %s of the PACS does not stop, and is killed", member.process.pid
                )
                member.process.kill()
                member.process.join()
        self._members.clear()


def until_told(line: Connection, stop: threading.Event) -> None:
    """In a member: set ``stop`` once the owner has closed its end, or is gone."""

    def listen() -> None:
        try:
            line.recv()
        except (EOFError, OSError):
            stop.set()

    threading.Thread(target=listen, name="pacs-owner", daemon=True).start()

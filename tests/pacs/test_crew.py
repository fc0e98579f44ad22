"""Members that are replaced, and when replacing them is given up."""

from __future__ import annotations

import errno
import multiprocessing
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from scenario_runner.errors import MachineError
from scenario_runner.pacs.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection


@dataclass
class Ended:
    """A process that has ended already, as ``multiprocessing`` would have it."""

    pid: int
    exitcode: int | None
    sentinel: int

    def join(self, timeout: float | None = None) -> None:
        pass

    def kill(self) -> None:
        raise AssertionError("it has ended")


@dataclass
class Starts:
    """What becomes of each that is started: its exit code (None while it runs), and whether it said that it answers."""

    fates: Sequence[tuple[int | None, bool]]
    stop: threading.Event
    started: int = 0
    kept: list[Connection] = field(default_factory=list)

    def __call__(self) -> tuple[Ended, Connection]:
        code, ready = self.fates[self.started]
        self.started += 1
        if self.started == len(self.fates):
            self.stop.set()
        ours, theirs = multiprocessing.Pipe()
        self.kept.append(theirs)
        if ready:
            theirs.send("ready")
        return Ended(100 + self.started, code, ours.fileno()), ours


def crew(starts: Starts, ended: list[int]) -> Crew:
    return Crew(1, starts, ended.append)


@pytest.mark.parametrize(
    "fates",
    [
        [(-11, True)] * 6,
        [(0, True), *[(-9, False)] * 4, (0, True)],
        [(0, True), (1, False), (1, False), (-9, True), (1, False), (1, False), (0, True)],
    ],
    ids=["crash later", "are killed", "start now and then"],
)
def test_members_are_replaced_however_often_they_end(fates: list[tuple[int | None, bool]]) -> None:
    stop, ended = threading.Event(), list[int]()
    starts = Starts(fates, stop)
    running = crew(starts, ended)
    running.begin()
    running.watch(stop)
    assert starts.started == len(fates)
    assert ended == list(range(101, 100 + len(fates)))
    running.end()


def test_members_that_cannot_start_are_not_tried_for_ever() -> None:
    stop, ended = threading.Event(), list[int]()
    running = crew(Starts([(1, True), *[(1, False)] * 9], stop), ended)
    running.begin()
    with pytest.raises(MachineError, match="3 processes of the PACS in a row did not start"):
        running.watch(stop)
    assert len(ended) == 4
    running.end()


def test_a_system_that_has_no_more_processes_is_told_and_the_others_are_stopped() -> None:
    starts = Starts([(0, True), (0, True)], threading.Event())
    left = iter([starts])

    def start() -> tuple[Ended, Connection]:
        if (one := next(left, None)) is None:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        return one()

    running = Crew(2, start, list[int]().append)
    with pytest.raises(MachineError, match="cannot start a process of the PACS: Resource temp"):
        running.begin()
    running.end()
    with pytest.raises((EOFError, OSError)):
        starts.kept[0].recv()


def test_a_first_member_that_does_not_start_is_told() -> None:
    starts = Starts([(1, False), (1, False)], threading.Event())

    def start() -> tuple[Ended, Connection]:
        process, line = starts()
        starts.kept.pop().close()
        return process, line

    running = Crew(1, start, list[int]().append)
    with pytest.raises(MachineError, match="did not start"):
        running.begin()
    running.end()

"""What several threads write at the same moment, in one transaction: each exchange and each wait for a disk is shared.

Nobody is told that it is done before the transaction has ended that it was done in.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, TypeVar

from scenario_runner.archive.server_error import ServerError

Result = TypeVar("Result")

_TOGETHER: Final = 32
"""Pieces of work in one transaction: others, on whatever machine, wait for its end."""


class _Work:
    """A piece of work of one thread, which another one may carry out."""

    def __init__(self, do: Callable[[], Any]) -> None:
        self._do = do
        self.is_done = False
        self.is_alone = False
        """Whether it is carried out by itself, as what it was carried out with was taken back."""
        self._found: Any = None
        self._error: BaseException | None = None

    def carry_out(self) -> None:
        self._found = self._do()

    def end(self, error: BaseException | None = None) -> None:
        self._error, self.is_done = error, True

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._found


class Gathering:
    """Whoever has its turn takes along what others wait to do.

    transaction: begins one, and ends it or takes it back. is_unsure: whether the one that failed last may have been
    ended all the same, as its connection was lost.
    """

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[object]],
        is_unsure: Callable[[], bool],
    ) -> None:
        self._transaction = transaction
        self._is_unsure = is_unsure
        self._turn = threading.Lock()
        self._waiting: deque[_Work] = deque()

    def run(self, work: Callable[[], Result]) -> Result:
        """Carry out work in a transaction, perhaps on another thread; returns what it does once that has ended.

        What it raises takes back what it did, and nothing of others. work: may be called once more after its transaction was
        taken back.
        """
        mine = _Work(work)
        self._waiting.append(mine)
        with self._turn:
            if not mine.is_done:
                self._carry_out(self._taken(mine))
        found: Result = mine.result()
        return found

    def _taken(self, mine: _Work) -> list[_Work]:
        taken = [mine]
        while not mine.is_alone and self._waiting and len(taken) < _TOGETHER:
            one = self._waiting.popleft()
            if one is not mine and not one.is_done:
                taken.append(one)
        return taken

    def _carry_out(self, taken: list[_Work]) -> None:
        """The first is of this thread."""
        mine, begun = taken[0], 0
        try:
            with self._transaction():
                for one in taken:
                    begun += 1
                    one.carry_out()
        except Exception as error:  # noqa: BLE001 - it is raised where the work comes from
            if len(taken) > 1 and self._is_unsure():
                for one in taken:
                    one.end(ServerError(str(error), getattr(error, "hint", None)))
                return
            # One is not to be the end of the others: each of them has a turn of its own.
            for one in taken:
                one.is_alone = True
            if begun <= 1:  # by its own work, or by a transaction that none could begin
                mine.end(error)
            else:
                self._carry_out([mine])
            return
        for one in taken:
            one.end()

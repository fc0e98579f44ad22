"""Studies that are rewritten by one thread alone, or added to by many beside each other."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class StudyLocks:
    """Who holds some studies never waits for others. One thread must not take a study a second time."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._alone: set[str] = set()
        self._beside: Counter[str] = Counter()

    @contextmanager
    def alone(self, study: str) -> Iterator[None]:
        """Nobody else works on the study meanwhile."""
        with self._free:
            self._free.wait_for(lambda: study not in self._alone and not self._beside[study])
            self._alone.add(study)
        try:
            yield
        finally:
            with self._free:
                self._alone.discard(study)
                self._free.notify_all()

    @contextmanager
    def beside(self, studies: Iterable[str]) -> Iterator[None]:
        """Others may do so too, and nobody has one of the studies alone meanwhile."""
        wanted = frozenset(studies)
        with self._free:
            self._free.wait_for(lambda: self._alone.isdisjoint(wanted))
            self._beside.update(wanted)
        try:
            yield
        finally:
            with self._free:
                self._beside.subtract(wanted)
                self._beside = +self._beside
                self._free.notify_all()

"""Several associations at once, fed from one stream of instances."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from scenario_runner.answers import StoreStatus
from scenario_runner.dicom.part10 import Storable
from scenario_runner.errors import FabricatorError
from scenario_runner.network.bulk.stream import Stream, why

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scenario_runner.network.bulk.sender import Sender

_AHEAD = 2
"""Instances under way for each association: one on the wire and one waiting."""
_Outcome = StoreStatus | BaseException


class Crew:
    """Senders, each with a thread and an association of its own.

    Instances are pulled and answers yielded in the caller's thread only. When one sender fails, no
    more is pulled, the others finish what they have, and the first error is raised at the end.
    """

    def __init__(self, senders: list[Sender], stream_of: Callable[[Sender], Stream]) -> None:
        self._senders = senders
        self._stream_of = stream_of
        self._work: queue.SimpleQueue[Storable | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[_Outcome] = queue.SimpleQueue()
        self._under_way = 0
        self._failure: BaseException | None = None

    def run(self, instances: Iterator[Storable]) -> Iterator[StoreStatus]:
        """Answers as they come, not in the order of the instances."""
        threads = [
            threading.Thread(target=self._serve, args=(sender,), name=f"store {n}")
            for n, sender in enumerate(self._senders)
        ]
        for thread in threads:
            thread.start()
        try:
            yield from self._feed(instances)
            yield from self._collect(0)
        finally:
            # Whoever still waits for work is sent home; whoever is sending finishes that first.
            for _ in threads:
                self._work.put(None)
            for thread in threads:
                thread.join()
        if self._failure is not None:
            raise self._failure

    def _feed(self, instances: Iterator[Storable]) -> Iterator[StoreStatus]:
        most = _AHEAD * len(self._senders)
        while self._failure is None:
            try:
                instance = next(instances, None)
            except BaseException as error:  # noqa: BLE001 - raised when what is under way has ended
                self._failure = error
                return
            if instance is None:
                return
            self._under_way += 1
            self._work.put(instance)
            yield from self._collect(most - 1)

    def _collect(self, most: int) -> Iterator[StoreStatus]:
        """Yield answers until no more than so many are missing."""
        while self._under_way > most:
            outcome = self._outcomes.get()
            if isinstance(outcome, StoreStatus):
                self._under_way -= 1
                yield outcome
                continue
            self._failure = self._failure or outcome
            yield from self._give_up(outcome)

    def _give_up(self, error: BaseException) -> Iterator[StoreStatus]:
        """Take back what no sender has begun."""
        words = why(error) if isinstance(error, FabricatorError) else repr(error)
        while True:
            try:
                instance = self._work.get_nowait()
            except queue.Empty:
                return
            if instance is not None:
                self._under_way -= 1
                yield StoreStatus.unsent(instance, f"not sent: {words}")

    def _serve(self, sender: Sender) -> None:
        try:
            stream = self._stream_of(sender)
            while (instance := self._work.get()) is not None:
                for answer in stream.run(iter((instance,))):
                    self._outcomes.put(answer)
            sender.release()
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            sender.abort()
            self._outcomes.put(error)

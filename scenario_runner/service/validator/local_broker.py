"""The broker of one process: the journal is its queue, and memory only says what is new in it."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Final

from scenario_runner.errors import MachineError
from scenario_runner.service.validator.broker import BrokerDown, Delivery, Settled
from scenario_runner.service.validator.events import TRAIL, Event, Role
from scenario_runner.service.validator.journal import Journal, Pending

_LOOK_AGAIN: Final = 1.0
"""Seconds after which the journal is looked at for what another process has put back."""


class LocalBroker:
    """Delivers what the journal has; after a restart all that was not settled before."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._waiting: dict[Role, deque[Pending]] = {"validator": deque(), "descriptor": deque()}
        self._known: set[int] = set()
        self._later: list[tuple[float, Pending]] = []
        self._changed = threading.Condition()
        self._looked = 0.0
        self._closed = False
        self._offer(journal.pending())

    def publish(self, events: Sequence[Event], *, durable: bool = False) -> Future[list[Pending]]:
        """Write events; those that somebody acts on are delivered."""
        answer = self._journal.write(events, durable=durable)
        answer.add_done_callback(self._written)
        return answer

    def depth(self, role: Role) -> int:
        """How many events wait for a role."""
        return len(self._waiting[role])

    def take(self, role: Role, most: int, patience: float) -> list[Delivery]:
        """As the interface says; what is taken is counted as a try before it is handed out."""
        waiting = self._waiting[role]
        until = time.monotonic() + patience
        with self._changed:
            while not waiting and not self._closed and (rest := until - time.monotonic()) > 0:
                self._changed.wait(min(rest, _LOOK_AGAIN, self._next_due()))
                self._due()
                if not waiting:
                    self._look()
            if self._closed:
                return []
            taken = [waiting.popleft() for _ in range(min(most, len(waiting)))]
        if taken:
            self._journal.write(tried=[one.seq for one in taken]).result()
        return [_delivery(one) for one in taken]

    def settle(self, role: Role, settled: Sequence[Settled]) -> None:
        """Write what follows and that it was acted on, together where nothing has to happen in between."""
        events = [event for one in settled for event in one.events]
        durable = any(one.durable for one in settled)
        done = [one.delivery.number for one in settled if one.again is None]
        refused = [
            (one.delivery.number, role, one.refused, _payload(one.delivery))
            for one in settled
            if one.refused
        ]
        after = [one.after for one in settled if one.after is not None]
        try:
            if after:
                self.publish(events, durable=durable).result()
                for act in after:
                    act()
                self._journal.write(done=done, refused=refused).result()
            else:
                answer = self._journal.write(events, done=done, refused=refused, durable=durable)
                answer.add_done_callback(self._written)
                answer.result()
        except MachineError as error:
            self._again(role, settled)
            raise BrokerDown(error.message, hint=error.hint) from error
        except BaseException:
            self._again(role, settled)
            raise
        with self._changed:
            self._known.difference_update(done)
            now = time.monotonic()
            for one in settled:
                if one.again is not None:
                    self._later.append((now + one.again, _pending(role, one.delivery, tried=1)))

    def close(self) -> None:
        """Wake whoever waits; the journal keeps what is not settled."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _written(self, answer: Future[list[Pending]]) -> None:
        if answer.exception() is None:
            self._offer(answer.result())

    def _offer(self, pending: Sequence[Pending]) -> None:
        if not pending:
            return
        with self._changed:
            self._queue(pending)
            self._changed.notify_all()

    def _queue(self, pending: Sequence[Pending]) -> None:
        for one in pending:
            if one.role != TRAIL and one.seq not in self._known:
                self._known.add(one.seq)
                self._waiting[one.role].append(one)

    def _again(self, role: Role, settled: Sequence[Settled]) -> None:
        """What could not be written down comes again soon."""
        with self._changed:
            due = time.monotonic() + 1.0
            self._later += [(due, _pending(role, one.delivery, tried=1)) for one in settled]

    def _next_due(self) -> float:
        now = time.monotonic()
        return max(0.01, min((due - now for due, _ in self._later), default=_LOOK_AGAIN))

    def _due(self) -> None:
        now = time.monotonic()
        due = [one for one in self._later if one[0] <= now]
        for one in due:
            self._later.remove(one)
            if one[1].role != TRAIL:
                self._waiting[one[1].role].append(one[1])

    def _look(self) -> None:
        """What another process put back stands in the journal only."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_AGAIN:
            self._looked = now
            self._queue(self._journal.pending())


def _delivery(pending: Pending) -> Delivery:
    return Delivery(pending.seq, pending.event, pending.attempts)


def _payload(delivery: Delivery) -> str:
    return json.dumps(delivery.event.plain() if delivery.event else None)


def _pending(role: Role, delivery: Delivery, *, tried: int) -> Pending:
    assert delivery.event is not None
    return Pending(delivery.number, role, delivery.event, delivery.attempts + tried)

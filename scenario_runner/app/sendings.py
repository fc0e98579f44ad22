"""The sendings of a server: some go on at once, some wait, the last ones that ended are remembered."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Final

from scenario_runner.app.sending import Sending, Wish, held_to, send
from scenario_runner.service.errors import NotThere, TooMany

if TYPE_CHECKING:
    from scenario_runner.service.service import Service

AT_ONCE: Final = 2
WAITING: Final = 4
_REMEMBERED: Final = 50
"""Sendings with their results, those that have ended first to go."""
_RESULTS: Final = 100_000
"""Results of those that have ended, in all."""
_LAST_WORDS: Final = 20.0
"""Seconds that those under way have to end when the server does."""


class Sendings:
    """Safe between threads. A thread goes on as long as something waits; ``close`` ends all of them."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._all: OrderedDict[str, Sending] = OrderedDict()
        self._waiting: deque[Sending] = deque()
        self._threads: set[threading.Thread] = set()
        self._closed = False

    def begin(self, wish: Wish) -> Sending:
        """Send, now or when it is its turn. Raises TooMany, and what ``held_to`` does."""
        held_to(self._service, wish)
        sending = Sending(secrets.token_urlsafe(12), wish)
        with self._lock:
            is_busy = len(self._threads) >= AT_ONCE
            if self._closed or (is_busy and len(self._waiting) >= WAITING):
                raise TooMany(
                    "too-many-sendings",
                    f"{AT_ONCE} sendings go on and {WAITING} wait already",
                    hint="try again when one has ended",
                )
            self._all[sending.number] = sending
            self._forget()
            if is_busy:
                self._waiting.append(sending)
            else:
                thread = threading.Thread(
                    target=self._go_on, args=(sending,), name="sending", daemon=True
                )
                self._threads.add(thread)
                thread.start()
        return sending

    def latest(self) -> list[Sending]:
        """Those that are remembered, the last that was asked for first."""
        with self._lock:
            return list(reversed(self._all.values()))

    def get(self, number: str) -> Sending:
        """Raises NotThere for one that is not remembered any more."""
        with self._lock:
            found = self._all.get(number)
        if found is None:
            raise NotThere(
                "sending-not-found",
                "this sending is not remembered any more",
                hint="the audit trail says what became of it",
            )
        return found

    def stop(self, number: str) -> Sending:
        """Ask it to stop: what goes out just now ends first. One that waits is not begun. Raises NotThere."""
        sending = self.get(number)
        sending.cancelled.set()
        with self._lock:
            if sending in self._waiting:
                self._waiting.remove(sending)
                sending.ended = dt.datetime.now(dt.UTC)
        return sending

    def close(self) -> None:
        """Stop all, and wait until what became of them is noted."""
        with self._lock:
            self._closed = True
            for one in self._all.values():
                one.cancelled.set()
            threads = list(self._threads)
        for thread in threads:
            thread.join(_LAST_WORDS)

    def _go_on(self, sending: Sending) -> None:
        while True:
            send(self._service, sending)
            with self._lock:
                if not self._waiting:
                    self._threads.discard(threading.current_thread())
                    return
                sending = self._waiting.popleft()

    def _forget(self) -> None:
        ended = [one for one in self._all.values() if one.ended is not None]
        results = sum(len(one.results) for one in ended)
        for one in ended:
            if len(self._all) <= _REMEMBERED and results <= _RESULTS:
                return
            results -= len(one.results)
            del self._all[one.number]

"""The one way out of the engine: number, time, redact, hand to every consumer in order."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable
from time import monotonic

from scenario_runner.engine.redaction import Redactor
from scenario_runner.events import Event, EventHandler, Progress, Stamped

_PROGRESS_EVERY = 0.1


def utc_text(moment: dt.datetime) -> str:
    """ISO 8601 with milliseconds and ``Z``."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class EventBus:
    """Takes events from any thread and hands each to every handler, one at a time."""

    def __init__(
        self,
        handlers: Iterable[EventHandler],
        redactor: Redactor,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._handlers = list(handlers)
        self._redactor = redactor
        self._clock = clock
        self._lock = threading.Lock()
        self._seq = 0
        self._last_progress: dict[tuple[str, str], float] = {}

    def emit(self, event: Event) -> None:
        """Hand out one event. Progress of one step goes out ten times a second at the most."""
        with self._lock:
            if isinstance(event, Progress) and not self._due(event):
                return
            self._seq += 1
            stamped = Stamped(self._seq, utc_text(self._clock()), self._redactor.tree(event))
            for handler in self._handlers:
                handler.handle(stamped)

    def close(self) -> None:
        """Tell every handler that no event follows."""
        for handler in self._handlers:
            handler.close()

    def _due(self, event: Progress) -> bool:
        key = (event.case, event.id)
        now = monotonic()
        if now - self._last_progress.get(key, 0.0) < _PROGRESS_EVERY:
            return False
        self._last_progress[key] = now
        return True

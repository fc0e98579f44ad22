"""The one way out of the engine: number, time, redact, hand to every consumer in order."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable
from time import monotonic

from scenario_runner.engine.bounds import bounded
from scenario_runner.engine.moments import utc_text
from scenario_runner.errors import FabricatorError, MachineError, described
from scenario_runner.events import Event, EventHandler, Progress, Stamped
from scenario_runner.redaction import Redactor

_PROGRESS_EVERY = 0.1


class EventBus:
    """Takes events from any thread and hands each to every handler, one at a time.

    log: the consumer that keeps the evidence; handlers: all others. One that throws gets no further
    event, and the others all of them: what is looking on does not end what it looks at. interrupt:
    called for the KeyboardInterrupt that reaches a consumer.
    """

    def __init__(
        self,
        log: EventHandler,
        handlers: Iterable[EventHandler],
        redactor: Redactor,
        clock: Callable[[], dt.datetime],
        interrupt: Callable[[], object] = lambda: None,
    ) -> None:
        self._log = log
        self._all = [log, *handlers]
        self._handlers = list(self._all)
        self.interrupt = interrupt
        """What a KeyboardInterrupt does, wherever it came out."""
        self._failed: list[tuple[EventHandler, BaseException]] = []
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
            self._hand_out(bounded(self._redactor.tree(event)), utc_text(self._clock()))

    def relay(self, event: Event, time: str) -> None:
        """Hand out an event of another process's bus, which has made it fit to be seen. time: when it was."""
        with self._lock:
            self._hand_out(event, time)

    def close(self) -> None:
        """Tell every handler that no event follows."""
        for handler in self._all:
            try:
                handler.close()
            except BaseException as error:  # noqa: BLE001 - a third party's consumer may raise anything
                self._take_failure(handler, error)

    @property
    def unrecorded(self) -> FabricatorError | None:
        """Why nothing can be recorded any more; None while it can."""
        error = next((error for handler, error in self._failed if handler is self._log), None)
        if error is None or isinstance(error, FabricatorError):
            return error
        return MachineError(f"events cannot be recorded: {described(error)}")

    def require_all(self) -> None:
        """Raise MachineError when a consumer has thrown; the evidence of the others is whole."""
        if self.unrecorded is not None:
            raise self.unrecorded
        if self._failed:
            what = "; ".join(f"{type(one).__name__}: {described(why)}" for one, why in self._failed)
            raise MachineError(f"a consumer of events failed: {what}") from self._failed[0][1]

    def _hand_out(self, event: Event, time: str) -> None:
        self._seq += 1
        stamped = Stamped(self._seq, time, event)
        for handler in self._handlers:
            try:
                handler.handle(stamped)
            except BaseException as error:  # noqa: BLE001 - a third party's consumer may raise anything
                self._take_failure(handler, error)

    def _take_failure(self, handler: EventHandler, error: BaseException) -> None:
        if isinstance(error, KeyboardInterrupt):
            self.interrupt()
            return
        # Another list: whoever goes through this one goes on.
        self._handlers = [one for one in self._handlers if one is not handler]
        # Whoever read what is printed may have gone, which is no failure (`| head`).
        if handler is self._log or not isinstance(error, BrokenPipeError):
            self._failed.append((handler, error))

    def _due(self, event: Progress) -> bool:
        key = (event.case, event.id)
        now = monotonic()
        if now - self._last_progress.get(key, 0.0) < _PROGRESS_EVERY:
            return False
        self._last_progress[key] = now
        return True

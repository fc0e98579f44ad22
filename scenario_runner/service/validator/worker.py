"""A role at work: takes events from the broker, acts on them, says what became of each."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import field
from typing import Final, Protocol

from scenario_runner.errors import FabricatorError, MachineError, described, is_disk_full
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.validator.broker import Broker, BrokerDown, Delivery, Settled
from scenario_runner.service.validator.events import FAILED, Event, Role

LOGGER = logging.getLogger(__name__)

_TOGETHER: Final = 32
"""Events that a role takes at once."""
_PATIENCE: Final = 1.0
_UNANSWERED: Final = 5
"""So many times as often an event comes that nobody answers for: whoever is killed had others in hand, too."""
_FIRST_PAUSE: Final = 0.2
"""Seconds before the second try; each further one waits twice as long."""
_BROKER_PAUSE: Final = 1.0
_SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class Acted:
    """What acting on an event led to. The rest as of ``broker.Settled``."""

    events: Sequence[Event]
    reject: str = ""
    """The study to be moved to the rejected ones, once that is known."""
    durable: bool = False


class Acting(Protocol):
    """What a role does. It may be asked again for what it has done, and then answers the same."""

    @property
    def role(self) -> Role:
        """Its name."""
        ...

    def act(self, events: Sequence[Event]) -> list[Acted | Exception]:
        """One answer for each event, in order; an exception where it could not be done."""
        ...

    def finish(self, acted: Acted) -> None:
        """What is to be done when the events are known."""
        ...


@dataclass(slots=True)
class Worker:
    """Runs a role until it is stopped. attempts: how often an event is tried."""

    acting: Acting
    broker: Broker
    attempts: int
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, on a thread of its own."""
        name = f"validator-{self.acting.role}"
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after what is being done now."""
        self._stop.set()

    def join(self) -> None:
        """Wait for the end."""
        if self._thread is not None:
            self._thread.join()

    def run(self) -> None:
        """Take and act until stopped. No error ends it."""
        while not self._stop.is_set():
            try:
                self.once()
            except (BrokerDown, MachineError) as error:
                LOGGER.warning("%s: %s", self.acting.role, error.message)
                self._stop.wait(_BROKER_PAUSE)
            except Exception:  # whatever it is, the role goes on
                LOGGER.exception("%s: a defect; what was taken comes again", self.acting.role)
                self._stop.wait(_BROKER_PAUSE)

    def once(self, patience: float = _PATIENCE) -> int:
        """Take what there is and act on it; returns how many there were. Raises BrokerDown."""
        taken = self.broker.take(self.acting.role, _TOGETHER, patience)
        fresh = [one for one in taken if one.attempts == 0 and one.event is not None]
        # What failed before is tried by itself: if it takes the process along, no other goes with it.
        failed: Exception | None = None
        for together in (fresh, *([one] for one in taken if one not in fresh)):
            try:
                if together:
                    self.broker.settle(self.acting.role, self._settled(together))
            except Exception as error:  # noqa: BLE001 - told when the others were acted on, too
                failed = failed or error
        if failed is not None:
            raise failed
        return len(taken)

    def _settled(self, deliveries: Sequence[Delivery]) -> list[Settled]:
        events = [one.event for one in deliveries if one.event is not None]
        if len(events) < len(deliveries):
            return [self._refused(one, one.fault) for one in deliveries]
        if deliveries[0].attempts >= self.attempts * _UNANSWERED:
            return [self._refused(one, "tried too often without an end") for one in deliveries]
        answers: Sequence[Acted | Exception]
        try:
            answers = self.acting.act(events)
        except Exception as error:  # noqa: BLE001 - of one that acts, and is no reason to lose its work
            answers = [error] * len(events)
        return [self._one(one, answer) for one, answer in zip(deliveries, answers, strict=True)]

    def _one(self, delivery: Delivery, answer: Acted | Exception) -> Settled:
        if isinstance(answer, Acted):
            after = (lambda: self.acting.finish(answer)) if answer.reject else None
            return Settled(
                delivery=delivery, events=answer.events, after=after, durable=answer.durable
            )
        reason = _reason(answer)
        LOGGER.warning("%s: %s", self.acting.role, reason, exc_info=_unforeseen(answer))
        if delivery.attempts + 1 < self.attempts:
            return Settled(delivery=delivery, again=_FIRST_PAUSE * 2**delivery.attempts)
        return self._refused(delivery, reason, storage=isinstance(answer, OSError | MachineError))

    def _refused(self, delivery: Delivery, reason: str, *, storage: bool = False) -> Settled:
        """A message that nobody tries any more, with the reason where a person looks."""
        told = []
        if delivery.event is not None:
            kind = "storage" if storage else "processing"
            told = [
                delivery.event.then(
                    FAILED,
                    role=self.acting.role,
                    acting_on=delivery.event.name,
                    reason=reason,
                    kind=kind,
                )
            ]
        return Settled(delivery=delivery, events=told, refused=reason, durable=True)


def _reason(error: Exception) -> str:
    if isinstance(error, FabricatorError):
        return error.message[:_SHOWN]
    if is_disk_full(error):
        return "the disk is full"
    if isinstance(error, OSError):
        return (error.strerror or str(error))[:_SHOWN]
    return described(error)[:_SHOWN]


def _unforeseen(error: Exception) -> Exception | None:
    return None if isinstance(error, FabricatorError | OSError) else error

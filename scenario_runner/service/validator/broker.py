"""What carries events to the roles that act on them, and what comes back.

An event is delivered until somebody says what became of it, so it may come more than once; whoever acts on it has
to act alike each time. Events of one study come one after the other by themselves: each follows from the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from scenario_runner.errors import FabricatorError, UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.validator.events import Event, Role


class BrokerDown(FabricatorError):
    """The broker does not answer now. What was to be said is said again later."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event to act on. attempts: how often it was delivered before. payload: what came, for the record.

    event: None where what came is none, which ``fault`` then says. number: the broker's own name for it.
    """

    number: int
    event: Event | None
    attempts: int
    payload: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of a delivery: events that follow, or a refusal, or another try after some seconds.

    after: done when the events are known and before the delivery counts as acted on. durable: the events wait
    for the disk.
    """

    delivery: Delivery
    events: Sequence[Event] = ()
    after: Callable[[], object] | None = None
    refused: str = ""
    again: float | None = None
    durable: bool = False


class Broker(Protocol):
    """Where the roles get their work. Used by one thread for each role."""

    def take(self, role: Role, most: int, patience: float) -> list[Delivery]:
        """What there is to do, at most so many; [] when nothing came in so many seconds. Raises BrokerDown."""
        ...

    def settle(self, role: Role, settled: Sequence[Settled]) -> None:
        """Say what became of deliveries, in order. Raises BrokerDown, MachineError: then they come again."""
        ...

    def close(self) -> None:
        """Let go. What was taken and not settled is delivered again, to whoever comes."""
        ...


def require_client() -> None:
    """Raises UsageError where the client of the broker is not installed."""
    try:
        import nats
    except ImportError as error:
        raise UsageError(
            "for roles before a broker the client of NATS is missing",
            hint="pip install 'dicom-fabricator[broker]'",
        ) from error
    del nats

"""The broker of a role in a process of its own: events from a durable consumer of JetStream."""

from __future__ import annotations

import itertools
from collections.abc import Coroutine, Sequence
from typing import Any

from scenario_runner.service.validator.broker import Delivery, Settled
from scenario_runner.service.validator.events import ACTS, Role
from scenario_runner.service.validator.nats_stream import NatsStream, event_in, subject_of


class NatsBroker:
    """Delivers events to one role; many processes of a role share them.

    Acknowledged is what was acted on and whose events the server has. Raises MachineError when nobody answers.
    """

    def __init__(self, url: str, role: Role, again_after: float) -> None:
        self._stream = NatsStream(url)
        [name] = [name for name, acting in ACTS.items() if acting == role]
        self._subscription = self._stream.subscribe(role, subject_of(name), again_after)
        self._numbers = itertools.count()
        self._messages: dict[int, Any] = {}

    def take(self, role: Role, most: int, patience: float) -> list[Delivery]:  # noqa: ARG002
        """As the interface says."""
        deliveries = []
        for message in self._stream.fetch(self._subscription, most, patience):
            # Not the stream's number: one that was waited for too long comes twice at a time.
            number = next(self._numbers)
            event, fault = event_in(message.data)
            self._messages[number] = message
            payload = message.data.decode("utf-8", "backslashreplace")
            deliveries.append(
                Delivery(number, event, message.metadata.num_delivered - 1, payload, fault)
            )
        return deliveries

    def settle(self, role: Role, settled: Sequence[Settled]) -> None:
        """Publish what follows, then acknowledge."""
        messages = [self._messages.pop(one.delivery.number) for one in settled]
        self._stream.publish([one.events for one in settled if one.events])
        for one in settled:
            if one.refused and one.delivery.event is None:
                self._stream.refuse(role, one.refused, one.delivery.payload)
            if one.after is not None:
                one.after()
        self._stream.run(_acknowledge(list(zip(settled, messages, strict=True))))

    def close(self) -> None:
        """Let go of the server; it delivers again what was not acknowledged."""
        self._stream.close()


async def _acknowledge(settled: Sequence[tuple[Settled, Any]]) -> None:
    for one, message in settled:
        answer: Coroutine[Any, Any, None] = (
            message.ack() if one.again is None else message.nak(delay=one.again)
        )
        await answer

"""The gateway before a broker: hands on what roles have to do, and writes down what they say has happened."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence
from typing import Any, Final

from scenario_runner.errors import MachineError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.validator.broker import BrokerDown
from scenario_runner.service.validator.events import ACTS, FAILED, Event, Role
from scenario_runner.service.validator.journal import Journal
from scenario_runner.service.validator.nats_stream import ALL, NatsStream, event_in, subject_of
from scenario_runner.service.validator.worker import Acted

LOGGER = logging.getLogger(__name__)

_TOGETHER: Final = 128
_PATIENCE: Final = 1.0
_PAUSE: Final = 1.0
_LONGEST: Final = 8_000
_FOR_ROLES: Final = frozenset(map(subject_of, ACTS))


@dataclass(frozen=True, slots=True)
class _Forwarder:
    """Acts for a role by handing its events to the broker."""

    role: Role
    stream: NatsStream

    def act(self, events: Sequence[Event]) -> list[Acted | Exception]:
        """Publish; known is what the server has."""
        try:
            self.stream.publish([[one] for one in events])
        except BrokerDown as error:
            return [error for _ in events]
        return [Acted(()) for _ in events]

    def finish(self, acted: Acted) -> None:
        """Nothing is left to do."""


class NatsGateway:
    """Both directions between a journal and the stream. Raises MachineError when nobody answers at first."""

    def __init__(self, url: str, journal: Journal, again_after: float) -> None:
        self._journal = journal
        self._stream = NatsStream(url)
        self._subscription = self._stream.subscribe("gateway", ALL, again_after)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._record, name="validator-recorder", daemon=True)

    def forwarders(self) -> list[_Forwarder]:
        """What acts for each role here."""
        return [_Forwarder("validator", self._stream), _Forwarder("descriptor", self._stream)]

    def stuck(self) -> str:
        """Why no study can be taken, or nothing."""
        return "" if self._stream.is_connected else "the broker does not answer"

    def start(self) -> None:
        """Begin to write down what happens."""
        self._thread.start()

    def _record(self) -> None:
        while not self._stop.is_set():
            try:
                self._record_some()
            except (BrokerDown, MachineError) as error:
                LOGGER.warning("gateway: %s", error.message)
                self._stop.wait(_PAUSE)

    def _record_some(self) -> None:
        messages = self._stream.fetch(self._subscription, _TOGETHER, _PATIENCE)
        if not messages:
            return
        events: list[Event] = []
        refused: list[tuple[int | None, str, str, str]] = []
        for message in messages:
            event, fault = event_in(message.data)
            if event is not None:
                events.append(event)
                if event.name == FAILED:
                    refused.append(self._given_up(event))
            elif message.subject not in _FOR_ROLES:  # of those the role says what is wrong
                refused.append(_unreadable(message.data, fault))
        self._journal.write(events, refused=refused, durable=True, foreign=True).result()
        self._stream.run(_acknowledge(messages))

    def _given_up(self, failed: Event) -> tuple[int | None, str, str, str]:
        data = failed.data
        number = self._journal.number_of(failed.study, failed.turn, str(data.get("acting_on")))
        return number, str(data.get("role")), str(data.get("reason")), json.dumps(failed.plain())

    def close(self) -> None:
        """Let go of the server. May be called twice."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._stream.close()


def _unreadable(data: bytes, fault: str) -> tuple[int | None, str, str, str]:
    text = data[:_LONGEST].decode("utf-8", "backslashreplace")
    try:
        said = json.loads(data)
        role, reason, payload = (_writable(str(said[one])) for one in ("role", "reason", "payload"))
        return None, role, reason, payload[:_LONGEST]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None, "gateway", fault, text


def _writable(text: str) -> str:
    """Without half a pair of surrogates, which JSON may have and no file of text."""
    return text.encode("utf-8", "backslashreplace").decode()


async def _acknowledge(messages: Sequence[Any]) -> None:
    for message in messages:
        await message.ack()

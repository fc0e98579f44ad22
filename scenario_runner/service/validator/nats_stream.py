"""The stream of a NATS server with JetStream that events travel through, for threads that know no event loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Coroutine, Iterable, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, Final, TypeVar

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, StorageType, StreamConfig

from scenario_runner.errors import MachineError, described
from scenario_runner.service.validator.broker import BrokerDown
from scenario_runner.service.validator.events import Event, from_plain

STREAM: Final = "FABRICATE_VALIDATOR"
_PREFIX: Final = "fabricate.validator"
REFUSED: Final = f"{_PREFIX}.refused"
ALL: Final = f"{_PREFIX}.>"

_PATIENCE: Final = 10.0
"""Seconds that the server may take for an answer."""
_FIRST_PATIENCE: Final = 5.0
"""The same for the first one, before a command begins."""
_AGE: Final = 14 * 24 * 3600.0
"""Seconds that the stream keeps what happened."""
_TWICE: Final = 600.0
"""Seconds within which the server itself drops an event that was published again."""
_MOST_OPEN: Final = 1_000
_LONGEST: Final = 8_000
T = TypeVar("T")


def subject_of(name: str) -> str:
    """Where events of a name are published."""
    return f"{_PREFIX}.event.{name}"


class NatsStream:
    """A connection with a loop of its own. It comes back by itself when the server does.

    url: ``nats://host:4222``; user, password or token stand in it. Raises MachineError when nobody answers at first.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="validator-nats", daemon=True
        )
        self._thread.start()
        self._client = Client()
        self._why = ""
        self._stream: JetStreamContext | None = None
        try:
            self.run(self._connect(), _FIRST_PATIENCE)
        except BrokerDown as error:
            self.close()
            raise MachineError(error.message, hint="start it: nats-server --jetstream") from error

    async def _connect(self) -> None:
        await self._client.connect(
            self._url,
            name="dicom-fabricator-validator",
            connect_timeout=5,
            reconnect_time_wait=1,
            max_reconnect_attempts=-1,
            allow_reconnect=True,
            error_cb=self._note,
        )
        self._stream = self._client.jetstream(timeout=_PATIENCE)
        await self._stream.add_stream(
            StreamConfig(
                name=STREAM,
                subjects=[ALL],
                storage=StorageType.FILE,
                discard=DiscardPolicy.OLD,
                max_age=_AGE,
                duplicate_window=_TWICE,
            )
        )

    async def _note(self, error: Exception) -> None:
        """Keep what the client says of each try to connect: the call that waits for it tells nothing."""
        self._why = described(error)

    @property
    def is_connected(self) -> bool:
        """Whether the server is there just now."""
        return self._client.is_connected

    def run(self, work: Coroutine[Any, Any, T], patience: float = _PATIENCE) -> T:
        """Wait for something on the loop. Raises BrokerDown."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(patience + 1)
        except (NatsError, OSError, TimeoutError, FutureTimeout) as error:
            future.cancel()
            why = self._why or described(error)
            raise BrokerDown(f"the broker {self._shown} does not answer: {why}") from error

    @property
    def _shown(self) -> str:
        """The address without what lets one in."""
        scheme, slashes, rest = self._url.rpartition("://")
        return f"{scheme}{slashes}{rest.rpartition('@')[2]}"

    def publish(self, courses: Iterable[Sequence[Event]]) -> None:
        """Publish events; those of one course one after the other. Returns when the server has all of them."""
        self.run(self._publish_all([list(course) for course in courses]))

    async def _publish_all(self, courses: list[list[Event]]) -> None:
        await asyncio.gather(*map(self._publish, courses))

    async def _publish(self, course: list[Event]) -> None:
        assert self._stream is not None
        for event in course:
            await self._stream.publish(
                subject_of(event.name),
                json.dumps(event.plain(), separators=(",", ":")).encode(),
                headers={"Nats-Msg-Id": event.id},
            )

    def refuse(self, role: str, reason: str, payload: str) -> None:
        """Publish that a message was no event."""
        said = json.dumps({"role": role, "reason": reason, "payload": payload[:_LONGEST]})
        self.run(self._refuse(said.encode()))

    async def _refuse(self, said: bytes) -> None:
        assert self._stream is not None
        await self._stream.publish(REFUSED, said)

    def subscribe(
        self, durable: str, subject: str, again_after: float
    ) -> JetStreamContext.PullSubscription:
        """A durable consumer: of many that ask for it each message goes to one.

        again_after: seconds until a message goes to another one, if nobody said what became of it.
        """
        return self.run(self._subscribe(durable, subject, again_after))

    async def _subscribe(
        self, durable: str, subject: str, again_after: float
    ) -> JetStreamContext.PullSubscription:
        assert self._stream is not None
        return await self._stream.pull_subscribe(
            subject,
            durable=durable,
            stream=STREAM,
            config=ConsumerConfig(
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=again_after,
                max_deliver=-1,
                max_ack_pending=_MOST_OPEN,
            ),
        )

    def fetch(
        self, subscription: JetStreamContext.PullSubscription, most: int, patience: float
    ) -> list[Any]:
        """Messages, at most so many; [] when none came in so many seconds. Raises BrokerDown."""
        return self.run(_fetch(subscription, most, patience), patience + _PATIENCE)

    def close(self) -> None:
        """Let go. May be called twice."""
        if self._loop.is_closed():
            return

        async def end() -> None:
            await self._client.close()

        with contextlib.suppress(BrokerDown):
            self.run(end(), 2.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _fetch(
    subscription: JetStreamContext.PullSubscription, most: int, patience: float
) -> list[Any]:
    try:
        return list(await subscription.fetch(most, timeout=patience))
    except (NatsTimeout, TimeoutError):
        return []


def event_in(data: bytes) -> tuple[Event | None, str]:
    """The event that a message is, or why it is none."""
    try:
        return from_plain(json.loads(data)), ""
    except (ValueError, RecursionError) as error:
        return None, f"not an event: {described(error)}"

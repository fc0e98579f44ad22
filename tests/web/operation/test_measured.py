"""What somebody is told whose request was still under way when the service stopped."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from scenario_runner.service.meters import Meters
from scenario_runner.web.operation.measured import Measured

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

_SCOPE: dict[str, Any] = {"type": "http", "method": "POST", "path": "/upload", "headers": []}


async def _nothing() -> Message:
    await asyncio.Event().wait()
    raise AssertionError("nobody sends anything")


def _stopped(*begun: dict[str, Any]) -> list[Any]:
    """What goes out of a request that is cancelled after its application has sent these."""
    sent: list[Any] = []

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        for message in begun:
            await send(message)
        await receive()

    async def send(message: Any) -> None:
        sent.append(message)

    async def ask() -> None:
        task = asyncio.create_task(Measured(slow, Meters())(dict(_SCOPE), _nothing, send))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() == bool(begun), "an answer that has begun cannot be taken back"

    asyncio.run(ask())
    return sent


def test_who_is_still_sending_when_the_service_stops_hears_that_it_stops() -> None:
    start, body = _stopped()
    assert start["status"] == 503
    assert (b"content-type", b"application/problem+json") in start["headers"]
    assert json.loads(body["body"])["code"] == "stopping"


def test_an_answer_that_has_begun_is_not_followed_by_another() -> None:
    (start,) = _stopped({"type": "http.response.start", "status": 200, "headers": []})
    assert start["status"] == 200

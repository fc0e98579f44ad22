"""What a page asks for by itself keeps nobody logged in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

import anyio
import pytest
from starlette.requests import Request

from scenario_runner.database.engine import Database
from scenario_runner.service.accounts.session_times import SessionTimes
from scenario_runner.service.accounts.sessions import Sessions
from scenario_runner.service.errors import NotLoggedIn
from scenario_runner.service.permissions import Arrival, Caller, Permission, Role
from scenario_runner.web.auth.gate import Gate, GateOptions

JOY = Caller("joy@house", frozenset({Role.NURSE}), Arrival.SESSION)
WATCHING = (
    pytest.param({"accept": "text/event-stream"}, id="a stream of events, or one asked for again"),
    pytest.param({"x-watching": "true", "accept": "*/*"}, id="a part of a page"),
    pytest.param(
        {"accept": "text/html", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        id="a page that loads itself anew",
    ),
)


class Clock:
    moment = dt.datetime(2026, 11, 29, 8, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> Iterator[Gate]:
    with Database(":memory:") as database:
        made = Gate(database, GateOptions(loopback=False))
        made.sessions = Sessions(database, SessionTimes(), clock)
        yield made


def asked(session: str, headers: Mapping[str, str]) -> Request:
    given = {"cookie": f"fabricator-session={session}", **headers}
    raw = [(name.encode(), value.encode()) for name, value in given.items()]
    scope = {"type": "http", "method": "GET", "path": "/", "scheme": "http", "headers": raw}
    return Request({**scope, "state": {"root": "http://fabricator.example"}})


def minutes_in(gate: Gate, clock: Clock, session: str, headers: Mapping[str, str]) -> int:
    """How long somebody is let in who asks each minute; an hour at most."""
    for minute in range(60):
        try:
            anyio.run(gate.caller, asked(session, headers))
        except NotLoggedIn:
            return minute
        clock.moment += dt.timedelta(minutes=1)
    return 60


@pytest.mark.parametrize("headers", WATCHING)
def test_who_only_watches_is_logged_out_after_half_an_hour(
    gate: Gate, clock: Clock, headers: Mapping[str, str]
) -> None:
    session = gate.sessions.begin_for(JOY, None)
    assert minutes_in(gate, clock, session, headers) == 30


def test_who_asks_stays_and_an_open_stream_adds_nothing(gate: Gate, clock: Clock) -> None:
    session = gate.sessions.begin_for(JOY, None)
    by_hand = {"accept": "text/html", "sec-fetch-mode": "navigate", "sec-fetch-user": "?1"}
    assert minutes_in(gate, clock, session, by_hand) == 60
    assert minutes_in(gate, clock, session, {"accept": "text/html"}) == 60
    for _ in range(29):
        assert anyio.run(gate.is_still_admitted, asked(session, {}), Permission.VIEW)
        clock.moment += dt.timedelta(minutes=1)
    assert not anyio.run(gate.is_still_admitted, asked(session, {}), Permission.VIEW)

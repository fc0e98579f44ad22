"""Three processes before a real NATS server, each killed while studies come in."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scenario_runner.service.validator.broker import Settled
from scenario_runner.service.validator.events import REQUEST, SUCCESS, Event, now
from scenario_runner.service.validator.nats_broker import NatsBroker
from scenario_runner.service.validator.nats_stream import NatsStream
from scenario_runner.service.validator.service import JOURNAL
from tests.peers.looking import until
from tests.peers.nats import nats_server
from tests.peers.processes import free_port
from tests.running import fabricate
from tests.service.validator.clients import CLIENT, Uploads, require_whole, settled, wait
from tests.service.validator.processes import Process, apart, started
from tests.service.validator.studies import IN_ORDER, file

pytestmark = pytest.mark.peer

QUICK = {"FABRICATE_VALIDATOR_REDELIVER_AFTER": "1s", "FABRICATE_VALIDATOR_ANSWER_WITHIN": "10s"}


@pytest.fixture
def roles(tmp_path: Path) -> Iterator[list[Process]]:
    """Gateway, validator and descriptor before a server of their own."""
    with nats_server(tmp_path / "nats") as broker:
        found = apart(tmp_path / "data", broker, free_port(), **QUICK)
        with started(*found):
            yield found


def test_roles_that_are_killed_lose_nothing_and_store_nothing_twice(
    tmp_path: Path, roles: list[Process]
) -> None:
    dice, uploads = random.Random(14), Uploads()
    url = roles[0].url
    threads = uploads.send_all(url, [file(index=index) for index in range(90)], clients=6)
    left = [one for one in roles for _ in range(2)]
    dice.shuffle(left)

    def kill_one() -> None:
        time.sleep(dice.uniform(0.05, 0.4))
        if left:
            one = left.pop()
            one.kill()
            one.start()

    wait(threads, kill_one)
    assert not uploads.odd
    sent = {**uploads.stored, **uploads.later}
    assert len(sent) == 90
    require_whole(tmp_path / "data", sent, url)


def test_a_broker_that_is_away_is_said_and_comes_back(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "data"
    uploads = Uploads()
    with nats_server(tmp_path / "nats", port) as broker:
        processes = apart(data, broker, free_port(), **QUICK)
        for one in processes:
            one.start()
        url = processes[0].url
        assert uploads.send(url, file()) == 201
    try:
        answers = [uploads.send(url, file(index=1)) for _ in range(3)]
        assert set(answers) == {503}
        with nats_server(tmp_path / "nats", port):
            until = time.monotonic() + 30
            while uploads.send(url, file(index=2)) != 201:
                assert time.monotonic() < until
                time.sleep(0.2)
            require_whole(data, {**uploads.stored, **uploads.later}, url)
    finally:
        for one in processes:
            one.kill()


def test_a_message_that_is_no_event_is_put_aside_with_its_reason(
    tmp_path: Path, roles: list[Process]
) -> None:
    import asyncio

    import nats

    broker = roles[1].arguments[roles[1].arguments.index("--broker") + 1]

    async def publish() -> None:
        client = await nats.connect(broker)
        for content in (b"{", b'{"study_id": "../..", "event": "validation.request"}', b"\xff"):
            await client.jetstream().publish(
                "fabricate.validator.event.validation.request", content
            )
        await client.close()

    asyncio.run(publish())
    assert Uploads().send(roles[0].url, file()) == 201
    until = time.monotonic() + 60
    while True:
        listed = fabricate("validator", "refused", "--data", tmp_path / "data")
        if len(listed.out.splitlines()) == 3:
            break
        assert time.monotonic() < until, listed
    assert listed.check().out.count("not an event") == 3
    fabricate("validator", "put-back", "--all", "--data", tmp_path / "data").check(5)


def test_a_message_that_comes_twice_at_a_time_is_settled_twice(tmp_path: Path) -> None:
    study = Event("f" * 32, REQUEST, now())
    with nats_server(tmp_path / "nats") as url:
        broker = NatsBroker(url, "validator", 0.3)
        stream = NatsStream(url)
        stream.publish([[study]])
        taken = broker.take("validator", 8, 5.0)
        while len(taken) < 2:
            taken += broker.take("validator", 8, 1.0)
        assert [one.event for one in taken] == [study, study]
        follows = [study.then(SUCCESS)]
        broker.settle("validator", [Settled(delivery=one, events=follows) for one in taken])
        assert broker.take("validator", 8, 1.0) == []
        stream.close()
        broker.close()


def test_a_study_that_is_refused_says_so_through_the_broker(
    tmp_path: Path, roles: list[Process]
) -> None:
    answer = CLIENT.post(f"{roles[0].url}/upload", files={"file": file()[:-2]}, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (400, "damaged")
    study = answer.json()["study_id"]
    [status] = settled(roles[0].url, [study]).values()
    assert [one["event"] for one in status["events"]] == [*IN_ORDER[:2], "validation.failed"]
    log = tmp_path / "data" / "rejected" / study / "validation.log"
    assert until(log.exists), "moved out of the way once its refusal cannot be lost"
    assert [one.stop() for one in roles] == [0, 0, 0]


def test_a_role_without_its_broker_says_where_it_looked(tmp_path: Path) -> None:
    port = free_port()
    ended = fabricate(
        "validator", "descriptor", "--data", tmp_path, "--broker", f"nats://me:secret@127.0.0.1:{port}"
    ).check(4)  # fmt: skip
    assert f"127.0.0.1:{port}" in ended.err
    assert "secret" not in ended.out + ended.err


def test_what_was_at_a_broker_that_has_lost_it_goes_on_with_the_next_gateway(
    tmp_path: Path,
) -> None:
    data, brief = tmp_path / "data", {**QUICK, "FABRICATE_VALIDATOR_ANSWER_WITHIN": "100ms"}
    content = file()
    with nats_server(tmp_path / "lost") as broker:
        gateway = apart(data, broker, free_port(), **brief)[0]
        with started(gateway):
            answer = CLIENT.post(f"{gateway.url}/upload", files={"file": content})
            study = answer.json()["study_id"]
            assert answer.json()["code"] == "not-stored-yet"
            until(lambda: _is_handed_on(data))
    with nats_server(tmp_path / "empty") as broker:
        roles = apart(data, broker, free_port(), **QUICK)
        with started(*roles):
            require_whole(data, {study: content}, roles[0].url)


def _is_handed_on(data: Path) -> bool:
    with closing(sqlite3.connect(data / JOURNAL)) as connection:
        (left,) = connection.execute("SELECT count(*) FROM event WHERE role IS NOT NULL").fetchone()
    return bool(left == 0)

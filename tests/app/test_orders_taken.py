"""Orders that come in while a PACS is served are in its registry, and one that cannot be noted is taken."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import select

from scenario_runner.app.orders_taken import OrdersTaken
from scenario_runner.app.serve import Ready, Serving, serve
from scenario_runner.database.engine import Database
from scenario_runner.deadline import Deadline
from scenario_runner.orders.mllp.client import Mllp
from scenario_runner.orders.mllp.listener import Answer
from scenario_runner.registry.messages import listed
from scenario_runner.registry.messages import message_of_number as noted_message
from scenario_runner.registry.tables import order_seen
from scenario_runner.ul.peer import Peer
from tests.pacs.test_ris import ordered


@contextmanager
def served(folder: Path, registry: Path) -> Iterator[Mllp]:
    """A connection to the HL7 port of a PACS that is served; afterwards the PACS has ended."""
    told: queue.Queue[str] = queue.Queue()
    stop = threading.Event()
    serving = Serving(
        folder=folder,
        host="127.0.0.1",
        port=0,
        settings={"hl7_port": 0},
        registry=registry,
    )
    thread = threading.Thread(target=serve, args=(serving, Ready(told.put), stop))
    thread.start()
    try:
        line = ""
        while "HL7" not in line:
            line = told.get(timeout=60)
        port = int(line.rpartition(":")[2])
        with Mllp.open(Peer(host="127.0.0.1", port=port, ae_title="HL7"), Deadline(60)) as one:
            yield one
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


def test_an_order_that_comes_in_is_in_the_registry_once(tmp_path: Path) -> None:
    registry = tmp_path / "registry.db"
    with served(tmp_path / "pacs", registry) as connection:
        for message in (
            ordered(1),
            ordered(2),
            ordered(1),
            ordered(2, control="XO", message_id="C"),
        ):
            assert connection.send(message, Deadline(60)).code == "AA"
        refused = connection.send(ordered(1, message_id="AGAIN"), Deadline(60))
        cancel = connection.send(ordered(2, control="CA", message_id="GONE"), Deadline(60))
        assert (refused.code, cancel.code) == ("AE", "AA")
    database = Database(registry)
    try:
        with database.reading() as rows:
            assert rows is not None
            columns = (order_seen.c.source, order_seen.c.id, order_seen.c.accession)
            found = sorted(map(tuple, rows.execute(select(*columns))))
        came, total = listed(database, 10, 0, way="in")
        newest = noted_message(database, came[0].number)
    finally:
        database.close()
    assert found == [("placer", "PL1", "ACC1"), ("placer", "PL2", "ACC2")]
    assert total == 6
    assert [(one.control_id, one.code) for one in came[:2]] == [("GONE", "AA"), ("AGAIN", "AE")]
    assert newest is not None
    assert newest.data == ordered(2, control="CA", message_id="GONE")


def test_a_registry_that_cannot_be_written_keeps_no_order_from_being_taken(tmp_path: Path) -> None:
    registry = tmp_path / "registry.db"
    registry.write_text("no database", encoding="utf-8")
    with served(tmp_path / "pacs", registry) as connection:
        assert connection.send(ordered(1), Deadline(60)).code == "AA"
    assert len(list((tmp_path / "pacs" / "worklist").glob("*.wl"))) == 1
    assert registry.read_text("utf-8") == "no database"


class Thrown:
    """An answer that cannot be looked at."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    @property
    def blocks(self) -> list[bytes]:
        raise self._error


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("x"), SystemExit(1), KeyboardInterrupt(), BaseException()]
)
def test_whatever_is_thrown_for_one_message_those_around_it_are_noted(
    tmp_path: Path, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    taken = OrdersTaken(tmp_path / "registry.db")
    good = Answer((b"",))
    for number, answer in enumerate((good, cast("Answer", Thrown(error)), good)):
        taken.heard(ordered(number, message_id=f"M{number}"), "peer", answer)
    taken.close()
    with Database(tmp_path / "registry.db") as database:
        came, _ = listed(database, 10, 0, way="in")
    assert [one.control_id for one in came] == ["M2", "M0"]
    assert f"not told of an order or message: {type(error).__name__}" in caplog.text

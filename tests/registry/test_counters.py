"""Numbers that were handed out never come back: not to others, not after a kill, not after a change."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenario_runner.database.engine import Database
from scenario_runner.database.location import DatabaseUrl, location_of
from scenario_runner.errors import MachineError, UsageError
from scenario_runner.planning.api import CounterExhausted, Counters
from scenario_runner.registry.counters import PeekCounters, SqliteCounters, open_counters
from scenario_runner.registry.location import registry_location
from tests.peers.postgres import PostgreSQL, postgresql

_WORKER = """
import sys
from scenario_runner.registry.counters import open_counters
from scenario_runner.registry.location import registry_location
from tests.peers.postgres import PostgreSQL, postgresql
counters = open_counters(registry_location(sys.argv[1], {}))
for turn in range(int(sys.argv[2])):
    count = 1 + turn % 3
    first = counters.reserve("north", "acc", start=1, step=1, count=count, last=10**9)
    print(*range(first, first + count), sep="\\n", flush=True)
"""


def take(
    counters: Counters, count: int = 1, *, start: int = 1, step: int = 1, last: int = 999
) -> int:
    return counters.reserve("north", "acc", start=start, step=step, count=count, last=last)


def worker(where: str, turns: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WORKER, where, str(turns)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes_at_once_are_handed_nothing_twice(where: str) -> None:
    processes = [worker(where, 60) for _ in range(4)]
    numbers: list[int] = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        numbers += map(int, out.split())
    assert len(numbers) == len(set(numbers)) == 4 * 60 * 2
    assert set(numbers) == set(range(1, 481))


def test_a_killed_process_does_not_make_a_number_come_back(where: str) -> None:
    numbers: list[int] = []
    for _ in range(5):
        process = worker(where, 100_000)
        assert process.stdout is not None
        assert process.stderr is not None
        numbers += [int(process.stdout.readline()) for _ in range(15)]
        os.kill(process.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        numbers += [int(line) for line in process.stdout if line.endswith("\n")]
        process.stdout.close()
        process.stderr.close()
        process.wait()
    assert len(numbers) == len(set(numbers)) >= 75
    with open_counters(location_of(where)) as counters:
        assert take(counters, last=10**9) > max(numbers)


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_threads_at_once_are_handed_nothing_twice(kind: str, tmp_path: Path) -> None:
    counters = SqliteCounters(tmp_path / "r.sqlite3" if kind == "file" else ":memory:")
    numbers: list[int] = []

    def work() -> None:
        numbers.extend(take(counters) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counters.close()
    assert sorted(numbers) == list(range(1, 81))


_calls = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 7), st.integers(0, 9)), min_size=1, max_size=25
)


@settings(deadline=None)
@given(_calls)
def test_whatever_start_and_step_become_no_number_repeats(
    calls: list[tuple[int, int, int]],
) -> None:
    handed_out: set[int] = set()
    with SqliteCounters(":memory:") as counters:
        for start, step, count in calls:
            first = take(counters, count, start=start, step=step, last=10**6)
            numbers = set(range(first, first + count * step, step))
            assert first >= start
            assert (first - start) % step == 0
            assert not handed_out & numbers
            handed_out |= numbers


@settings(deadline=None)
@given(_calls)
def test_a_peek_shows_what_the_registry_would_give(calls: list[tuple[int, int, int]]) -> None:
    with SqliteCounters(":memory:") as counters:
        peek = PeekCounters(":memory:")
        for start, step, count in calls:
            shown = take(peek, count, start=start, step=step, last=10**6)
            assert shown == take(counters, count, start=start, step=step, last=10**6)


def test_sites_and_rules_count_apart(tmp_path: Path) -> None:
    counters = SqliteCounters(tmp_path / "r.sqlite3")
    assert take(counters, 5) == 1
    assert counters.reserve("south", "acc", start=1, step=1, count=1, last=9) == 1
    assert counters.reserve("north", "pid", start=1, step=1, count=1, last=9) == 1
    assert take(counters) == 6


def test_a_raised_start_jumps_forward_and_a_lowered_one_never_goes_back() -> None:
    with SqliteCounters(":memory:") as counters:
        assert take(counters, 10, start=1) == 1
        assert take(counters, 1, start=500) == 500
        assert take(counters, 1, start=1) == 501


@pytest.mark.peer
def test_a_server_counts_as_a_file_does(server: PostgreSQL) -> None:
    location = location_of(server.create("counting"))
    peek = PeekCounters(location)
    with open_counters(location) as counters:
        assert take(peek) == 1, "nothing is there yet, and nothing is made"
        assert take(counters, 10) == 1
        assert take(PeekCounters(location)) == 11
        assert take(counters, 1, start=500, step=5) == 500
        assert take(counters, 1, start=1) == 501
        with pytest.raises(CounterExhausted):
            take(counters, 2, last=502)
        assert take(counters, 1, last=502) == 502


@pytest.mark.peer
def test_a_server_that_goes_down_is_said_and_no_number_is_lost() -> None:
    with postgresql() as server, open_counters(location_of(server.url())) as counters:
        assert take(counters, 5) == 1
        server.stop("immediate")
        with pytest.raises(MachineError, match="does not answer") as caught:
            take(counters)
        assert "no number" in (caught.value.hint or "")
        server.start()
        assert take(counters) == 6


@pytest.mark.peer
@pytest.mark.parametrize(("query", "idle"), [("", 10), ("?keepalives_idle=7", 7)])
def test_a_server_whose_machine_is_gone_is_missed_soon(
    server: PostgreSQL, query: str, idle: int
) -> None:
    """Such a machine says nothing, not even that it is gone: the system is to find out, within half a minute."""
    with (
        Database(location_of(f"{server.url()}{query}")) as database,
        database.engine.connect() as connection,
    ):
        driver = connection.connection.driver_connection
        assert driver is not None
        with socket.socket(fileno=os.dup(driver.fileno())) as ours:
            asked = [
                ours.getsockopt(level, option)
                for level, option in (
                    (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
                    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
                )
            ]
    assert asked == [1, idle, 30_000]


@pytest.mark.peer
def test_a_server_that_refuses_is_said_in_words(server: PostgreSQL) -> None:
    nobody = server.url("there_is_none")
    with pytest.raises(MachineError, match="no database of that name"):
        take(open_counters(location_of(nobody)))


def test_a_password_is_never_shown() -> None:
    location = location_of("postgres://me:hidden%21@127.0.0.1:1/there?connect_timeout=1")
    assert isinstance(location, DatabaseUrl)
    with pytest.raises(MachineError, match="does not answer") as caught:
        take(open_counters(location))
    assert "hidden" not in str(caught.value) + repr(location)
    assert "me:•••@127.0.0.1" in str(caught.value)
    typed = "--registry=postgres://me:hidden%21@127.0.0.1:1/there"
    assert location.hidden_in(typed) == "--registry=postgres://me:•••@127.0.0.1:1/there"
    location = location_of(
        "postgresql://me@there/x?connect_timeout=1&password=hidden%21&sslmode=on"
    )
    assert str(location) == "postgresql://me@there/x?connect_timeout=1&password=•••&sslmode=on"


@pytest.mark.parametrize("text", ["mysql://me@there/x", "postgresql://there:port/x"])
def test_what_is_no_address_of_a_registry_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        location_of(text)


def test_an_exhausted_counter_hands_out_nothing() -> None:
    with SqliteCounters(":memory:") as counters:
        assert take(counters, 8, last=9) == 1
        with pytest.raises(CounterExhausted) as caught:
            take(counters, 2, last=9)
        assert (caught.value.next_number, caught.value.last) == (9, 9)
        assert take(counters, 1, last=9) == 9


def test_a_peek_creates_no_file_and_moves_no_counter(tmp_path: Path) -> None:
    path = tmp_path / "none" / "r.sqlite3"
    assert take(PeekCounters(path)) == 1
    assert list(tmp_path.iterdir()) == []
    assert take(SqliteCounters(path), 3) == 1
    before = path.read_bytes()
    assert [take(PeekCounters(path)) for _ in range(2)] == [4, 4]
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    assert take(SqliteCounters(path)) == 4


@pytest.mark.parametrize("make", [SqliteCounters, PeekCounters])
def test_what_is_no_registry_is_refused_in_plain_words(
    make: type[SqliteCounters | PeekCounters], tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("these are my notes, not a database " * 40, encoding="utf-8")
    with pytest.raises(MachineError, match="is not a registry"):
        take(make(text))
    with pytest.raises(MachineError, match="is a folder"):
        take(make(tmp_path))
    other = tmp_path / "other.sqlite3"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE song (title)")
    connection.close()
    with pytest.raises(MachineError, match="another program"):
        take(make(other))
    assert text.read_text(encoding="utf-8").startswith("these are my notes")


def test_a_path_through_a_file_is_a_machine_error_with_the_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    path = tmp_path / "file" / "registry.sqlite3"
    with pytest.raises(MachineError) as caught:
        take(SqliteCounters(path))
    assert str(path) in caught.value.message
    assert "--registry" in (caught.value.hint or "")


def test_a_damaged_registry_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite3"
    take(SqliteCounters(path))
    for left_over in tmp_path.glob("r.sqlite3-*"):
        left_over.unlink()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(MachineError, match="damaged"):
        take(SqliteCounters(path))
    assert path.read_bytes()[4096:4100] == b"\xff" * 4


def test_a_newer_registry_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite3"
    take(SqliteCounters(path))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(MachineError, match="newer version"):
        take(SqliteCounters(path))


def test_a_full_disk_is_said_and_no_number_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.sqlite3"
    assert take(SqliteCounters(path), 5) == 1
    connect = sqlite3.connect

    def on_a_small_disk(*args: object, **kwargs: object) -> sqlite3.Connection:
        connection = connect(*args, **kwargs)  # type: ignore[call-overload]
        connection.execute("PRAGMA max_page_count = 2")
        assert isinstance(connection, sqlite3.Connection)
        return connection

    monkeypatch.setattr(sqlite3, "connect", on_a_small_disk)
    with pytest.raises(MachineError, match="disk is full"):
        SqliteCounters(path).reserve("n", "x" * 90_000, start=1, step=1, count=1, last=9)
    monkeypatch.undo()
    assert take(SqliteCounters(path)) == 6


def test_the_registry_lies_where_the_user_says() -> None:
    own = registry_location(None, {})
    assert isinstance(own, Path)
    assert own.name == "registry.sqlite3"
    environ = {"FABRICATE_REGISTRY": "from-environment.db"}
    assert registry_location(None, environ) == Path("from-environment.db")
    assert registry_location("given.db", environ) == Path("given.db")
    assert registry_location(":memory:", environ) == ":memory:"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(1, 7), st.integers(1, 5), st.integers(0, 2)),
        max_size=25,
    )
)
def test_no_change_of_start_or_step_hands_a_number_out_again(
    asked: list[tuple[int, int, int, int]],
) -> None:
    """start, step, how many, and which of three rules: in any order, over and over."""
    taken: dict[int, set[int]] = {0: set(), 1: set(), 2: set()}
    with SqliteCounters(":memory:") as counters:
        for start, step, count, rule in asked:
            first = counters.reserve(
                "north", f"rule {rule}", start=start, step=step, count=count, last=10**6
            )
            numbers = set(range(first, first + count * step, step))
            assert first >= start
            assert (first - start) % step == 0
            assert numbers.isdisjoint(taken[rule])
            taken[rule] |= numbers

"""Many processes make patients at once, and are killed: no ID twice, nobody lost, nobody by halves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from scenario_runner.database.engine import Database
from scenario_runner.database.location import location_of
from scenario_runner.registry.folding import words
from scenario_runner.registry.people import People

GENERATE = """
import sys
from pathlib import Path
from scenario_runner.app.load import Surroundings
from scenario_runner.app.patients import desk
from scenario_runner.database.location import location_of
from scenario_runner.registry.generate import Wanted
with desk(location_of(sys.argv[1]), Surroundings({}, Path.cwd())) as opened:
    for _ in range(int(sys.argv[2])):
        for one in opened.generate(Wanted(count=int(sys.argv[3])), None, None):
            print(one.id, flush=True)
"""


def generating(where: str, times: int, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", GENERATE, where, str(times), str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes_at_once_give_no_id_twice_and_lose_nobody(where: str) -> None:
    processes = [generating(where, 4, 25) for _ in range(8)]
    ids: list[str] = []
    for process in processes:
        out, told = process.communicate(timeout=200)
        assert process.returncode == 0, told
        ids += out.split()
    assert len(ids) == len(set(ids)) == 8 * 4 * 25
    with Database(location_of(where)) as database:
        assert {one.id for one in People(database).each()} == set(ids)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal on Windows")
@pytest.mark.parametrize("moments", [int(os.environ.get("FABRICATE_TEST_KILLS", "4"))])
def test_a_kill_leaves_nobody_by_halves(where: str, moments: int) -> None:
    told: set[str] = set()
    for moment in range(moments):
        process = generating(where, 1000, 40)
        assert process.stdout is not None
        assert process.stderr is not None
        told |= {process.stdout.readline().strip() for _ in range(10)}
        time.sleep(0.01 * (moment % 7))
        os.kill(process.pid, signal.SIGKILL)
        told |= {line.strip() for line in process.stdout if line.endswith("\n")}
        process.stdout.close()
        process.stderr.close()
        process.wait()
    with Database(location_of(where)) as database:
        people = People(database)
        kept = {one.id: one for one in people.each()}
        assert told <= kept.keys(), "whoever was told of is there"
        assert len(kept) % 40 == 0, "a batch is there whole or not at all"
        for one in list(kept.values())[-5:]:
            found = people.search(f"{one.id} {' '.join(words(one.name))}")
            assert [each.id for each in found] == [one.id], "and can be found"


def test_threads_take_turns_in_a_database_of_memory() -> None:
    # Its one connection is the database: two transactions at once would be one within the other.
    with Database(":memory:") as database, ThreadPoolExecutor(4) as pool:

        def written(number: int) -> int:
            with database.writing() as connection:
                time.sleep(0.005)
                return number * int(connection.execute(text("SELECT 1")).scalar_one())

        assert sorted(pool.map(written, range(12))) == list(range(12))

"""The registry with many patients, on a file and on the PostgreSQL of this machine.

    python benchmarks/registry.py [--patients 100000] [--kills 50] [--only file|postgresql]

Made through the same door as `fabricate patient generate`; a tenth of them get a study. Searches are by
parts of IDs, names, birth dates, telephones and addresses of patients that are there, and some that are
not, 50 results each. Each figure is elapsed time, with processor time of this process beside it: on a busy
machine the first says more about the others that work there, and of a server the second says little.
--kills: processes that make patients are killed at so many moments, and nobody may be there by halves.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import insert

from scenario_runner.app.load import Surroundings
from scenario_runner.app.patients import Desk, desk
from scenario_runner.database.location import location_of
from scenario_runner.registry.generate import Wanted
from scenario_runner.registry.tables import series, study
from tests.peers.postgres import postgresql

ROOT = Path(__file__).resolve().parents[1]


class Took:
    """Elapsed and processor seconds of what is done within."""

    def __enter__(self) -> Self:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._wall
        self.cpu = time.process_time() - self._cpu


def queries(opened: Desk, rounds: int) -> list[str]:
    """What people look for: parts of what patients have."""
    dice = random.Random(1)
    people = opened.people.search(limit=5000)
    found: list[str] = []
    for _ in range(rounds):
        one = dice.choice(people)
        family, _, given = one.name.partition("^")
        found += [
            one.id[-4:], one.id, family, family[:4].lower(), f"{given.split('^')[0]} {family}",
            one.birth_date.isoformat(), one.phone[-8:], one.address.split(",")[0], "nobody such", "山田",
        ]  # fmt: skip
    return found


def studies(opened: Desk, count: int) -> None:
    """Some patients have studies."""
    dice = random.Random(2)
    now = dt.datetime.now(dt.UTC)
    rows = [
        {"patient": dice.randint(1, count), "uid": f"2.25.{n}", "accession": f"A{n}", "description": "",
         "date": now.date(), "made": now, "run": "bench"}
        for n in range(count // 10)
    ]  # fmt: skip
    with opened.database.writing() as connection:
        connection.execute(insert(study), rows)
        kinds = [
            {"study": n, "uid": f"2.25.{n}.1", "modality": dice.choice(["CT", "MR", "DX"])}
            for n in range(1, len(rows) + 1)
        ]
        connection.execute(insert(series), kinds)


def measure(where: str, count: int) -> None:
    with desk(location_of(where), Surroundings({}, ROOT)) as opened:
        with Took() as took:
            made = sum(1 for _ in opened.generate(Wanted(count=count), None, 7))
        print(
            f"  generate   {made / took.wall:8.0f}/s elapsed, {made / took.cpu:8.0f}/s of processor"
        )
        studies(opened, count)
        walls, cpus = [], []
        for wanted in queries(opened, 30):
            with Took() as took:
                opened.people.search(wanted, limit=50)
            walls.append(took.wall * 1000)
            cpus.append(took.cpu * 1000)
        for name, each in (("elapsed", walls), ("of processor", cpus)):
            cut = statistics.quantiles(each, n=20)
            print(
                f"  search     {name}: median {statistics.median(each):.1f} ms, p95 {cut[18]:.1f} ms"
            )
        with Took() as took:
            opened.statistics()
        print(f"  stats      {took.wall * 1000:.0f} ms elapsed, {took.cpu * 1000:.0f} of processor")


@contextlib.contextmanager
def places(only: str | None) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        found = {}
        if only != "postgresql":
            found["file"] = str(Path(folder) / "registry.sqlite3")
        if only != "file":
            found["postgresql"] = stack.enter_context(postgresql()).create("bench")
        yield found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--only", choices=["file", "postgresql"])
    given = parser.parse_args()
    if given.kills:
        # A process has to start for each moment: longer than one test may take.
        patience = ["--timeout", str(60 * given.kills)]
        tests = [
            "-m",
            "pytest",
            "-q",
            "-s",
            *patience,
            "tests/registry/test_at_once.py",
            "-k",
            "kill",
        ]
        many = {**os.environ, "FABRICATE_TEST_KILLS": str(given.kills)}
        sys.exit(subprocess.call([sys.executable, *tests], cwd=ROOT, env=many))
    with places(given.only) as found:
        for name, where in found.items():
            print(f"{name}, {given.patients} patients")
            measure(where, given.patients)


if __name__ == "__main__":
    main()

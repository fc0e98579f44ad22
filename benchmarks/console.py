"""Pages of the console with many studies, patients, uploads and runs behind them: how long the server takes.

    python benchmarks/console.py [--studies 100000] [--patients 100000] [--runs 10000] [--times 60]

One small image a study, put into the archive as an upload does; a scenario of 20,000 characters a run. Of each page what 95 of 100 answers take at most, from
the request to the last byte, on a connection that stays open; and beside it what an answer takes of the server's
processor, which other work on the machine does not change.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import insert

from scenario_runner.app.load import Surroundings
from scenario_runner.app.patients import desk
from scenario_runner.archive.archive import Archive
from scenario_runner.archive.options import ArchiveOptions
from scenario_runner.archive.together import keep_all
from scenario_runner.database.engine import Database
from scenario_runner.registry.generate import Wanted
from scenario_runner.service.runs.asked import Asked
from scenario_runner.service.runs.tables import server_run
from tests.archive.samples import sample
from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served

_FIRST = 10**7
_BATCH = 2_000
_UPLOADS = 200
_SCENARIO = 20_000
"""Characters."""
_GOAL = 50.0
"""Milliseconds."""


def fill(folder: Path, count: int) -> None:
    """An archive with so many studies, of 500 families on 250 days."""
    first = sample(
        f"1.2.{_FIRST}", PatientID=f"P{_FIRST}", PatientName="FAM000^GIVEN", StudyDate="20200101",
        AccessionNumber=f"A{_FIRST}",
    ).file  # fmt: skip
    archive = Archive(folder, ArchiveOptions(duplicates="keep"))
    try:
        for begin in range(0, count, _BATCH):
            arrived = []
            for at in range(begin, min(begin + _BATCH, count)):
                file = first.replace(str(_FIRST).encode(), str(_FIRST + at).encode())
                file = file.replace(b"FAM000", f"FAM{at % 500:03}".encode())
                day = f"20{20 + at % 250 // 25}{1 + at % 12:02}{1 + at % 25:02}"
                arrived.append(archive.take_in([file.replace(b"20200101", day.encode())]))
            keep_all(archive, arrived)
    finally:
        archive.close()


def fill_runs(database: Database, count: int) -> None:
    """So many runs of a hundred scenarios, one of ten failed."""
    when = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    text = "# what a person has written beside the steps\n" * (_SCENARIO // 44)
    rows = []
    for number in range(count):
        asked = Asked(name=f"scenario_{number % 100}", title=f"Scenario {number % 100}", text=text)
        began = when + dt.timedelta(minutes=number)
        rows.append(
            {
                "id": _run_id(number),
                "scenario": asked.name,
                "title": asked.title,
                "request": asked.as_json(),
                "who": "local",
                "asked": began,
                "began": began,
                "ended": began + dt.timedelta(seconds=40),
                "state": "ended",
                "outcome": "passed" if number % 10 else "failed",
                "exit_code": 0,
                "message": "",
                "attempt": 1,
                "stopped_by": "",
                "repeats": "",
            }
        )
    with database.writing() as connection:
        connection.execute(insert(server_run), rows)


def _run_id(number: int) -> str:
    return f"20260101T000000-{number:06}"


def processor(pid: int) -> float:
    """Seconds that a process has worked."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(service: Served, path: str, times: int) -> tuple[float, float, int]:
    """p95 in milliseconds, milliseconds of processor for each, bytes."""
    taken = []
    headers = {"Accept": "text/html"}
    for _ in range(3):
        service.client.get(service.url + path, headers=headers)
    began = processor(service.process.pid)
    for _ in range(times):
        start = time.perf_counter()
        answer = service.client.get(service.url + path, headers=headers)
        taken.append(time.perf_counter() - start)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: HTTP {answer.status_code}")
    worked = (processor(service.process.pid) - began) / times
    return sorted(taken)[int(times * 0.95) - 1] * 1000, worked * 1000, len(answer.content)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=100_000)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        fill(data / "archive", given.studies)
        with desk(data / "registry.sqlite3", Surroundings()) as opened:
            made = list(opened.generate(Wanted(count=given.patients), None, 1))
        with Database(data / "registry.sqlite3") as database:
            fill_runs(database, given.runs)
        one, middle = made[-1].id, _FIRST + given.studies // 2
        with served(data) as service:
            for number in range(_UPLOADS):
                upload(service, ct(f"1.3.{number}"))
            print(
                f"{given.studies:,} studies, {given.patients:,} patients, {given.runs:,} runs: p95, processor each"
            )
            slow = 0
            for path in (
                "/", "/studies", "/studies?sort=date", "/studies?sort=-patient", "/studies?offset=50000",
                "/studies?name=fam123", "/studies?modality=CT", "/studies?date_from=2021-03-01&date_to=2021-03-31",
                f"/studies/1.2.{middle}", f"/studies/1.2.{middle}/images/1.2.{middle}.1.1", "/uploads", "/patients",
                "/patients?search=ann", f"/patients/{one}", "/deletions", "/users", "/audit", "/settings",
                "/runs", "/runs?offset=5000", "/runs?outcome=failed", "/runs?scenario=scenario_7",
                f"/runs/{_run_id(given.runs - 1)}",
            ):  # fmt: skip
                took, worked, size = asked(service, path, given.times)
                slow += took > _GOAL
                print(f"  {path:<55} {took:7.1f} ms {worked:7.1f} ms {size / 1000:7.1f} kB")
    print(f"above {_GOAL:.0f} ms: {slow}")
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""When what is scheduled is started: once for the times that were missed, never beside itself, right in summer time."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

import pytest

from scenario_runner.database.engine import Database
from scenario_runner.service.asking import Asking
from scenario_runner.service.permissions import LOCAL
from scenario_runner.service.runs import records, schedules
from scenario_runner.service.runs.asked import Asked
from scenario_runner.service.runs.runs import Runs, RunsOptions

ASKED = Asked(name="smoke", path="smoke.yaml")


@pytest.fixture
def runs(tmp_path: Path, database: Database) -> Runs:
    """Not begun: nothing is started by itself."""
    numbers = itertools.count()
    return Runs(tmp_path, database, RunsOptions(new_id=lambda _: f"run-{next(numbers)}"))


def test_missed_times_are_made_up_for_by_one_run_and_none_begins_beside_another(
    database: Database, runs: Runs
) -> None:
    made = schedules.add(database, Asking(LOCAL), ASKED, title="", cron="*/5 * * * *", zone="UTC")
    assert made.next is not None
    schedules.start_due(database, made.next - dt.timedelta(seconds=1), runs.add_in)
    assert records.page(database, 10, 0) == ([], 0)
    later = made.next + dt.timedelta(hours=3)
    schedules.start_due(database, later, runs.add_in)
    found, total = records.page(database, 10, 0)
    assert (total, found[0].schedule) == (1, made.number)
    due = schedules.get(database, made.number).next
    assert due is not None
    assert later < due <= later + dt.timedelta(minutes=5)
    # The run before still waits: this time is passed over, the next is not.
    schedules.start_due(database, due, runs.add_in)
    assert records.page(database, 10, 0)[1] == 1
    with database.writing() as connection:
        records.set_to(connection, found[0].id, state="ended", outcome="passed")
    schedules.start_due(database, due + dt.timedelta(minutes=5), runs.add_in)
    assert records.page(database, 10, 0)[1] == 2


@pytest.mark.parametrize(
    ("cron", "after", "due"),
    [
        ("30 2 * * *", "2026-03-28T12:00+01:00", "2026-03-29T03:00+02:00"),  # 02:30 is not there
        ("30 2 * * *", "2026-10-24T12:00+02:00", "2026-10-25T02:30+02:00"),  # and here twice
        ("0 6 * * mon-fri", "2026-10-23T07:00+02:00", "2026-10-26T06:00+01:00"),
    ],
)
def test_where_clocks_are_put_forward_or_back_a_night_has_its_one_run(
    cron: str, after: str, due: str
) -> None:
    found = schedules.next_time(cron, "Europe/Berlin", dt.datetime.fromisoformat(after))
    assert found == dt.datetime.fromisoformat(due)

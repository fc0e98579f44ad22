"""What was under way when the service went is settled once, however often the archive goes away meanwhile."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import TYPE_CHECKING, Any, cast

import pytest
from sqlalchemy import insert, select

from scenario_runner.database.counter_table import IMAGING
from scenario_runner.errors import ConnectionFailed
from scenario_runner.service import settling
from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.audit.trail import Trail
from scenario_runner.service.homes.home import StudyFacts
from scenario_runner.service.tables import study_change, upload, upload_file
from scenario_runner.service.uploads import records

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.database.engine import Database
    from scenario_runner.service.homes.home import Home

NOW = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
PATIENCE = 60.0


class Archive:
    """Has every instance but those of ``missing``, and goes away when it is asked for one of ``lost``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.lost = {"1.2"}
        self.missing: set[str] = set()
        self.kept: list[StudyFacts] = []
        self.told: Callable[[str], object] = lambda _: None

    def on_settled(self, tell: Callable[[str], object]) -> None:
        self.told = tell

    def settle(self) -> None:
        pass

    def has(self, study_uid: str, _instance: str) -> bool:
        with self._database.writing():
            pass  # somebody else's; it would wait for a transaction in which this is asked
        if study_uid in self.lost:
            raise ConnectionFailed("cannot connect", target="pacs")
        return study_uid not in self.missing

    def page(self, *_: Any) -> tuple[list[StudyFacts], int]:
        return self.kept, len(self.kept)


def begun(database: Database, number: int, study: str) -> None:
    row = {"number": number, "id": f"u{number}", "kind": "upload", "who": "ann", "from_where": "", "begun": NOW,
           "status": "receiving", "error": ""}  # fmt: skip
    file = {"upload": number, "position": 0, "name": "1.dcm", "status": "storing", "code": "", "error": "", "size": 1,
            "sop_instance_uid": f"{study}.1", "study_instance_uid": study}  # fmt: skip
    with database.writing() as connection:
        connection.execute(insert(upload).values(row))
        connection.execute(insert(upload_file).values(file))


def statuses(database: Database) -> list[str]:
    with database.reading(IMAGING) as connection:
        assert connection is not None
        return list(connection.scalars(select(upload.c.status).order_by(upload.c.number)))


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "_AGAIN", 0.01)


def wait_for(database: Database, wanted: list[str]) -> None:
    until = time.monotonic() + PATIENCE
    while statuses(database) != wanted:
        assert time.monotonic() < until, statuses(database)
        time.sleep(0.01)


def test_an_upload_that_is_settled_stays_so_when_the_archive_goes_away_at_the_next(
    database: Database,
) -> None:
    for number, study in enumerate(("1.1", "1.2"), start=1):
        begun(database, number, study)
    archive = Archive(database)
    made = settling.Settling(database, cast("Home", archive))
    made.start()
    try:
        assert statuses(database) == ["success", "receiving"]
        archive.lost = set()
        wait_for(database, ["success", "success"])
    finally:
        made.close()


def test_a_correction_that_is_begun_while_an_earlier_upload_waits_is_not_judged_with_it(
    database: Database,
) -> None:
    begun(database, 1, "1.2")
    archive = Archive(database)
    made = settling.Settling(database, cast("Home", archive))
    made.start()
    try:
        row = {"study_instance_uid": "1.3", "at": NOW, "who": "ann", "reason": "test", "before": "{}",
               "after": "{}"}  # fmt: skip
        with database.writing() as connection:
            connection.execute(insert(study_change).values(row))
        archive.lost = set()
        wait_for(database, ["success"])
    finally:
        made.close()  # after all that was to be settled is
    with database.reading(IMAGING) as connection:
        assert connection is not None
        assert len(connection.execute(select(study_change)).all()) == 1


@pytest.mark.parametrize("name", ["NOVAK^JANA", "NOVAK^JAN"])
def test_the_audit_trail_tells_how_a_correction_ended_whose_process_was_killed(
    database: Database, name: str
) -> None:
    after = {"PatientName": "NOVAK^JANA"}
    row = {"study_instance_uid": "1.3", "at": NOW, "who": "ann", "reason": "misspelt", "before": "{}",
           "after": json.dumps(after)}  # fmt: skip
    with database.writing() as connection:
        connection.execute(insert(study_change).values(row))
    archive = Archive(database)
    archive.kept = [StudyFacts(study_instance_uid="1.3", patient_name=name)]
    made = settling.Settling(database, cast("Home", archive))
    made.start()
    made.close()
    (entry,) = Trail(database).entries(study="1.3")
    detail = {"before": {}, "after": after, "reason": "misspelt", "asked_by": "ann"}
    outcome = Outcome.SUCCESS if name == after["PatientName"] else Outcome.FAILED
    assert (entry.caller, entry.what, entry.outcome) == ("service", Activity.CORRECTED, outcome)
    assert entry.detail == detail


@pytest.mark.parametrize("is_kept", [True, False])
def test_an_upload_whose_process_was_killed_is_in_the_trail_and_found_by_its_patient(
    database: Database, is_kept: bool
) -> None:
    begun(database, 1, "1.3")
    archive = Archive(database)
    if is_kept:
        archive.kept = [StudyFacts(study_instance_uid="1.3", patient_id="PID1")]
    else:
        archive.missing = {"1.3"}
    made = settling.Settling(database, cast("Home", archive))
    made.start()
    made.close()
    (entry,) = Trail(database).entries()
    outcome = Outcome.SUCCESS if is_kept else Outcome.FAILED
    study = "1.3" if is_kept else None
    assert (entry.caller, entry.what, entry.study, entry.outcome) == (
        "service",
        Activity.UPLOADED,
        study,
        outcome,
    )
    assert (entry.detail["upload"], entry.detail["asked_by"]) == ("u1", "ann")
    found, _ = records.page(database, 10, 0, "PID1")
    assert [one["upload_id"] for one in found] == ["u1"] * is_kept
    assert [one["study_instance_uid"] for up in found for one in up["studies"]] == ["1.3"] * is_kept

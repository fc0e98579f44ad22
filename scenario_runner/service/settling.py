"""What a process that was killed left in the middle, brought to an end when the service starts again."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from scenario_runner.database.counter_table import IMAGING
from scenario_runner.service.homes.home import Wanted
from scenario_runner.service.studies.summary import correctable
from scenario_runner.service.tables import study_change, upload, upload_file
from scenario_runner.service.uploads.records import hand_over

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scenario_runner.database.engine import Database
    from scenario_runner.service.homes.home import Home

_STOPPED = "the server stopped before the upload was answered"


def settle_uploads(database: Database, home: Home) -> None:
    """Say of each upload that was under way what of it is kept: all of its files or none. Raises MachineError."""
    with database.reading(IMAGING) as connection:
        query = select(upload.c.number).where(upload.c.status == "receiving")
        numbers = list(connection.scalars(query)) if connection is not None else []
    for number in numbers:
        with database.writing() as connection:
            _settle_upload(home, connection, number)


def _settle_upload(home: Home, connection: Connection, number: int) -> None:
    columns = upload_file.c
    rows = connection.execute(select(upload_file).where(columns.upload == number)).mappings().all()
    kept = 0
    for row in rows:
        if row["status"] != "storing":
            continue
        there = home.has(row["study_instance_uid"], row["sop_instance_uid"])
        kept += there
        values: dict[str, Any] = (
            {"status": "success"}
            if there
            else {"status": "failed", "code": "interrupted", "error": _STOPPED}
        )
        connection.execute(
            update(upload_file)
            .where(columns.upload == number, columns.position == row["position"])
            .values(values)
        )
    failed = len(rows) - kept
    status = "failed" if not kept else "partial" if failed else "success"
    connection.execute(
        update(upload)
        .where(upload.c.number == number)
        .values(status=status, error=_STOPPED, ended=dt.datetime.now(dt.UTC))
    )


def settle_corrections(database: Database, home: Home) -> None:
    """Say of each correction that was under way whether it was made. Raises MachineError."""
    query = select(study_change).where(study_change.c.done.is_(None))
    with database.reading(IMAGING) as connection:
        rows = connection.execute(query).mappings().all() if connection is not None else []
    for row in rows:
        found, _ = home.page(Wanted(study_uids=[row["study_instance_uid"]]), 1, 0)
        after = json.loads(row["after"])
        now = correctable(found[0]) if found else {}
        if not found or any(now[keyword] != value for keyword, value in after.items()):
            with database.writing() as connection:
                connection.execute(
                    delete(study_change).where(study_change.c.number == row["number"])
                )
            continue
        with database.writing() as connection:
            if "PatientID" in after:
                hand_over(connection, row["study_instance_uid"], after["PatientID"])
            connection.execute(
                update(study_change)
                .where(study_change.c.number == row["number"])
                .values(done=dt.datetime.now(dt.UTC))
            )

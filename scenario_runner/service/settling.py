"""What a process that was killed, or an archive that went away, left in the middle, brought to an end."""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select, update

from scenario_runner.database.counter_table import IMAGING
from scenario_runner.errors import MachineError, TargetError
from scenario_runner.service.homes.home import Wanted
from scenario_runner.service.studies.summary import correctable
from scenario_runner.service.tables import study_change, upload, upload_file
from scenario_runner.service.uploads.records import hand_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from scenario_runner.database.engine import Database
    from scenario_runner.service.homes.home import Home

LOGGER = logging.getLogger(__name__)
_AGAIN: Final = 2.0
"""Seconds after which an archive that was away is asked again."""
_STOPPED = "the server stopped before the upload was answered"


class Settling:
    """Settles when the service starts, and goes on where the archive was away then or goes away later."""

    def __init__(self, database: Database, home: Home) -> None:
        self._database, self._home = database, home
        self._left: list[int] | None = None
        """Uploads that were under way when the service started; None when all of that is settled."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="settling", daemon=True)
        home.settled = self._corrected

    def start(self) -> None:
        """Settle what an earlier process left; what the archive does not answer now is asked again. Raises MachineError."""
        self._left = under_way(self._database)
        self._once()
        self._thread.start()

    def close(self) -> None:
        """Stop. What is left is settled the next time."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_AGAIN):
            try:
                self._once()
            except MachineError as error:
                LOGGER.warning("what was left in the middle cannot be settled: %s", error.message)

    def _once(self) -> None:
        try:
            self._home.settle()
            if self._left is not None:
                settle_uploads(self._database, self._home, self._left)
                settle_corrections(self._database, self._home)
                self._left = None
        except TargetError as error:
            LOGGER.warning("what was left in the middle waits for the archive: %s", error.message)

    def _corrected(self, study_uid: str) -> None:
        if self._left is None:
            settle_corrections(self._database, self._home, study_uid)


def under_way(database: Database) -> list[int]:
    """The numbers of uploads that nobody has said the end of. Raises MachineError."""
    with database.reading(IMAGING) as connection:
        query = select(upload.c.number).where(upload.c.status == "receiving")
        return list(connection.scalars(query)) if connection is not None else []


def settle_uploads(database: Database, home: Home, numbers: Sequence[int]) -> None:
    """Say of each of these uploads what of it is kept: all of its files or none. Raises MachineError, TargetError."""
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


def settle_corrections(database: Database, home: Home, study_uid: str | None = None) -> None:
    """Say of each correction that was under way whether it was made. Raises MachineError, TargetError.

    study_uid: of this study alone, of the oldest one: who begins the next has noted it already.
    """
    query = (
        select(study_change).where(study_change.c.done.is_(None)).order_by(study_change.c.number)
    )
    if study_uid is not None:
        query = query.where(study_change.c.study_instance_uid == study_uid).limit(1)
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

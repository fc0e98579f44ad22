"""What a process that was killed, or an archive that went away, left in the middle, brought to an end."""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, update

from scenario_runner.database.counter_table import IMAGING
from scenario_runner.errors import MachineError, TargetError, described
from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.audit.trail import record_in
from scenario_runner.service.homes.home import Wanted
from scenario_runner.service.permissions import SERVICE
from scenario_runner.service.studies.summary import correctable
from scenario_runner.service.tables import study_change, upload
from scenario_runner.service.uploads import records
from scenario_runner.service.uploads.ending import audit, describe_studies
from scenario_runner.service.uploads.outcome import status_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Select

    from scenario_runner.database.engine import Database
    from scenario_runner.service.homes.home import Home
    from scenario_runner.service.uploads.outcome import UploadOutcome

LOGGER = logging.getLogger(__name__)
_AGAIN: Final = 2.0
"""Seconds after which an archive that was away is asked again."""
_STOPPED = "the server stopped before the upload was answered"


class Settling:
    """Settles when the service starts, and goes on where the archive was away then or goes away later."""

    def __init__(
        self,
        database: Database,
        home: Home,
        ended: Callable[[UploadOutcome], object] = lambda _: None,
    ) -> None:
        """ended: told of each upload that is settled."""
        self._database, self._home, self._ended = database, home, ended
        self._uploads: dict[int, str] = {}
        """Those that were under way when the service started, and those that could not be ended; why, in words."""
        self._corrections: list[int] = []
        """The same, and those of which it could not be told when they were finished."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="settling", daemon=True)
        home.on_settled(self._corrected)

    def start(self) -> None:
        """Settle what an earlier process left; what the archive does not answer now is asked again. Raises MachineError."""
        self._uploads = dict.fromkeys(uploads_under_way(self._database), _STOPPED)
        self._corrections = corrections_under_way(self._database)
        self._once()
        self._thread.start()

    def take_over(self, number: int, error: str) -> None:
        """Settle an upload that its own thread could not end: now, or as soon as database and archive answer."""
        try:
            self._settle(number, error)
        except (MachineError, TargetError) as failure:
            LOGGER.warning("an upload that could not be ended waits: %s", failure.message)
            self._uploads[number] = error

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
            except Exception as error:  # noqa: BLE001 - a thread that ended would settle nothing ever again
                LOGGER.warning(
                    "what was left in the middle cannot be settled: %s", described(error)
                )

    def _once(self) -> None:
        try:
            self._home.settle()
            while self._uploads:
                number, error = next(iter(self._uploads.items()))
                self._settle(number, error)
                del self._uploads[number]
            while self._corrections:
                settle_correction(self._database, self._home, self._corrections[0])
                del self._corrections[0]
        except TargetError as error:
            LOGGER.warning("what was left in the middle waits for the archive: %s", error.message)

    def _settle(self, number: int, error: str) -> None:
        outcome = settle_upload(self._database, self._home, number, error)
        if outcome is not None:
            self._ended(outcome)

    def _corrected(self, study_uid: str) -> None:
        # The oldest: who begins the next correction of a study has noted it already.
        for number in corrections_under_way(self._database, study_uid)[:1]:
            try:
                settle_correction(self._database, self._home, number)
            except (MachineError, TargetError):
                self._corrections.append(number)
                raise


def uploads_under_way(database: Database) -> list[int]:
    """The numbers of uploads that nobody has said the end of. Raises MachineError."""
    return _numbers(database, select(upload.c.number).where(upload.c.status == "receiving"))


def corrections_under_way(database: Database, study_uid: str | None = None) -> list[int]:
    """The numbers of corrections, or of those of one study, that nobody has said the end of, oldest first. Raises MachineError."""
    columns = study_change.c
    query = select(columns.number).where(columns.done.is_(None)).order_by(columns.number)
    if study_uid is not None:
        query = query.where(columns.study_instance_uid == study_uid)
    return _numbers(database, query)


def _numbers(database: Database, query: Select[tuple[int]]) -> list[int]:
    with database.reading(IMAGING) as connection:
        return list(connection.scalars(query)) if connection is not None else []


def settle_upload(database: Database, home: Home, number: int, error: str) -> UploadOutcome | None:
    """Say of an upload that was under way what of it is kept: all of its files or none. error: why nobody was told.

    It is matched and told in the audit trail as one that was answered. Raises MachineError, TargetError.
    """
    outcome = records.numbered(database, number)
    if outcome is None:
        return None
    kept: set[str] = set()
    for one in outcome.files:
        if one.status != "storing":
            continue
        # Asked before anything is written: nobody who writes waits for an archive that takes its time.
        if one.sop_instance_uid in kept:
            one.refuse_second()
        elif home.has(one.study_instance_uid, one.sop_instance_uid):
            one.status = "success"
            kept.add(one.sop_instance_uid)
        else:
            one.refuse("interrupted", error)
    describe_studies(database, home, outcome)
    outcome.status, outcome.error = status_of(outcome.files), error
    outcome.ended = dt.datetime.now(dt.UTC)
    with database.writing() as connection:
        records.end(connection, number, outcome)
        audit(connection, SERVICE, outcome, {"error": error, "asked_by": outcome.who})
    return outcome


def settle_correction(database: Database, home: Home, number: int) -> None:
    """Say of a correction that was under way whether it was made, in the audit trail, too. Raises MachineError, TargetError."""
    under_way = study_change.c.number == number, study_change.c.done.is_(None)
    with database.reading(IMAGING) as connection:
        query = select(study_change).where(*under_way)
        row = connection.execute(query).mappings().first() if connection is not None else None
    if row is None:
        return  # it was told meanwhile
    found, _ = home.page(Wanted(study_uids=[row["study_instance_uid"]]), 1, 0)
    after = json.loads(row["after"])
    now = correctable(found[0]) if found else {}
    is_made = bool(found) and all(now[keyword] == value for keyword, value in after.items())
    detail = {"before": json.loads(row["before"]), "after": after, "reason": row["reason"], "asked_by": row["who"]}  # fmt: skip
    outcome = Outcome.SUCCESS if is_made else Outcome.FAILED
    with database.writing() as connection:
        record_in(
            connection, SERVICE, Activity.CORRECTED, row["study_instance_uid"], "", outcome, detail
        )
        if not is_made:
            connection.execute(delete(study_change).where(*under_way))
            return
        if "PatientID" in after:
            records.hand_over(connection, row["study_instance_uid"], after["PatientID"])
        connection.execute(
            update(study_change).where(*under_way).values(done=dt.datetime.now(dt.UTC))
        )

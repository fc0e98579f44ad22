"""What was corrected of studies: read out of the log that corrections are written to before they are made."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from scenario_runner.database.counter_table import IMAGING
from scenario_runner.service.tables import study_change
from scenario_runner.service.uploads.records import moment

if TYPE_CHECKING:
    from scenario_runner.database.engine import Database


def changes_of(
    database: Database, study_uids: Sequence[str], since: dt.datetime | None = None
) -> list[dict[str, Any]]:
    """The corrections of studies that were made, oldest first. Raises MachineError."""
    columns = study_change.c
    query = select(study_change).where(
        columns.study_instance_uid.in_(study_uids), columns.done.is_not(None)
    )
    if since is not None:
        query = query.where(columns.at >= since)
    with database.reading(IMAGING) as connection:
        if connection is None:
            return []
        rows = connection.execute(query.order_by(columns.done, columns.number)).mappings().all()
    return [
        {
            "study_instance_uid": row["study_instance_uid"],
            "at": moment(row["at"]),
            "who": row["who"],
            "reason": row["reason"] or None,
            "before": json.loads(row["before"]),
            "after": json.loads(row["after"]),
        }
        for row in rows
    ]

"""How an upload ends: its studies found and matched, its entries in the audit trail, and its numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.audit.trail import record_in
from scenario_runner.service.homes.home import Wanted
from scenario_runner.service.matching.matching import match_study
from scenario_runner.service.studies.summary import in_brief

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scenario_runner.database.engine import Database
    from scenario_runner.service.homes.home import Home
    from scenario_runner.service.meters import Meters
    from scenario_runner.service.permissions import Caller
    from scenario_runner.service.uploads.outcome import UploadOutcome


def describe_studies(database: Database, home: Home, outcome: UploadOutcome) -> None:
    """Match the studies that files were kept of, and note them in the outcome. Raises TargetError, MachineError."""
    uids = list(
        dict.fromkeys(
            one.study_instance_uid
            for one in outcome.files
            if one.status in ("success", "duplicate")
        )
    )
    if not uids:
        return
    found, _ = home.page(Wanted(study_uids=uids), len(uids) + 1, 0)
    by_uid = {one.study_instance_uid: one for one in found}
    outcome.studies = [
        in_brief(by_uid[uid], match_study(database, by_uid[uid])) for uid in uids if uid in by_uid
    ]


def audit(
    connection: Connection, caller: Caller, outcome: UploadOutcome, more: Mapping[str, Any]
) -> None:
    """An entry for each study, or one where there is none. more: what else its detail says."""
    counts = Counter(one.status for one in outcome.files)
    detail = {"upload": outcome.id, "files": dict(counts), **more}
    ended = Outcome.FAILED if outcome.status == "failed" else Outcome.SUCCESS
    for study in [one["study_instance_uid"] for one in outcome.studies] or [None]:
        record_in(connection, caller, Activity.UPLOADED, study, outcome.from_where, ended, detail)


def count(meters: Meters, outcome: UploadOutcome) -> None:
    """Count it and each of its files by what became of them."""
    meters.uploads.labels(outcome.status).inc()
    for one in outcome.files:
        meters.files.labels(one.status).inc()

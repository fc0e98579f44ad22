"""Studies found, described with what they were matched with, and deleted."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import MachineError, TargetError
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.deletions import Deletion, State, require_reason
from scenario_runner.service.errors import NotThere
from scenario_runner.service.homes.home import Wanted
from scenario_runner.service.matching.matching import match_of, studies_of_order
from scenario_runner.service.studies.corrections import changes_of
from scenario_runner.service.studies.summary import as_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenario_runner.service.asking import Asking
    from scenario_runner.service.homes.home import StudyFacts
    from scenario_runner.service.service import Service

LOGGER = logging.getLogger(__name__)
_HISTORY = 200
"""Entries of a study's history that are told, the last ones."""


def page(
    service: Service, asking: Asking, wanted: Wanted, limit: int, offset: int
) -> dict[str, Any]:
    """A page of studies. Raises MachineError, TargetError."""
    found, total = service.home.page(wanted, limit, offset)
    matches = match_of(service.database, [one.study_instance_uid for one in found])
    service.trail.record(
        asking.caller,
        Activity.SEARCHED,
        None,
        asking.from_where,
        detail={
            key: value
            for key, value in (
                ("patient_id", wanted.patient_id),
                ("patient_name", wanted.patient_name),
                ("accession_number", wanted.accession_number),
                ("modality", wanted.modality),
                ("days", wanted.days.key if wanted.days else None),
                ("found", total),
            )
            if value is not None
        },
    )
    return {
        "studies": [as_json(one, matches.get(one.study_instance_uid)) for one in found],
        "total": total,
        "limit": limit,
        "offset": offset,
    }


def of_order(
    service: Service, asking: Asking, order_id: str, limit: int, offset: int
) -> dict[str, Any]:
    """The studies of an order: those that are linked to it, else those with its accession number."""
    linked, accessions = studies_of_order(service.database, order_id)
    if linked:
        return page(service, asking, Wanted(study_uids=linked), limit, offset)
    for accession in accessions:
        found = page(service, asking, Wanted(accession_number=accession), limit, offset)
        if found["total"]:
            return found
    return page(service, asking, Wanted(study_uids=[]), limit, offset)


def facts_of(service: Service, study_uid: str) -> StudyFacts:
    """What the archive says of a study. Raises NotThere."""
    found, _ = service.home.page(Wanted(study_uids=[study_uid]), 1, 0)
    if not found:
        raise NotThere("study-not-found", f"there is no study {study_uid}")
    return found[0]


def names_of(service: Service, study_uids: Sequence[str]) -> Mapping[str, str]:
    """PatientName by StudyInstanceUID, as far as the archive has the studies; none where it cannot be asked.

    What is listed by UID is still to be decided on then.
    """
    if not study_uids:
        return {}
    try:
        found, _ = service.home.page(Wanted(study_uids=study_uids), len(study_uids), 0)
    except (MachineError, TargetError) as error:
        LOGGER.warning("the archive was not asked whose studies these are: %s", error)
        return {}
    return {one.study_instance_uid: one.patient_name for one in found}


def detail(service: Service, asking: Asking, study_uid: str) -> dict[str, Any]:
    """A study with its series, instances and history. Raises NotThere."""
    facts = facts_of(service, study_uid)
    series: dict[str, list[dict[str, Any]]] = {}
    for one in service.home.instances(study_uid):
        series.setdefault(one.series_instance_uid, []).append(
            {
                "sop_instance_uid": one.sop_instance_uid,
                "sop_class_uid": one.sop_class_uid,
                "transfer_syntax_uid": one.transfer_syntax_uid,
                "size": one.size,
            }
        )
    service.trail.record(asking.caller, Activity.VIEWED, study_uid, asking.from_where)
    return {
        **as_json(facts, match_of(service.database, [study_uid]).get(study_uid)),
        "series": [
            {"series_instance_uid": uid, "instances": instances}
            for uid, instances in series.items()
        ],
        "changes": changes_of(service.database, [study_uid]),
        "history": history(service, study_uid),
    }


def history(service: Service, study_uid: str) -> list[dict[str, Any]]:
    """What was done with a study, oldest first."""
    return [
        {
            "at": one.at,
            "who": one.caller,
            "what": str(one.what),
            "from_where": one.from_where,
            "outcome": str(one.outcome),
            "detail": dict(one.detail),
        }
        for one in reversed(service.trail.latest(_HISTORY, study=study_uid))
    ]


def delete(service: Service, asking: Asking, study_uid: str, reason: str) -> dict[str, Any]:
    """Take a study away for good, or have a second person asked, where the site wants that.

    Raises NotThere, Unacceptable for a deletion without a reason.
    """
    require_reason(reason)
    facts_of(service, study_uid)
    asked = service.deletions.ask(asking.caller, study_uid, reason, asking.from_where)
    if asked.state is State.APPROVED:
        _take_away(service, asking, asked)
    status = "deleted" if asked.state is State.APPROVED else "waiting"
    return {"study_instance_uid": study_uid, "status": status, "reason": asked.reason}


def decide(service: Service, asking: Asking, number: int, *, consent: bool) -> Deletion:
    """The second person's word about a deletion; with their consent the study is taken away.

    Raises NotThere, Conflicting, NotAllowed.
    """
    decided = service.deletions.decide(
        asking.caller, number, consent=consent, from_where=asking.from_where
    )
    if consent:
        _take_away(service, asking, decided)
    return decided


def _take_away(service: Service, asking: Asking, asked: Deletion) -> None:
    """It is written down before it is done: nothing is deleted that nobody knows who deleted."""
    facts = facts_of(service, asked.study)
    detail = {
        "reason": asked.reason,
        "asked_by": asked.asked_by,
        "instances": facts.instances,
        "patient_id": facts.patient_id,
    }
    service.trail.record(
        asking.caller, Activity.DELETED, asked.study, asking.from_where, detail=detail
    )
    if not service.home.delete(asked.study):
        raise NotThere("study-not-found", f"there is no study {asked.study}")

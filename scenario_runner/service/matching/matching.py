"""A study matched with the registry: the patient first, then the order; kept, so that it can be asked for."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select

from scenario_runner.database.counter_table import IMAGING
from scenario_runner.database.turns import MATCH, take_turn
from scenario_runner.errors import UsageError
from scenario_runner.registry.known import by_id
from scenario_runner.registry.people import People
from scenario_runner.registry.tables import order_seen
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.trail import record_in
from scenario_runner.service.errors import NotThere
from scenario_runner.service.matching.match import Match
from scenario_runner.service.matching.names import likeness
from scenario_runner.service.matching.score import APART, THRESHOLD, Score, score
from scenario_runner.service.tables import study_match

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scenario_runner.database.engine import Database
    from scenario_runner.registry.patient import Patient
    from scenario_runner.service.asking import Asking
    from scenario_runner.service.homes.home import StudyFacts

_NO_CHARACTER: Final = "\N{REPLACEMENT CHARACTER}"
_CANDIDATES: Final = 200
"""Patients that are looked at for each thing a study says."""
_DAYS: Final = 1
"""Between the day an order is for and the day of the study: examinations go on past midnight."""


def match_study(database: Database, facts: StudyFacts) -> Match:
    """Match a study and keep what was found; what a person chose stays. Raises MachineError."""
    before = match_of(database, [facts.study_instance_uid]).get(facts.study_instance_uid)
    if before is not None and before.chosen_by:
        return before
    return _keep(database, facts.study_instance_uid, find_match(database, facts))


def find_match(database: Database, facts: StudyFacts) -> Match:
    """Whose study it is and which order it answers, as far as that is sure."""
    facts = _askable(facts)
    scored = sorted(
        ((score(facts, one), one) for one in _candidates(database, facts)),
        key=lambda each: -each[0].value,
    )
    if not scored:
        return Match(reasons=["the registry has no patient like this one"])
    best, patient = scored[0]
    reasons = list(best.reasons)
    if best.value < THRESHOLD:
        return Match(score=best.value, reasons=[*reasons, "too unsure: a person has to choose"])
    if _rivalled(scored):
        return Match(
            score=best.value,
            reasons=[*reasons, "several patients are alike: a person has to choose"],
        )
    order, accession, said = _order_of(database, facts, patient)
    return Match(
        patient=patient.id,
        issuer=patient.issuer,
        order=order,
        accession=accession,
        score=best.value,
        reasons=[*reasons, *said],
    )


def _askable(facts: StudyFacts) -> StudyFacts:
    """Without U+0000, which a damaged or hostile value may have and no database can be asked for."""
    return replace(
        facts,
        patient_id=facts.patient_id.replace("\0", _NO_CHARACTER),
        issuer=facts.issuer.replace("\0", _NO_CHARACTER),
        patient_name=facts.patient_name.replace("\0", _NO_CHARACTER),
        accession_number=facts.accession_number.replace("\0", _NO_CHARACTER),
        modalities=tuple(one.replace("\0", _NO_CHARACTER) for one in facts.modalities),
    )


def _rivalled(scored: Sequence[tuple[Score, Patient]]) -> bool:
    if len(scored) < 2 or scored[0][0].reasons[:1] == ["patient ID is the same"]:
        return False
    return scored[1][0].value > scored[0][0].value - APART


def _candidates(database: Database, facts: StudyFacts) -> list[Patient]:
    """Patients that have the number, the birth date in either order, or the name."""
    people = People(database)
    found: dict[int, Patient] = {}
    if facts.patient_id:
        with database.reading() as connection:
            numbered = by_id(connection, facts.patient_id, None) if connection is not None else []
        found |= {one.number: one for one in numbered}
    for day in _days(facts.birth_date):
        born = people.search(born=(day, day), limit=_CANDIDATES)
        found |= {one.number: one for one in born if likeness(facts.patient_name, one.name).family}
    for part in facts.patient_name.partition("=")[0].split("^")[:2]:
        if len(part.strip()) > 2:
            named = people.search(part, limit=_CANDIDATES)
            found |= {one.number: one for one in named}
    return list(found.values())


def _days(birth_date: str) -> list[dt.date]:
    found = []
    for text in (birth_date, birth_date[:4] + birth_date[6:8] + birth_date[4:6]):
        try:
            day = dt.datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        if day not in found:
            found.append(day)
    return found


def _order_of(
    database: Database, facts: StudyFacts, patient: Patient
) -> tuple[str, str, Sequence[str]]:
    """The order's number, its accession number, and why."""
    orders = order_seen.c
    columns = (orders.id, orders.accession, orders.patient_id, orders.modality, orders.date)
    numbers = {patient.id, *(number for number, _ in patient.other_ids)}
    with database.reading(IMAGING) as connection:
        if connection is None:
            return "", "", ()
        if facts.accession_number:
            query = select(*columns).where(orders.accession == facts.accession_number)
            found = connection.execute(query.limit(_CANDIDATES)).all()
            theirs = [one for one in found if not one.patient_id or one.patient_id in numbers]
            if len(theirs) == 1:
                return theirs[0].id, theirs[0].accession, ["order by its accession number"]
            if found and not theirs:
                return "", "", ["the order of this accession number is another patient's"]
        query = select(*columns).where(
            orders.patient_id.in_(numbers), orders.modality.in_(facts.modalities)
        )
        found = [
            one
            for one in connection.execute(query.limit(_CANDIDATES))
            if _is_near(one.date, facts.study_date)
        ]
    if len(found) == 1:
        said = "order by patient, modality and date"
        return found[0].id, found[0].accession, [said]
    return "", "", ["several orders of this day fit: a person has to choose"] if found else ()


def _is_near(day: dt.date | None, study_date: str) -> bool:
    days = _days(study_date)
    return day is not None and bool(days) and abs((days[0] - day).days) <= _DAYS


def match_of(database: Database, study_uids: Sequence[str]) -> Mapping[str, Match]:
    """What studies were matched with, by UID; those that never were are absent."""
    with database.reading(IMAGING) as connection:
        return _matches(connection, study_uids) if connection is not None else {}


def _matches(connection: Connection, study_uids: Sequence[str]) -> dict[str, Match]:
    query = select(study_match).where(study_match.c.study_instance_uid.in_(study_uids))
    rows = connection.execute(query).mappings().all()
    return {
        row["study_instance_uid"]: Match(
            patient=row["patient_id"],
            issuer=row["issuer"],
            order=row["order_id"],
            accession=row["accession"],
            score=row["score"],
            reasons=json.loads(row["reasons"]),
            chosen_by=row["chosen_by"],
        )
        for row in rows
    }


def studies_of_order(database: Database, order_id: str) -> tuple[list[str], list[str]]:
    """Studies that are linked to an order, and the accession numbers it has."""
    linked = select(study_match.c.study_instance_uid).where(study_match.c.order_id == order_id)
    accessions = select(order_seen.c.accession).where(order_seen.c.id == order_id)
    with database.reading(IMAGING) as connection:
        if connection is None:
            return [], []
        return (
            list(connection.scalars(linked)),
            [one for one in connection.scalars(accessions) if one],
        )


def choose(
    database: Database,
    asking: Asking,
    study_uid: str,
    *,
    patient_id: str,
    issuer: str | None,
    order_id: str,
) -> Match:
    """What a person says a study is; nothing matched later changes it. Raises NotThere."""
    try:
        patient = People(database).get(patient_id, issuer) if patient_id else None
    except UsageError as error:
        raise NotThere("patient-not-found", error.message, hint=error.hint) from None
    chosen = Match(
        patient=patient.id if patient else "",
        issuer=patient.issuer if patient else "",
        order=order_id,
        score=1.0 if patient else 0.0,
        reasons=["chosen by a person"],
        chosen_by=asking.caller.name,
    )
    detail: dict[str, Any] = {"patient": chosen.patient, "order": order_id}
    with database.writing() as connection:
        _put(connection, study_uid, chosen)
        record_in(
            connection, asking.caller, Activity.LINKED, study_uid, asking.from_where, detail=detail
        )
    return chosen


def _keep(database: Database, study_uid: str, match: Match) -> Match:
    """Keep what was found, unless a person has chosen since it was looked for; what holds then."""
    with database.writing() as connection:
        take_turn(connection, MATCH)
        there = _matches(connection, [study_uid]).get(study_uid)
        if there is not None and there.chosen_by:
            return there
        _put(connection, study_uid, match)
    return match


def _put(connection: Connection, study_uid: str, match: Match) -> None:
    # Two uploads of one study match it at the same moment, and only one of them can insert it.
    take_turn(connection, MATCH)
    connection.execute(delete(study_match).where(study_match.c.study_instance_uid == study_uid))
    connection.execute(
        insert(study_match).values(
            study_instance_uid=study_uid,
            patient_id=match.patient,
            issuer=match.issuer,
            order_id=match.order,
            accession=match.accession,
            score=match.score,
            reasons=json.dumps(list(match.reasons)),
            chosen_by=match.chosen_by,
            at=dt.datetime.now(dt.UTC),
        )
    )

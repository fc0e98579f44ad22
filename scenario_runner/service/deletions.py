"""Deletions: each with a reason and, where that is asked for, with the consent of a second person."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from scenario_runner.database.counter_table import ACCOUNTS
from scenario_runner.database.turns import DELETION, take_turn
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.accounts.tables import deletion
from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.audit.trail import record_in
from scenario_runner.service.errors import Conflicting, NotAllowed, NotThere, Unacceptable
from scenario_runner.service.permissions import Caller, Permission, require

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from scenario_runner.database.engine import Database

LONGEST: Final = 1_000
"""Characters of a reason."""


class State(StrEnum):
    """What became of a request."""

    WAITING = "waiting"
    """For a second person."""
    APPROVED = "approved"
    """The study may be taken away, or has been."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Deletion:
    """A request to take a study away."""

    number: int
    study: str
    reason: str
    asked_by: str
    asked: dt.datetime
    decided_by: str | None
    decided: dt.datetime | None
    state: State

    def as_json(self) -> dict[str, Any]:
        """For people and programs."""
        return {
            "number": self.number,
            "study_instance_uid": self.study,
            "reason": self.reason,
            "asked_by": self.asked_by,
            "asked": self.asked.isoformat(timespec="seconds"),
            "decided_by": self.decided_by,
            "decided": None if self.decided is None else self.decided.isoformat(timespec="seconds"),
            "state": self.state,
        }


class Deletions:
    """The requests of one database. second_person: whether another one has to consent."""

    def __init__(self, database: Database, *, second_person: bool = False) -> None:
        self._database = database
        self.second_person = second_person

    def ask(self, caller: Caller, study_uid: str, reason: str, from_where: str = "") -> Deletion:
        """A request: approved at once, or waiting for a second person.

        What is approved the caller of this takes away, and writes that down. Raises Unacceptable without a
        reason, NotAllowed, and Conflicting when one waits already.
        """
        require(caller, Permission.DELETE, study_uid)
        said = require_reason(reason)
        state = State.WAITING if self.second_person else State.APPROVED
        moment = dt.datetime.now(dt.UTC)
        with self._database.writing() as connection:
            take_turn(connection, DELETION)
            waits = (deletion.c.study == study_uid) & (deletion.c.outcome == State.WAITING)
            if connection.execute(select(deletion.c.number).where(waits)).first() is not None:
                raise Conflicting(
                    "deletion-waits", "somebody has asked for this already; a second person decides"
                )
            made = connection.execute(
                insert(deletion)
                .values(
                    study=study_uid,
                    reason=said,
                    asked_by=caller.name,
                    asked=moment,
                    outcome=state.value,
                )
                .returning(deletion.c.number)
            ).scalar_one()
            if state is State.WAITING:
                detail = {"reason": said, "deletion": made}
                record_in(
                    connection,
                    caller,
                    Activity.DELETION_ASKED,
                    study_uid,
                    from_where,
                    detail=detail,
                )
        return Deletion(made, study_uid, said, caller.name, moment, None, None, state)

    def decide(
        self, caller: Caller, number: int, *, consent: bool, from_where: str = ""
    ) -> Deletion:
        """The word of the second person. What is approved the caller of this takes away.

        Raises NotThere, Conflicting when it is decided already, NotAllowed for whoever asked for it themselves.
        """
        state = State.APPROVED if consent else State.REFUSED
        moment = dt.datetime.now(dt.UTC)
        with self._database.writing() as connection:
            take_turn(connection, DELETION)
            query = select(deletion).where(deletion.c.number == number)
            row = connection.execute(query).mappings().one_or_none()
            if row is None:
                raise NotThere(
                    "deletion-not-found", f"there is no request {number} to delete a study"
                )
            found = _deletion(row)
            require(caller, Permission.DELETE, found.study)
            if found.state is not State.WAITING:
                raise Conflicting("deletion-decided", f"request {number} is {found.state} already")
            if consent and found.asked_by.lower() == caller.name.lower():
                raise NotAllowed(
                    "second-person-needed",
                    "whoever asked for a deletion does not consent to it as well",
                )
            connection.execute(
                update(deletion)
                .where(deletion.c.number == number)
                .values(decided_by=caller.name, decided=moment, outcome=state.value)
            )
            if not consent:
                detail = {"reason": found.reason, "deletion": number, "asked_by": found.asked_by}
                record_in(
                    connection,
                    caller,
                    Activity.DELETION_REFUSED,
                    found.study,
                    from_where,
                    Outcome.SUCCESS,
                    detail,
                )
        return Deletion(
            number,
            found.study,
            found.reason,
            found.asked_by,
            found.asked,
            caller.name,
            moment,
            state,
        )

    def waiting(self) -> list[Deletion]:
        """Those that a second person has to decide, the oldest first."""
        query = (
            select(deletion)
            .where(deletion.c.outcome == State.WAITING)
            .order_by(deletion.c.number)
            .limit(1_000)
        )
        with self._database.reading(ACCOUNTS) as connection:
            rows = connection.execute(query).mappings().all() if connection is not None else []
        return [_deletion(row) for row in rows]

    def of(self, study_uid: str) -> Deletion | None:
        """The request to take this study away that waits."""
        query = select(deletion).where(
            deletion.c.study == study_uid, deletion.c.outcome == State.WAITING
        )
        with self._database.reading(ACCOUNTS) as connection:
            row = connection.execute(query).mappings().first() if connection is not None else None
        return None if row is None else _deletion(row)


def require_reason(reason: str) -> str:
    """The reason in one line. Raises Unacceptable when there is none, or a novel."""
    said = " ".join(reason.split())
    if not said:
        raise Unacceptable(
            "reason-missing", "say why the study is to be deleted", hint="give it as 'reason'"
        )
    if len(said) > LONGEST:
        raise Unacceptable("reason-too-long", f"a reason has up to {LONGEST} characters")
    return said


def _deletion(row: RowMapping) -> Deletion:
    return Deletion(
        row["number"],
        row["study"],
        row["reason"],
        row["asked_by"],
        row["asked"],
        row["decided_by"],
        row["decided"],
        State(row["outcome"]),
    )

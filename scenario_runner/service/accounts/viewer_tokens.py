"""Tokens that let a viewer see one study for a short while, and nothing else."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select

from scenario_runner.database.counter_table import ACCOUNTS
from scenario_runner.errors import UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.accounts.accounts import by_number
from scenario_runner.service.accounts.clock import Clock, now
from scenario_runner.service.accounts.secrets import VIEWER_TOKEN, digest, fresh
from scenario_runner.service.accounts.tables import viewer_token
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.trail import record_in
from scenario_runner.service.permissions import Arrival, Caller, Permission, require

if TYPE_CHECKING:
    from scenario_runner.database.engine import Database

USUAL: Final = dt.timedelta(minutes=15)
LONGEST: Final = dt.timedelta(hours=12)
"""A working day; whoever needs more has an account."""


@dataclass(frozen=True, slots=True)
class ViewerToken:
    """A token as it is given: the one time it is told."""

    token: str
    study: str
    expires: dt.datetime


class ViewerTokens:
    """The viewer tokens of one database. Safe between threads and processes."""

    def __init__(self, database: Database, clock: Clock = now) -> None:
        self._database = database
        self._clock = clock

    def make(
        self,
        caller: Caller,
        study_uid: str,
        lasting: dt.timedelta = USUAL,
        from_where: str = "",
    ) -> ViewerToken:
        """A new token for a study that the caller may see.

        Raises NotAllowed when they may not, UsageError for a time that is none or too long.
        """
        require(caller, Permission.VIEW, study_uid)
        if not dt.timedelta(0) < lasting <= LONGEST:
            most = int(LONGEST.total_seconds())
            raise UsageError(f"a token for a viewer lasts from 1 to {most} seconds")
        made, moment = fresh(VIEWER_TOKEN), self._clock()
        expires = moment + lasting
        with self._database.writing() as connection:
            connection.execute(delete(viewer_token).where(viewer_token.c.expires <= moment))
            connection.execute(
                insert(viewer_token).values(
                    digest=digest(made),
                    study=study_uid,
                    given_to=caller.name,
                    account=caller.account,
                    expires=expires,
                )
            )
            until = {"until": expires.isoformat(timespec="seconds")}
            record_in(connection, caller, Activity.SHARED, study_uid, from_where, detail=until)
        return ViewerToken(made, study_uid, expires)

    def caller(self, token: str) -> Caller | None:
        """Who may see which study with it; None when it is none, or has ended.

        With the account of who made it, it ends, too.
        """
        with self._database.reading(ACCOUNTS) as connection:
            if connection is None:
                return None
            row = connection.execute(
                select(viewer_token).where(viewer_token.c.digest == digest(token))
            ).one_or_none()
            if row is None or row.expires <= self._clock():
                return None
            if row.account is not None:
                owner = by_number(connection, row.account)
                if owner is None or not owner.caller(Arrival.SESSION).may(Permission.VIEW):
                    return None
            return Caller(
                row.given_to,
                frozenset(),
                Arrival.VIEWER_TOKEN,
                study=row.study,
                account=row.account,
            )

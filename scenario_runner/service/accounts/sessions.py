"""Sessions of people who have logged in: kept by the server, ended by time, by them, or by an administrator."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select, update

from scenario_runner.database.counter_table import ACCOUNTS
from scenario_runner.service.accounts.accounts import by_number
from scenario_runner.service.accounts.clock import Clock, now
from scenario_runner.service.accounts.provider_sessions import ProviderSessions
from scenario_runner.service.accounts.secrets import SESSION, digest, fresh
from scenario_runner.service.accounts.session_times import SessionTimes
from scenario_runner.service.accounts.tables import login_session
from scenario_runner.service.permissions import Arrival, Caller

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scenario_runner.database.engine import Database

_NOTED: Final = dt.timedelta(seconds=60)
"""How often at most it is written down that a session is in use."""


class Sessions:
    """The sessions of one database. Safe between threads and processes."""

    def __init__(
        self, database: Database, times: SessionTimes | None = None, clock: Clock = now
    ) -> None:
        self._database = database
        self.times = times or SessionTimes()
        self._clock = clock
        self._of_providers = ProviderSessions()

    def begin_for(self, caller: Caller, before: str | None) -> str:
        """A new session of somebody from a provider; returns the secret for the cookie."""
        if before is not None:
            with self._database.writing() as connection:
                self.end_in(connection, before)
        return self._of_providers.begin(caller, self._clock())

    def begin_in(self, connection: Connection, account: int, before: str | None) -> str:
        """A new session; what the browser had before is ended, so that nobody can have prepared it.

        connection: one that writes. account: its number. Returns the secret for the cookie.
        """
        moment, made = self._clock(), fresh(SESSION)
        if before is not None:
            self.end_in(connection, before)
        connection.execute(
            delete(login_session).where(
                (login_session.c.seen <= moment - self.times.idle)
                | (login_session.c.begun <= moment - self.times.absolute)
            )
        )
        row = {"digest": digest(made), "account": account, "begun": moment, "seen": moment}
        connection.execute(insert(login_session).values(row))
        return made

    def caller(self, session: str, *, used: bool = True) -> Caller | None:
        """Whose session it is; None when there is none, or it has ended. used: whether somebody asks, not a page alone."""
        moment = self._clock()
        known = self._of_providers.caller(session, moment, self.times, used=used)
        if known is not None:
            return known
        with self._database.reading(ACCOUNTS) as connection:
            if connection is None:
                return None
            row = connection.execute(
                select(login_session).where(login_session.c.digest == digest(session))
            ).one_or_none()
            if row is None or self.times.are_over(row.begun, row.seen, moment):
                return None
            found = by_number(connection, row.account)
        if found is None:
            return None
        if used and moment - row.seen >= _NOTED:
            with self._database.writing() as connection:
                connection.execute(
                    update(login_session)
                    .where(login_session.c.digest == row.digest)
                    .values(seen=moment)
                )
        return found.caller(Arrival.SESSION)

    def ends(self, session: str) -> dt.datetime | None:
        """When it ends at the latest; None when there is none."""
        if (begun := self._of_providers.begun(session)) is not None:
            return begun + self.times.absolute
        with self._database.reading(ACCOUNTS) as connection:
            if connection is None:
                return None
            begun = connection.execute(
                select(login_session.c.begun).where(login_session.c.digest == digest(session))
            ).scalar_one_or_none()
        return None if begun is None else begun + self.times.absolute

    def end_in(self, connection: Connection, session: str) -> None:
        """Log out: the secret is worth nothing from now on."""
        self._of_providers.end(session)
        connection.execute(delete(login_session).where(login_session.c.digest == digest(session)))

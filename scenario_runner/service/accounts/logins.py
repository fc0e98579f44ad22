"""Logging in with a password, and out again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import update

from scenario_runner.database.counter_table import ACCOUNTS
from scenario_runner.database.turns import LOGIN, take_turn
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.accounts import passwords
from scenario_runner.service.accounts.accounts import Account, found_by_name
from scenario_runner.service.accounts.attempts import Attempts, place_of
from scenario_runner.service.accounts.sessions import Sessions
from scenario_runner.service.accounts.tables import account
from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.audit.trail import record_in
from scenario_runner.service.errors import NotLoggedIn, TooMany
from scenario_runner.service.permissions import NOBODY, Arrival, Caller

if TYPE_CHECKING:
    import datetime as dt

    from scenario_runner.database.engine import Database

_LONGEST_NAME: Final = 64


class TooManyAttempts(TooMany):
    """Passwords were guessed too often; ``wait`` is after how many seconds another one is looked at."""

    wait: int

    def __init__(self, wait: dt.timedelta) -> None:
        self.wait = max(1, round(wait.total_seconds()))
        super().__init__(
            "too-many-attempts",
            "too many attempts to log in have failed",
            hint=f"try again in {self.wait} s",
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody shows who wants to log in. address: where from.

    session, device: what their browser had before, if anything.
    """

    name: str
    password: str
    address: str
    session: str | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who has logged in, and the two secrets for their browser."""

    caller: Caller
    session: str
    device: str


class Logins:
    """The login of one database. Safe between threads and processes."""

    def __init__(
        self, database: Database, sessions: Sessions, attempts: Attempts | None = None
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._attempts = attempts or Attempts()

    def log_in(self, attempt: Attempt) -> LoggedIn:
        """Raises NotLoggedIn, with the same words for whatever is wrong, or TooManyAttempts."""
        name = attempt.name[:_LONGEST_NAME]
        subjects, found, hashed = self._checked(attempt)
        caller = found.caller(Arrival.SESSION)
        with self._database.writing() as connection:
            take_turn(connection, LOGIN)
            self._attempts.taken_back(connection, subjects)
            device = self._attempts.succeeded(connection, subjects, name, attempt.device)
            session = self._sessions.begin_in(connection, found.number, attempt.session)
            if passwords.is_outdated(hashed):
                again = update(account).where(account.c.number == found.number)
                connection.execute(again.values(password=passwords.password_hash(attempt.password)))
            record_in(connection, caller, Activity.LOGGED_IN, None, attempt.address)
        return LoggedIn(caller, session, device)

    def came_from_provider(
        self, caller: Caller, issuer: str, address: str, before: str | None
    ) -> str:
        """Begin a session of somebody whom a provider knows; returns its secret. before: their browser's session."""
        session = self._sessions.begin_for(caller, before)
        with self._database.writing() as connection:
            record_in(connection, caller, Activity.LOGGED_IN, None, address, detail={"at": issuer})
        return session

    def refused_by_provider(self, issuer: str, address: str, why: str) -> None:
        """Note that somebody was not let in; of many from one place, who need no provider for it, some."""
        detail = {"account": "unknown", "at": issuer, "why": why}
        subjects = (f"provider:{place_of(address)}",)
        with self._database.writing() as connection:
            take_turn(connection, LOGIN)
            if self._attempts.wait(connection, subjects).total_seconds() > 0:
                return
            self._attempts.failed(connection, subjects)
            record_in(connection, NOBODY, Activity.LOGGED_IN, None, address, Outcome.DENIED, detail)

    def confirm(self, name: str, password: str, address: str, device: str | None) -> None:
        """Ask somebody who is logged in for their password once more; guesses count as at the login."""
        subjects, _, _ = self._checked(Attempt(name, password, address, device=device))
        with self._database.writing() as connection:
            take_turn(connection, LOGIN)
            self._attempts.taken_back(connection, subjects)

    def _checked(self, attempt: Attempt) -> tuple[Sequence[str], Account, str]:
        """What the attempt was counted by, the account, and its password as it is kept."""
        name = attempt.name[:_LONGEST_NAME]
        with self._database.writing() as connection:
            take_turn(connection, LOGIN)
            subjects = self._attempts.subjects(connection, name, attempt.address, attempt.device)
            wait = self._attempts.wait(connection, subjects)
            if wait.total_seconds() > 0:
                raise TooManyAttempts(wait)
            # Counted before it is looked at: of many guesses at once none is for free.
            self._attempts.failed(connection, subjects)
        found, hashed = self._found(name)
        right = passwords.is_right(attempt.password, hashed)
        if found is None or found.disabled or not right:
            self._note_failure(name, attempt, found)
            raise NotLoggedIn("wrong-login", "the name or the password is wrong")
        return subjects, found, hashed

    def log_out(self, caller: Caller, session: str, address: str) -> None:
        """End a session."""
        with self._database.writing() as connection:
            self._sessions.end_in(connection, session)
            record_in(connection, caller, Activity.LOGGED_OUT, None, address)

    def _found(self, name: str) -> tuple[Account | None, str]:
        with self._database.reading(ACCOUNTS) as connection:
            found = None if connection is None else found_by_name(connection, name)
        return (None, "") if found is None else found

    def _note_failure(self, name: str, attempt: Attempt, found: Account | None) -> None:
        # What is typed as a name may be a password in the wrong field: only names of ours are kept.
        detail = {"account": name if found is not None else "unknown"}
        with self._database.writing() as connection:
            record_in(
                connection,
                NOBODY,
                Activity.LOGGED_IN,
                None,
                attempt.address,
                Outcome.DENIED,
                detail,
            )

"""API keys: what programs show instead of a password. Each is told once, and kept as a digest."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select

from scenario_runner.database.counter_table import ACCOUNTS
from scenario_runner.errors import UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.accounts.accounts import Account, by_number, required, unknown
from scenario_runner.service.accounts.clock import Clock, now
from scenario_runner.service.accounts.secrets import API_KEY, digest, fresh
from scenario_runner.service.accounts.tables import account, api_key
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.trail import record_in
from scenario_runner.service.permissions import Arrival, Caller

if TYPE_CHECKING:
    from scenario_runner.database.engine import Database

_SHOWN: Final = len(API_KEY) + 4
"""Characters of a key that are kept readable, to tell one from another."""
_LONGEST_LABEL: Final = 64


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it can be listed."""

    account: str
    label: str
    start: str
    created: dt.datetime
    expires: dt.datetime | None

    def as_json(self) -> dict[str, Any]:
        """For programs; the key itself is nowhere any more."""
        expires = None if self.expires is None else self.expires.isoformat(timespec="seconds")
        return {
            "account": self.account,
            "label": self.label,
            "start": self.start,
            "created": self.created.isoformat(timespec="seconds"),
            "expires": expires,
        }


class Keys:
    """The API keys of one database. Safe between threads and processes."""

    def __init__(self, database: Database, clock: Clock = now) -> None:
        self._database = database
        self._clock = clock

    def make(self, name: str, label: str, lasting: dt.timedelta | None, by: Caller) -> str:
        """A new key of an account; this is the only time it is told.

        label: what it is for, once for each account. lasting: None for no end. Raises UsageError.
        """
        if not label.strip() or len(label) > _LONGEST_LABEL or not label.isprintable():
            raise UsageError(f"a label has 1 to {_LONGEST_LABEL} characters that can be printed")
        key, moment = fresh(API_KEY), self._clock()
        with self._database.writing() as connection:
            found = required(connection, name)
            same = (api_key.c.account == found.number) & (api_key.c.label == label)
            if connection.execute(select(api_key.c.label).where(same)).first() is not None:
                raise UsageError(
                    f"'{found.name}' has a key '{label}' already",
                    hint="give it another label, or revoke that one first",
                )
            connection.execute(
                insert(api_key).values(
                    digest=digest(key),
                    account=found.number,
                    label=label,
                    start=key[:_SHOWN],
                    created=moment,
                    expires=None if lasting is None else moment + lasting,
                )
            )
            detail = {"account": found.name, "change": "key made", "key": label}
            record_in(connection, by, Activity.ACCOUNT_CHANGED, detail=detail)
        return key

    def revoke(self, name: str, label: str, by: Caller) -> None:
        """End a key at once. Raises UsageError when there is none of that label."""
        with self._database.writing() as connection:
            found = required(connection, name)
            same = (api_key.c.account == found.number) & (api_key.c.label == label)
            if not connection.execute(delete(api_key).where(same)).rowcount:
                raise UsageError(
                    f"'{found.name}' has no key '{label}'",
                    hint=f"fabricate user key {found.name} --list shows those there are",
                )
            detail = {"account": found.name, "change": "key revoked", "key": label}
            record_in(connection, by, Activity.ACCOUNT_CHANGED, detail=detail)

    def of(self, name: str) -> list[ApiKey]:
        """Those of an account, the oldest first. Raises UsageError when there is no such account."""
        with self._database.reading(ACCOUNTS) as connection:
            if connection is None:
                raise unknown(name)
            found = required(connection, name)
            rows = connection.execute(
                select(api_key).where(api_key.c.account == found.number).order_by(api_key.c.created)
            ).all()
        return [ApiKey(found.name, row.label, row.start, row.created, row.expires) for row in rows]

    def caller(self, key: str) -> Caller | None:
        """Whose key it is; None when it is nobody's, has ended, or the account is disabled."""
        found = self._account(key)
        return None if found is None else found.caller(Arrival.API_KEY)

    def _account(self, key: str) -> Account | None:
        with self._database.reading(ACCOUNTS) as connection:
            if connection is None:
                return None
            row = connection.execute(
                select(api_key.c.account, api_key.c.expires)
                .join(account, account.c.number == api_key.c.account)
                .where(api_key.c.digest == digest(key))
            ).one_or_none()
            if row is None or (row.expires is not None and row.expires <= self._clock()):
                return None
            return by_number(connection, row.account)

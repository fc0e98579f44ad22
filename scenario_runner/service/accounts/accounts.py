"""Accounts: made, listed, disabled, removed; and the caller that each of their proofs stands for."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, update

from scenario_runner.database.counter_table import ACCOUNTS
from scenario_runner.errors import UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.accounts import passwords
from scenario_runner.service.accounts.tables import account, api_key, login_session, viewer_token
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.trail import record_in
from scenario_runner.service.permissions import Arrival, Caller, Role

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from scenario_runner.database.engine import Database

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,62}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody, or some program, that may use the service."""

    number: int
    name: str
    roles: frozenset[Role]
    disabled: bool
    has_password: bool
    keys: int
    created: dt.datetime

    def caller(self, arrival: Arrival) -> Caller:
        """Who they are when they ask."""
        return Caller(self.name, self.roles, arrival, account=self.number)

    def as_json(self) -> dict[str, Any]:
        """For programs; nothing of it is secret."""
        return {
            "name": self.name,
            "roles": sorted(self.roles),
            "disabled": self.disabled,
            "password": self.has_password,
            "keys": self.keys,
            "created": self.created.isoformat(timespec="seconds"),
        }


class Accounts:
    """The accounts of one database. Safe between threads and processes.

    by: who makes a change, for the audit trail.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def exist(self) -> bool:
        """Whether there is any, disabled or not: from then on somebody has to log in."""
        with self.database.reading(ACCOUNTS) as connection:
            if connection is None:
                return False
            return connection.execute(select(account.c.number).limit(1)).first() is not None

    def has_administrator(self) -> bool:
        """Whether somebody could log in who may do everything."""
        return any(Role.ADMIN in one.roles and not one.disabled for one in self.all())

    def all(self) -> list[Account]:
        """By name."""
        with self.database.reading(ACCOUNTS) as connection:
            if connection is None:
                return []
            return [_account(row) for row in connection.execute(_every().order_by(account.c.name))]

    def named(self, name: str) -> Account:
        """Raises UsageError when there is none."""
        with self.database.reading(ACCOUNTS) as connection:
            if connection is None:
                raise unknown(name)
            return required(connection, name)

    def add(self, name: str, roles: Iterable[Role], password: str | None, by: Caller) -> Account:
        """A new account; without a password it is a program's, for API keys.

        Raises UsageError for a name that is taken or cannot be one, no role, or a password that is not good.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"'{name}' cannot be the name of an account",
                hint="up to 64 letters of ASCII, digits, and . _ @ - between them",
            )
        given = frozenset(roles)
        if not given:
            raise UsageError("an account needs a role", hint=f"one of {', '.join(Role)}")
        hashed = _hashed(name, password)
        now = dt.datetime.now(dt.UTC)
        with self.database.writing() as connection:
            if _found(connection, name) is not None:
                raise UsageError(f"there is an account '{name}' already")
            row = {"name": name, "roles": _joined(given), "password": hashed, "disabled": False}
            connection.execute(insert(account).values(**row, created=now, changed=now))
            detail = {"account": name, "change": "added", "roles": sorted(given)}
            record_in(connection, by, Activity.ACCOUNT_CHANGED, detail=detail)
            return required(connection, name)

    def set_password(self, name: str, password: str, by: Caller) -> None:
        """Another password; whoever was logged in with the old one is no more."""
        hashed = _hashed(name, password)
        with self.database.writing() as connection:
            number = required(connection, name).number
            self._change(connection, number, password=hashed)
            connection.execute(delete(login_session).where(login_session.c.account == number))
            _note(connection, by, name, "password set")

    def set_roles(self, name: str, roles: Iterable[Role], by: Caller) -> None:
        """Other roles, from the next request on. Raises UsageError if no administrator were left."""
        given = frozenset(roles)
        if not given:
            raise UsageError("an account needs a role", hint=f"one of {', '.join(Role)}")
        with self.database.writing() as connection:
            found = required(connection, name)
            if Role.ADMIN not in given:
                _require_another(connection, found, "lose the role admin")
            self._change(connection, found.number, roles=_joined(given))
            detail = {"account": found.name, "before": sorted(found.roles), "roles": sorted(given)}
            record_in(connection, by, Activity.ROLES_CHANGED, detail=detail)

    def set_disabled(self, name: str, disabled: bool, by: Caller) -> None:
        """Shut an account, its keys and its sessions; or open it again."""
        with self.database.writing() as connection:
            found = required(connection, name)
            if disabled:
                _require_another(connection, found, "be disabled")
                for table in (login_session, viewer_token):
                    connection.execute(delete(table).where(table.c.account == found.number))
            self._change(connection, found.number, disabled=disabled)
            _note(connection, by, found.name, "disabled" if disabled else "enabled")

    def remove(self, name: str, by: Caller) -> None:
        """Take an account away with its keys and sessions; what it did stays in the audit trail."""
        with self.database.writing() as connection:
            found = required(connection, name)
            _require_another(connection, found, "be removed")
            connection.execute(delete(account).where(account.c.number == found.number))
            _note(connection, by, found.name, "removed")

    @staticmethod
    def _change(connection: Connection, number: int, **values: Any) -> None:
        values["changed"] = dt.datetime.now(dt.UTC)
        connection.execute(update(account).where(account.c.number == number).values(**values))


def by_number(connection: Connection, number: int) -> Account | None:
    """An account that may be used; None when it is gone or disabled."""
    row = connection.execute(_every().where(account.c.number == number)).one_or_none()
    found = _account(row) if row is not None else None
    return None if found is None or found.disabled else found


def _every() -> Any:
    keys = select(func.count()).where(api_key.c.account == account.c.number).scalar_subquery()
    return select(account, keys.label("keys"))


def found_by_name(connection: Connection, name: str) -> tuple[Account, str] | None:
    """An account, and its password as it is kept; None when there is none."""
    row = connection.execute(_every().where(_same(name))).one_or_none()
    return None if row is None else (_account(row), row.password)


def _same(name: str) -> Any:
    """Without regard to case: two accounts that differ in it only would be mistaken for each other."""
    return func.lower(account.c.name) == name.lower()


def _found(connection: Connection, name: str) -> Account | None:
    known = found_by_name(connection, name)
    return None if known is None else known[0]


def required(connection: Connection, name: str) -> Account:
    """An account by its name, in any case. Raises UsageError when there is none."""
    found = _found(connection, name)
    if found is None:
        raise unknown(name)
    return found


def unknown(name: str) -> UsageError:
    """What is raised for a name that no account has."""
    return UsageError(
        f"there is no account '{name}'", hint="fabricate user list shows those there are"
    )


def _account(row: Row[Any]) -> Account:
    return Account(
        number=row.number,
        name=row.name,
        roles=frozenset(Role(one) for one in row.roles.split(",")),
        disabled=row.disabled,
        has_password=bool(row.password),
        keys=row.keys,
        created=row.created,
    )


def _joined(roles: frozenset[Role]) -> str:
    return ",".join(sorted(roles))


def _hashed(name: str, password: str | None) -> str:
    if password is None:
        return ""
    passwords.require_good(password, name)
    return passwords.password_hash(password)


def _note(connection: Connection, by: Caller, name: str, change: str) -> None:
    detail = {"account": name, "change": change}
    record_in(connection, by, Activity.ACCOUNT_CHANGED, detail=detail)


def _require_another(connection: Connection, found: Account, what: str) -> None:
    """The last administrator stays, while there is anybody else: nobody could open the door again."""
    if Role.ADMIN not in found.roles or found.disabled:
        return
    others = [_account(row) for row in connection.execute(_every())]
    others = [one for one in others if one.number != found.number]
    if others and not any(Role.ADMIN in one.roles and not one.disabled for one in others):
        raise UsageError(
            f"'{found.name}' is the last administrator and cannot {what}",
            hint="give somebody else that role first, or: fabricate user add NAME --role admin",
        )

"""The audit trail in the database: added to, read, and held to its own digests."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import RowMapping, insert, select

from scenario_runner.database.counter_table import ACCOUNTS
from scenario_runner.database.turns import AUDIT, take_turn
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.audit.entry import BEGINNING, Entry
from scenario_runner.service.audit.tables import audit_entry

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scenario_runner.database.engine import Database
    from scenario_runner.service.permissions import Caller

_PAGE: Final = 1_000
_LONGEST: Final = 1_000
"""Characters of a text in an entry; what a stranger sends must not fill the disk."""


@dataclass(frozen=True, slots=True)
class Break:
    """The first entry that is not as it was written, or whose forerunner is missing."""

    number: int
    """Of the entry that should be there."""
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look through the whole trail found. head: the digest of the last entry that holds."""

    entries: int
    head: str
    broken: Break | None = None


class Trail:
    """The audit trail of one database. Safe between threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self,
        caller: Caller,
        what: Activity,
        study_uid: str | None = None,
        from_where: str = "",
        outcome: Outcome = Outcome.SUCCESS,
        detail: Mapping[str, Any] | None = None,
    ) -> Entry:
        """Add an entry; it is kept when this returns. Raises MachineError."""
        with self._database.writing() as connection:
            return record_in(connection, caller, what, study_uid, from_where, outcome, detail)

    def entries(
        self, *, study: str | None = None, after: int = 0, limit: int | None = None
    ) -> Iterator[Entry]:
        """In the order they were written. study: only those about it; after: a number to go on from."""
        given = 0
        while limit is None or given < limit:
            most = _PAGE if limit is None else min(_PAGE, limit - given)
            found = self._page(study, after, most)
            yield from found
            given += len(found)
            if len(found) < most:
                return
            after = found[-1].number

    def latest(
        self, limit: int, study: str | None = None, before: int | None = None
    ) -> list[Entry]:
        """The newest first. before: a number to go on from."""
        query = select(audit_entry).order_by(audit_entry.c.number.desc()).limit(limit)
        if study is not None:
            query = query.where(audit_entry.c.study == study)
        if before is not None:
            query = query.where(audit_entry.c.number < before)
        with self._database.reading(ACCOUNTS) as connection:
            rows = connection.execute(query).mappings().all() if connection is not None else []
        return [_entry(row) for row in rows]

    def verify(self) -> Verdict:
        """Hold each entry to the one before, from the first to the last."""
        head, expected = BEGINNING, 1
        for entry in self.entries():
            if entry.number != expected:
                return Verdict(
                    expected - 1, head, Break(expected, f"entry {expected} is not there any more")
                )
            if entry.digest != entry.after(head):
                return Verdict(
                    expected - 1,
                    head,
                    Break(
                        expected, f"entry {expected} is not as it was written, or follows another"
                    ),
                )
            head, expected = entry.digest, expected + 1
        return Verdict(expected - 1, head)

    def _page(self, study: str | None, after: int, most: int) -> list[Entry]:
        query = (
            select(audit_entry)
            .where(audit_entry.c.number > after)
            .order_by(audit_entry.c.number)
            .limit(most)
        )
        if study is not None:
            query = query.where(audit_entry.c.study == study)
        with self._database.reading(ACCOUNTS) as connection:
            rows = connection.execute(query).mappings().all() if connection is not None else []
        return [_entry(row) for row in rows]


def record_in(
    connection: Connection,
    caller: Caller,
    what: Activity,
    study_uid: str | None = None,
    from_where: str = "",
    outcome: Outcome = Outcome.SUCCESS,
    detail: Mapping[str, Any] | None = None,
) -> Entry:
    """Add an entry in a transaction that writes: it is kept if, and only if, the rest of it is."""
    take_turn(connection, AUDIT)  # no two entries may follow the same one
    columns = audit_entry.c
    last = connection.execute(
        select(columns.number, columns.digest).order_by(columns.number.desc()).limit(1)
    ).one_or_none()
    entry = Entry(
        number=1 if last is None else last.number + 1,
        at=dt.datetime.now(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        caller=_text(caller.name),
        roles=",".join(sorted(caller.roles)),
        arrival=caller.arrival.value,
        what=what,
        study=None if study_uid is None else _text(study_uid),
        from_where=_text(from_where),
        outcome=outcome,
        detail=_plain(detail or {}),
    )
    entry = replace(entry, digest=entry.after(BEGINNING if last is None else last.digest))
    row = json.loads(entry.content)
    row["detail"] = json.dumps(entry.detail, sort_keys=True)
    connection.execute(insert(audit_entry).values(**row, digest=entry.digest))
    return entry


def _text(value: str) -> str:
    """Bounded, and without what no database keeps: NUL and halves of characters."""
    kept = value[:_LONGEST].replace("\0", "\N{REPLACEMENT CHARACTER}")
    return kept.encode("utf-8", "replace").decode("utf-8")


def _plain(value: Any) -> Any:
    """A detail as JSON gives it back, its texts bounded; a number with a fraction as text."""
    if isinstance(value, Mapping):
        return {_text(str(name)): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool | int):
        return value
    return _text(str(value))


def _entry(found: RowMapping) -> Entry:
    return Entry(
        **{
            **found,
            "what": _known(Activity, found["what"]),
            "outcome": _known(Outcome, found["outcome"]),
            "detail": _detail(found["detail"]),
        }
    )


def _known(kind: Any, value: str) -> Any:
    """As a member where it is one; what an intruder wrote stays as it is, so that its digest tells."""
    try:
        return kind(value)
    except ValueError:
        return value


def _detail(kept: str) -> Any:
    try:
        found = json.loads(kept)
    except ValueError:
        return {"unreadable": kept}
    return found if isinstance(found, dict) else {"unreadable": kept}

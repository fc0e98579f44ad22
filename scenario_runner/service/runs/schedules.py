"""Runs that are started by the clock: cron expressions, and when each is due next."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any, Final, Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from sqlalchemy import delete, func, insert, select, update

from scenario_runner.database.counter_table import RUNS
from scenario_runner.database.turns import RUN, take_turn
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.trail import record_in
from scenario_runner.service.errors import Conflicting, NotThere, Unacceptable
from scenario_runner.service.runs.asked import Asked, asked_from
from scenario_runner.service.runs.tables import run_schedule, server_run

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

    from scenario_runner.database.engine import Database
    from scenario_runner.service.asking import Asking

_MOST: Final = 200
_FIELDS: Final = 5


class Adds(Protocol):
    """Puts a run into the queue."""

    def __call__(
        self, connection: Connection, asked: Asked, who: str, *, schedule: int | None
    ) -> str:
        """As ``Runs.add_in``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A run that is started again and again. next: None while it is paused."""

    number: int
    title: str
    cron: str
    zone: str
    asked: Asked
    who: str
    made: dt.datetime
    next: dt.datetime | None
    last_run: str

    def as_json(self) -> dict[str, Any]:
        """For people and programs; the next time in the schedule's own zone."""
        due = None if self.next is None else self.next.astimezone(ZoneInfo(self.zone))
        return {
            "number": self.number,
            "title": self.title,
            "cron": self.cron,
            "zone": self.zone,
            "scenario": self.asked.name,
            "who": self.who,
            "made": self.made.isoformat(),
            "next": None if due is None else due.isoformat(),
            "paused": due is None,
            "last_run": self.last_run or None,
        }


def next_time(cron: str, zone: str, after: dt.datetime) -> dt.datetime:
    """When an expression is due next, in UTC. Raises Unacceptable for one that is none, or that never is."""
    if len(cron.split()) != _FIELDS:
        raise Unacceptable(
            "cron-expression",
            f"'{cron[:80]}' is no cron expression: it has five fields",
            hint="minute, hour, day of the month, month, day of the week: '30 2 * * mon-fri'",
        )
    try:
        local = after.astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OSError) as error:
        raise Unacceptable(
            "time-zone", f"there is no time zone '{zone[:80]}'", hint="such as Europe/Berlin"
        ) from error
    try:
        return next(CronSim(cron, local)).astimezone(dt.UTC)
    except CronSimError as error:
        raise Unacceptable(
            "cron-expression", f"'{cron[:80]}' is no cron expression: {error}"
        ) from error
    except StopIteration as error:
        raise Unacceptable("cron-expression", f"'{cron[:80]}' is never due") from error


def add(
    database: Database, asking: Asking, asked: Asked, *, title: str, cron: str, zone: str
) -> Schedule:
    """Begin a schedule. Raises Unacceptable, and Conflicting when there are too many."""
    now = dt.datetime.now(dt.UTC)
    due = next_time(cron, zone, now)
    with database.writing() as connection:
        take_turn(connection, RUN)
        count = connection.execute(select(func.count()).select_from(run_schedule)).scalar_one()
        if count >= _MOST:
            raise Conflicting("too-many-schedules", f"there are {count} schedules already")
        number = connection.execute(
            insert(run_schedule)
            .values(
                title=title or asked.title or asked.name,
                cron=" ".join(cron.split()),
                zone=zone,
                request=asked.as_json(),
                who=asking.caller.name,
                made=now,
                next=due,
                last_run="",
            )
            .returning(run_schedule.c.number)
        ).scalar_one()
        _note(connection, asking, number, "made", cron)
    return get(database, number)


def get(database: Database, number: int) -> Schedule:
    """One by its number. Raises NotThere."""
    query = select(run_schedule).where(run_schedule.c.number == number)
    with database.reading(RUNS) as connection:
        row = connection.execute(query).mappings().first() if connection is not None else None
    if row is None:
        raise _unknown(number)
    return _schedule(row)


def listed(database: Database) -> list[Schedule]:
    """All, the one that is due first before the others."""
    query = select(run_schedule).order_by(run_schedule.c.next.is_(None), run_schedule.c.next)
    with database.reading(RUNS) as connection:
        rows = connection.execute(query).mappings().all() if connection is not None else []
    return [_schedule(row) for row in rows]


def pause(database: Database, asking: Asking, number: int, *, paused: bool) -> Schedule:
    """Start nothing by it for a while, or go on. Raises NotThere."""
    found = get(database, number)
    due = None if paused else next_time(found.cron, found.zone, dt.datetime.now(dt.UTC))
    with database.writing() as connection:
        connection.execute(
            update(run_schedule).where(run_schedule.c.number == number).values(next=due)
        )
        _note(connection, asking, number, "paused" if paused else "resumed", found.cron)
    return get(database, number)


def remove(database: Database, asking: Asking, number: int) -> None:
    """End a schedule; its runs stay. Raises NotThere."""
    with database.writing() as connection:
        gone = connection.execute(delete(run_schedule).where(run_schedule.c.number == number))
        if not gone.rowcount:
            raise _unknown(number)
        _note(connection, asking, number, "removed", "")


def start_due(database: Database, now: dt.datetime, add_in: Adds) -> None:
    """Put what is due into the queue.

    Times that passed while no server ran are made up for by one run; a time at which the run before has not ended
    is passed over.
    """
    columns = run_schedule.c
    with database.reading(RUNS) as connection:
        if connection is None:
            return
        due = connection.execute(select(columns.number).where(columns.next <= now).limit(1)).first()
    if due is None:
        return
    with database.writing() as connection:
        take_turn(connection, RUN)
        rows = connection.execute(select(run_schedule).where(columns.next <= now)).mappings().all()
        for found in map(_schedule, rows):
            values: dict[str, Any] = {"next": next_time(found.cron, found.zone, now)}
            still = connection.execute(
                select(server_run.c.number).where(
                    server_run.c.id == found.last_run, server_run.c.state != "ended"
                )
            ).first()
            if still is None:
                values["last_run"] = add_in(
                    connection, found.asked, found.who, schedule=found.number
                )
            connection.execute(
                update(run_schedule).where(columns.number == found.number).values(values)
            )


def _note(connection: Connection, asking: Asking, number: int, what: str, cron: str) -> None:
    record_in(
        connection,
        asking.caller,
        Activity.SCHEDULE_CHANGED,
        None,
        asking.from_where,
        detail={"schedule": number, "what": what, "cron": cron},
    )


def _schedule(row: RowMapping) -> Schedule:
    try:
        asked = asked_from(row["request"])
    except (json.JSONDecodeError, TypeError):
        asked = Asked(name=row["title"])
    return Schedule(
        number=row["number"],
        title=row["title"],
        cron=row["cron"],
        zone=row["zone"],
        asked=asked,
        who=row["who"],
        made=row["made"],
        next=row["next"],
        last_run=row["last_run"],
    )


def _unknown(number: int) -> NotThere:
    return NotThere("schedule-not-found", f"there is no schedule {number}")

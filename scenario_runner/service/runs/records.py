"""The rows of runs: asked for, taken from the queue, ended; read by page."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import func, insert, select, update

from scenario_runner.database.counter_table import RUNS
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.runs.asked import Asked, asked_from
from scenario_runner.service.runs.tables import run_schedule, server_run

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, RowMapping, Select

    from scenario_runner.database.engine import Database

_LISTED: Final = tuple(one for one in server_run.c if one.name != "request")
State = Literal["queued", "running", "ended"]
OUTCOMES: Final = (
    "passed", "failed", "error", "skipped", "interrupted", "refused", "died", "withdrawn",
)  # fmt: skip
"""How a run ended: what its record says, or ``refused`` (it ended before there was one), ``died`` (its process went
without a word), ``withdrawn`` (stopped while it was in the queue)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as the server knows it; what it did stands in its evidence."""

    number: int
    id: str
    asked: Asked
    """Of ``listed`` no more than the name and the title."""
    who: str
    at: dt.datetime
    """When it was asked for."""
    began: dt.datetime | None
    ended: dt.datetime | None
    state: State
    outcome: str
    exit_code: int | None
    message: str
    attempt: int
    stopped_by: str
    repeats: str
    schedule: int | None

    def as_json(self) -> dict[str, Any]:
        """For people and programs."""
        asked = self.asked
        return {
            "id": self.id,
            "scenario": asked.name,
            "title": asked.title,
            "state": self.state,
            "outcome": self.outcome or None,
            "exit_code": self.exit_code,
            "message": self.message or None,
            "who": self.who,
            "asked": self.at.isoformat(),
            "began": None if self.began is None else self.began.isoformat(),
            "ended": None if self.ended is None else self.ended.isoformat(),
            "stopped_by": self.stopped_by or None,
            "repeats": self.repeats or None,
            "schedule": self.schedule,
            "site": None if asked.site is None else Path(asked.site).name,
            "set": dict(asked.set),
            "seed": asked.seed,
            "tag": asked.tag,
            "workers": asked.workers,
            "allow_production": asked.allow_production,
        }


def add(
    connection: Connection,
    run_id: str,
    asked: Asked,
    who: str,
    *,
    repeats: str = "",
    schedule: int | None = None,
) -> None:
    """Put a run into the queue."""
    connection.execute(
        insert(server_run).values(
            id=run_id,
            scenario=asked.name,
            title=asked.title,
            request=asked.as_json(),
            who=who,
            asked=dt.datetime.now(dt.UTC),
            state="queued",
            outcome="",
            message="",
            attempt=0,
            stopped_by="",
            repeats=repeats,
            schedule=schedule,
        )
    )


def unended(database: Database, state: State) -> list[Run]:
    """Those that run, or wait, the first asked for first."""
    query = (
        select(server_run)
        .where(server_run.c.state != "ended", server_run.c.state == state)
        .order_by(server_run.c.number)
    )
    with database.reading(RUNS) as connection:
        rows = connection.execute(query).mappings().all() if connection is not None else []
    return [_run(row) for row in rows]


def get(database: Database, run_id: str) -> Run | None:
    """One by its ID."""
    with database.reading(RUNS) as connection:
        return None if connection is None else get_in(connection, run_id)


def get_in(connection: Connection, run_id: str) -> Run | None:
    """The same in a transaction."""
    row = connection.execute(select(server_run).where(server_run.c.id == run_id)).mappings().first()
    return None if row is None else _run(row)


def set_to(connection: Connection, run_id: str, **values: Any) -> None:
    """Change columns of a run."""
    connection.execute(update(server_run).where(server_run.c.id == run_id).values(values))


@dataclass(frozen=True, slots=True)
class Which:
    """The runs that are meant: of one of these outcomes, in this state, of this scenario; what is not said is no matter."""

    outcomes: Sequence[str] = ()
    state: str | None = None
    scenario: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """As the database is asked."""
        columns = server_run.c
        meant: list[ColumnElement[bool]] = []
        if self.outcomes:
            meant.append(columns.outcome.in_(self.outcomes))
        if self.state is not None:
            meant.append(columns.state == self.state)
            if self.state != "ended":
                meant.append(columns.state != "ended")  # what the index of those has
        if self.scenario is not None:
            meant.append(columns.scenario == self.scenario)
        return meant


EVERY: Final = Which()


def ahead(database: Database, run: Run) -> int:
    """How many in the queue were asked for before it."""
    queued = Which(state="queued").conditions()
    query = select(func.count()).select_from(server_run)
    query = query.where(*queued, server_run.c.number < run.number)
    with database.reading(RUNS) as connection:
        return 0 if connection is None else int(connection.execute(query).scalar_one())


def page(
    database: Database, limit: int, offset: int, which: Which = EVERY
) -> tuple[list[Run], int]:
    """The newest first, and how many there are in all."""
    return _page(database, select(server_run), which.conditions(), limit, offset)


def listed(
    database: Database, limit: int, offset: int, which: Which = EVERY
) -> tuple[list[Run], int]:
    """The same without reading what was asked: a scenario that came as text may have a million characters."""
    return _page(database, select(*_LISTED), which.conditions(), limit, offset)


def _page(
    database: Database,
    query: Select[Any],
    meant: Sequence[ColumnElement[bool]],
    limit: int,
    offset: int,
) -> tuple[list[Run], int]:
    some = query.where(*meant).order_by(server_run.c.number.desc()).limit(limit).offset(offset)
    count = select(func.count()).select_from(server_run).where(*meant)
    with database.reading(RUNS) as connection:
        if connection is None:
            return [], 0
        rows = connection.execute(some).mappings().all()
        total = int(connection.execute(count).scalar_one())
    return [_run(row) for row in rows], total


def is_named(database: Database, file: str) -> bool:
    """Whether a run, ended ones that can be repeated among them, or a schedule is asked for with a file of that name."""
    with database.reading(RUNS) as connection:
        if connection is None:
            return False
        return any(
            connection.execute(
                select(table.c.number)
                .where(table.c.request.contains(file, autoescape=True))
                .limit(1)
            ).first()
            is not None
            for table in (server_run, run_schedule)
        )


def _run(row: RowMapping) -> Run:
    return Run(
        number=row["number"],
        id=row["id"],
        asked=_asked(row),
        who=row["who"],
        at=row["asked"],
        began=row["began"],
        ended=row["ended"],
        state=row["state"],
        outcome=row["outcome"],
        exit_code=row["exit_code"],
        message=row["message"],
        attempt=row["attempt"],
        stopped_by=row["stopped_by"],
        repeats=row["repeats"],
        schedule=row["schedule"],
    )


def _asked(row: RowMapping) -> Asked:
    if "request" not in row:
        return Asked(name=row["scenario"], title=row["title"])
    try:
        return asked_from(row["request"])
    except (json.JSONDecodeError, TypeError):  # of a version that knew other things
        return Asked(name=row["scenario"], title=row["title"])

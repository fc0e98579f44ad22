"""The tables of runs as queries name them; the history in ``database/migrations`` makes them."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, Table, Text, text

from scenario_runner.database.columns import NUMBER, Moment

metadata = MetaData()

run_schedule = Table(
    "run_schedule",
    metadata,
    Column("number", NUMBER, primary_key=True),
    Column("title", Text, nullable=False),
    Column("cron", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("made", Moment, nullable=False),
    Column("next", Moment),
    Column("last_run", Text, nullable=False),
)
"""``next``: null while it is paused. ``last_run``: the ID of the run it started last, or empty."""
_UNENDED = text("state <> 'ended'")
server_run = Table(
    "server_run",
    metadata,
    Column("number", NUMBER, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("scenario", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("asked", Moment, nullable=False),
    Column("began", Moment),
    Column("ended", Moment),
    Column("state", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("exit_code", Integer),
    Column("message", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("stopped_by", Text, nullable=False),
    Column("repeats", Text, nullable=False),
    Column("schedule", NUMBER),
    Index("server_run_unended", "number", sqlite_where=_UNENDED, postgresql_where=_UNENDED),
    Index("server_run_outcome", "outcome", "number"),
    Index("server_run_scenario", "scenario", "number"),
)
"""``request``: JSON of what was asked. ``outcome``: empty until it has ended. ``attempt``: how often a process was to
be started for it; more than once only where no process had begun."""

"""The ledger's tables as queries name them; what makes them is the history in ``database/migrations``."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, Text

from scenario_runner.database.columns import NUMBER

metadata = MetaData()

run = Table(
    "ledger_run",
    metadata,
    Column("run", Text, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("stop", Integer, nullable=False),
)
"""``request`` is what a worker plans from; ``stop`` how many times the run was told to stop, or CLOSED."""
part = Table(
    "ledger_part",
    metadata,
    Column("run", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("worker", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("ending", Text, nullable=False),
)
"""A part of the work: how often it was claimed, by whom at last, what it is, and how it ended; empty until then."""
entry = Table(
    "ledger_entry",
    metadata,
    Column("number", NUMBER, primary_key=True),
    Column("run", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("waits", Integer, nullable=False),
    Index("ledger_entry_part", "run", "part", "number"),
)
"""What an attempt tells: a batch of events, a file of its evidence, the names of many that lie beside the ledger, or which instances it is about to send.
``waits`` is 1 until the client has it."""

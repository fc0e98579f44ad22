"""The table of the audit trail as queries name it; the history in ``database/migrations`` makes it."""

from __future__ import annotations

from sqlalchemy import Column, Index, MetaData, Table, Text

from scenario_runner.database.columns import NUMBER

metadata = MetaData()
audit_entry = Table(
    "audit_entry",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("arrival", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("study", Text),
    Column("from_where", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Index("audit_entry_study", "study"),
)
"""Text as it was written, moments too: what a database makes of a value must not change its digest."""

"""What the workers of a run that many machines carry out tell of it, until it is in the run's record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "ledger_run",
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("stop", sa.Integer, nullable=False),
    )
    op.create_table(
        "ledger_part",
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("part", sa.Text, primary_key=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("ending", sa.Text, nullable=False),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("waits", sa.Integer, nullable=False),
    )
    waiting = sa.text("waits = 1")
    op.create_index(
        "ledger_entry_waiting",
        "ledger_entry",
        ["run", "number"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index("ledger_entry_part", "ledger_entry", ["run", "part", "number"])

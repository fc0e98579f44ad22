"""Runs that belong to a server, and the times at which some are started."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "run_schedule",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("cron", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("made", _MOMENT, nullable=False),
        sa.Column("next", _MOMENT),
        sa.Column("last_run", sa.Text, nullable=False),
    )
    op.create_table(
        "server_run",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("scenario", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("asked", _MOMENT, nullable=False),
        sa.Column("began", _MOMENT),
        sa.Column("ended", _MOMENT),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("exit_code", sa.Integer),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("stopped_by", sa.Text, nullable=False),
        sa.Column("repeats", sa.Text, nullable=False),
        sa.Column("schedule", _NUMBER),
    )
    unended = sa.text("state <> 'ended'")
    op.create_index(
        "server_run_unended",
        "server_run",
        ["number"],
        sqlite_where=unended,
        postgresql_where=unended,
    )
    op.create_index("server_run_outcome", "server_run", ["outcome", "number"])
    op.create_index("server_run_scenario", "server_run", ["scenario", "number"])

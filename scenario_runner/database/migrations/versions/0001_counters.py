"""The counters that identifiers are numbered by."""

from __future__ import annotations

from alembic import op

from scenario_runner.database.counter_table import counter_table

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table unless a run has made it."""
    op.execute(counter_table(op.get_bind().dialect.name))

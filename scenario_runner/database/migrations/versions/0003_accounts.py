"""Who may use the service, and the audit trail, which only grows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_REFUSAL = "the audit trail only grows: its entries are neither changed nor taken away"


def upgrade() -> None:
    """Make the tables, and what keeps the audit trail as it was written."""
    op.create_table(
        "account",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("changed", _MOMENT, nullable=False),
    )
    op.create_table(
        "api_key",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("account", _NUMBER, _account(), nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("start", sa.Text, nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("expires", _MOMENT),
        sa.UniqueConstraint("account", "label", name="api_key_label"),
    )
    op.create_table(
        "login_session",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("account", _NUMBER, _account(), nullable=False),
        sa.Column("begun", _MOMENT, nullable=False),
        sa.Column("seen", _MOMENT, nullable=False),
    )
    op.create_index("login_session_account", "login_session", ["account"])
    op.create_table(
        "login_failure",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last", _MOMENT, nullable=False),
    )
    op.create_table(
        "viewer_token",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("study", sa.Text, nullable=False),
        sa.Column("given_to", sa.Text, nullable=False),
        sa.Column("account", _NUMBER, _account()),
        sa.Column("expires", _MOMENT, nullable=False),
    )
    op.create_table(
        "deletion",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("study", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked", _MOMENT, nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided", _MOMENT),
        sa.Column("outcome", sa.Text, nullable=False),
    )
    op.create_index("deletion_study", "deletion", ["study"])
    op.create_table(
        "audit_entry",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("arrival", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("study", sa.Text),
        sa.Column("from_where", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
    )
    op.create_index("audit_entry_study", "audit_entry", ["study"])
    if op.get_bind().dialect.name == "sqlite":
        _only_grows_in_sqlite()
    else:
        _only_grows_in_postgresql()


def _account() -> sa.ForeignKey:
    return sa.ForeignKey("account.number", ondelete="CASCADE")


def _only_grows_in_sqlite() -> None:
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_entry_no_{change.lower()} BEFORE {change} ON audit_entry "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
    # INSERT OR REPLACE takes rows away without asking the trigger above.
    last = "(SELECT coalesce(max(number), 0) FROM audit_entry)"
    op.execute(
        "CREATE TRIGGER audit_entry_next BEFORE INSERT ON audit_entry "
        f"WHEN new.number <= {last} BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    )


def _only_grows_in_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_entry_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_only_grows()"
    )

"""The tables of accounts as queries name them; the history in ``database/migrations`` makes them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from scenario_runner.database.columns import NUMBER, Moment

metadata = MetaData()


def _account() -> ForeignKey:
    return ForeignKey("account.number", ondelete="CASCADE")


account = Table(
    "account",
    metadata,
    Column("number", NUMBER, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("roles", Text, nullable=False),
    Column("password", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created", Moment, nullable=False),
    Column("changed", Moment, nullable=False),
)
"""``roles`` with commas between; ``password`` as argon2 encodes it, empty for a program that has keys only."""
api_key = Table(
    "api_key",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("account", NUMBER, _account(), nullable=False),
    Column("label", Text, nullable=False),
    Column("start", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment),
    UniqueConstraint("account", "label", name="api_key_label"),
)
"""``start``: what a key begins with, for a person to tell one from another."""
login_session = Table(
    "login_session",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("account", NUMBER, _account(), nullable=False),
    Column("begun", Moment, nullable=False),
    Column("seen", Moment, nullable=False),
    Index("login_session_account", "account"),
)
login_failure = Table(
    "login_failure",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last", Moment, nullable=False),
)
viewer_token = Table(
    "viewer_token",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("study", Text, nullable=False),
    Column("given_to", Text, nullable=False),
    Column("account", NUMBER, _account()),
    Column("expires", Moment, nullable=False),
)
deletion = Table(
    "deletion",
    metadata,
    Column("number", NUMBER, primary_key=True),
    Column("study", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked", Moment, nullable=False),
    Column("decided_by", Text),
    Column("decided", Moment),
    Column("outcome", Text, nullable=False),
    Index("deletion_study", "study"),
)

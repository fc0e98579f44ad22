"""Patients that outlive a run, what was made for them, what orders were seen, and settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, and what lets a part of a word be found among many patients."""
    op.create_table(
        "patient",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sex", sa.Text, nullable=False),
        sa.Column("birth_date", sa.Date, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used", sa.DateTime(timezone=True)),
        sa.Column("search", sa.Text, nullable=False),
        sa.UniqueConstraint("id", "issuer", name="patient_id"),
    )
    op.create_table(
        "other_id",
        sa.Column("patient", _NUMBER, _patient(), primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("issuer", sa.Text, primary_key=True),
    )
    op.create_index("other_id_id", "other_id", ["id"])
    op.create_table(
        "study",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("patient", _NUMBER, _patient(), nullable=False),
        sa.Column("uid", sa.Text, nullable=False, unique=True),
        sa.Column("accession", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run", sa.Text, nullable=False),
    )
    op.create_index("study_patient", "study", ["patient"])
    op.create_index("study_accession", "study", ["accession"])
    op.create_table(
        "series",
        sa.Column("study", _NUMBER, _study(), primary_key=True),
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("modality", sa.Text, nullable=False),
    )
    op.create_table(
        "stored",
        sa.Column("study", _NUMBER, _study(), primary_key=True),
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("instances", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "order_seen",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("accession", sa.Text, nullable=False),
        sa.Column("patient_id", sa.Text, nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("source", "id", name="order_seen_id"),
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        _trigrams_of_sqlite()
    else:
        _trigrams_of_postgresql()


def _patient() -> sa.ForeignKey:
    return sa.ForeignKey("patient.number", ondelete="CASCADE")


def _study() -> sa.ForeignKey:
    return sa.ForeignKey("study.number", ondelete="CASCADE")


def _trigrams_of_sqlite() -> None:
    """An index of all parts of words; a SQLite without FTS5 reads all patients instead.

    Triggers keep it in step with what is changed and deleted. Whoever adds patients adds them to it:
    a trigger would do that one by one, at a fifth of the speed.
    """
    modules = {row[0] for row in op.get_bind().exec_driver_sql("PRAGMA module_list")}
    if "fts5" not in modules:
        return
    op.execute(
        "CREATE VIRTUAL TABLE patient_trigram USING fts5(search, content='patient', "
        "content_rowid='number', tokenize='trigram case_sensitive 1', detail=none, columnsize=0)"
    )
    op.execute("CREATE VIRTUAL TABLE patient_term USING fts5vocab(patient_trigram, row)")
    gone = "INSERT INTO patient_trigram(patient_trigram, rowid, search) VALUES ('delete', old.number, old.search);"
    come = "INSERT INTO patient_trigram(rowid, search) VALUES (new.number, new.search);"
    for name, when, what in (
        ("gone", "AFTER DELETE", gone),
        ("changed", "AFTER UPDATE OF search", gone + come),
    ):
        op.execute(f"CREATE TRIGGER patient_{name} {when} ON patient BEGIN {what} END")


def _trigrams_of_postgresql() -> None:
    """An index if the server has the extension and lets this user have it; else it reads all.

    Of characters beyond ASCII there is one of its own, for names in Chinese characters have no three.
    """
    connection = op.get_bind()
    op.execute(
        "CREATE INDEX patient_character ON patient "
        "USING gin (regexp_split_to_array(search, '')) WHERE search ~ '[^ -~]'"
    )
    try:
        with connection.begin_nested():
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            op.execute("CREATE INDEX patient_trigram ON patient USING gin (search gin_trgm_ops)")
    except sa.exc.DBAPIError:
        return

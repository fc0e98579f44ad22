"""The tables as queries name them; what makes them is the history in ``database/migrations``."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from scenario_runner.database.columns import NUMBER, Moment

metadata = MetaData()


def _of(table: str) -> ForeignKey:
    return ForeignKey(f"{table}.number", ondelete="CASCADE")


counter = Table(
    "counter",
    metadata,
    Column("site", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("next", NUMBER, nullable=False),
)
patient = Table(
    "patient",
    metadata,
    Column("number", NUMBER, primary_key=True),
    Column("id", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sex", Text, nullable=False),
    Column("birth_date", Date, nullable=False),
    Column("address", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("last_used", Moment),
    Column("search", Text, nullable=False),
    UniqueConstraint("id", "issuer", name="patient_id"),
    Index("patient_birth_date", "birth_date"),
)
"""``issuer``, ``address``, ``phone`` and ``locale`` are empty where there is none; ``search`` is what
``folding`` makes of the rest."""
other_id = Table(
    "other_id",
    metadata,
    Column("patient", NUMBER, _of("patient"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("issuer", Text, primary_key=True),
    Index("other_id_id", "id"),
)
study = Table(
    "study",
    metadata,
    Column("number", NUMBER, primary_key=True),
    Column("patient", NUMBER, _of("patient"), nullable=False),
    Column("uid", Text, nullable=False, unique=True),
    Column("accession", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("date", Date, nullable=False),
    Column("made", Moment, nullable=False),
    Column("run", Text, nullable=False),
    Index("study_patient", "patient"),
    Index("study_accession", "accession"),
)
series = Table(
    "series",
    metadata,
    Column("study", NUMBER, _of("study"), primary_key=True),
    Column("uid", Text, primary_key=True),
    Column("modality", Text, nullable=False),
)
stored = Table(
    "stored",
    metadata,
    Column("study", NUMBER, _of("study"), primary_key=True),
    Column("target", Text, primary_key=True),
    Column("instances", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("deleted", Moment),
)
"""Which target acknowledged how many instances of a study, and when it was deleted there again."""
order_seen = Table(
    "order_seen",
    metadata,
    Column("number", NUMBER, primary_key=True),
    Column("source", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("accession", Text, nullable=False),
    Column("patient_id", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("seen", Moment, nullable=False),
    Column("modality", Text, nullable=False),
    Column("date", Date),
    UniqueConstraint("source", "id", name="order_seen_id"),
    Index("order_seen_accession", "accession"),
    Index("order_seen_patient", "patient_id"),
)
"""``modality`` is empty and ``date`` null where the order did not say what is to be done when."""
hl7_message = Table(
    "hl7_message",
    metadata,
    Column("number", NUMBER, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("way", Text, nullable=False),
    Column("peer", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("control_id", Text, nullable=False),
    Column("patient_id", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("hl7_message_patient", "patient_id"),
    Index("hl7_message_control", "control_id"),
)
"""``way`` is in or out; ``code`` is empty where no acknowledgement was read or given."""
setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("source", Text, nullable=False),
)
"""What ``patient load-config`` read: a value as JSON, and the file it was in."""

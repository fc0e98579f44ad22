"""The service's tables as queries name them; what makes them is the history in ``database/migrations``."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

from scenario_runner.database.columns import NUMBER, Moment

metadata = MetaData()


def _upload() -> ForeignKey:
    return ForeignKey("upload.number", ondelete="CASCADE")


upload = Table(
    "upload",
    metadata,
    Column("number", NUMBER, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("from_where", Text, nullable=False),
    Column("begun", Moment, nullable=False),
    Column("ended", Moment),
    Column("status", Text, nullable=False),
    Column("error", Text, nullable=False),
)
_WAITING = text("findings IS NULL AND status = 'success'")
upload_file = Table(
    "upload_file",
    metadata,
    Column("upload", NUMBER, _upload(), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sop_instance_uid", Text, nullable=False),
    Column("study_instance_uid", Text, nullable=False),
    Column("findings", Text),
    Index("upload_file_study", "study_instance_uid"),
    Index(
        "upload_file_unjudged",
        "upload",
        "position",
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    ),
)
"""``findings``: JSON of what conformance says; null until it was asked."""
upload_study = Table(
    "upload_study",
    metadata,
    Column("upload", NUMBER, _upload(), primary_key=True),
    Column("study_instance_uid", Text, primary_key=True),
    Column("patient_id", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Index("upload_study_patient", "patient_id"),
    Index("upload_study_study", "study_instance_uid"),
)
"""``summary``: JSON of what the upload's answer said of the study."""
study_match = Table(
    "study_match",
    metadata,
    Column("study_instance_uid", Text, primary_key=True),
    Column("patient_id", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("accession", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("chosen_by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index("study_match_order", "order_id"),
)
"""Empty where nothing is linked; ``chosen_by`` names the person where it was one."""
study_change = Table(
    "study_change",
    metadata,
    Column("number", NUMBER, primary_key=True),
    Column("study_instance_uid", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("done", Moment),
    Index("study_change_study", "study_instance_uid"),
)
"""``before`` and ``after``: JSON, keyword to value. Written before the study is changed, ``done`` after it."""

"""What was uploaded, what studies were matched with and what was corrected; orders know what they are for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "upload",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("from_where", sa.Text, nullable=False),
        sa.Column("begun", _MOMENT, nullable=False),
        sa.Column("ended", _MOMENT),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_table(
        "upload_file",
        sa.Column("upload", _NUMBER, _upload(), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sop_instance_uid", sa.Text, nullable=False),
        sa.Column("study_instance_uid", sa.Text, nullable=False),
        sa.Column("findings", sa.Text),
    )
    op.create_index("upload_file_study", "upload_file", ["study_instance_uid"])
    waiting = sa.text("findings IS NULL AND status = 'success'")
    op.create_index(
        "upload_file_unjudged",
        "upload_file",
        ["upload", "position"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_table(
        "upload_study",
        sa.Column("upload", _NUMBER, _upload(), primary_key=True),
        sa.Column("study_instance_uid", sa.Text, primary_key=True),
        sa.Column("patient_id", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
    )
    op.create_index("upload_study_patient", "upload_study", ["patient_id"])
    op.create_index("upload_study_study", "upload_study", ["study_instance_uid"])
    op.create_table(
        "study_match",
        sa.Column("study_instance_uid", sa.Text, primary_key=True),
        sa.Column("patient_id", sa.Text, nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("accession", sa.Text, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("chosen_by", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_index("study_match_order", "study_match", ["order_id"])
    op.create_table(
        "study_change",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("study_instance_uid", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("done", _MOMENT),
    )
    op.create_index("study_change_study", "study_change", ["study_instance_uid"])
    op.add_column("order_seen", sa.Column("modality", sa.Text, nullable=False, server_default=""))
    op.add_column("order_seen", sa.Column("date", sa.Date))
    op.create_index("patient_birth_date", "patient", ["birth_date"])
    op.create_index("order_seen_accession", "order_seen", ["accession"])
    op.create_index("order_seen_patient", "order_seen", ["patient_id"])


def _upload() -> sa.ForeignKey:
    return sa.ForeignKey("upload.number", ondelete="CASCADE")

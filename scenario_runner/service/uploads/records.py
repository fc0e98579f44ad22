"""Uploads in the database: begun, ended, found again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, bindparam, func, insert, select, update

from scenario_runner.database.counter_table import IMAGING
from scenario_runner.service.tables import upload, upload_file, upload_study
from scenario_runner.service.uploads.outcome import FileOutcome, UploadOutcome

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scenario_runner.database.engine import Database

_COLUMNS = (
    upload.c.number, upload.c.id, upload.c.kind, upload.c.who, upload.c.from_where, upload.c.begun,
    upload.c.ended, upload.c.status, upload.c.error,
)  # fmt: skip


def begin(connection: Connection, outcome: UploadOutcome) -> int:
    """Note an upload before its first byte; returns its number."""
    row = {
        "id": outcome.id,
        "kind": outcome.kind,
        "who": outcome.who,
        "from_where": outcome.from_where,
        "begun": outcome.begun,
        "status": outcome.status,
        "error": "",
    }
    found = connection.execute(insert(upload).values(row).returning(upload.c.number))
    return int(found.scalar_one())


def is_known(connection: Connection, upload_id: str) -> bool:
    """Whether there is an upload of this id."""
    found = connection.execute(select(upload.c.number).where(upload.c.id == upload_id))
    return found.first() is not None


def note_files(connection: Connection, number: int, files: Sequence[FileOutcome]) -> None:
    """Note what is about to be stored, so that whoever comes after a kill can tell what was."""
    if not files:
        return
    connection.execute(
        insert(upload_file),
        [
            {
                "upload": number,
                "position": position,
                "name": _kept(one.name),
                "status": one.status,
                "code": one.code,
                "error": _kept(one.error),
                "size": one.size,
                "sop_instance_uid": _kept(one.sop_instance_uid),
                "study_instance_uid": _kept(one.study_instance_uid),
                "findings": None if one.findings is None else json.dumps(one.findings),
            }
            for position, one in enumerate(files)
        ],
    )


def end(connection: Connection, number: int, outcome: UploadOutcome) -> None:
    """Note how it ended: the files that were being stored, the studies, the whole."""
    files = upload_file.c
    others = [
        {
            "at_position": position,
            "became": one.status,
            "told_by": one.code,
            "said": _kept(one.error),
        }
        for position, one in enumerate(outcome.files)
        if one.status != "success"
    ]
    if others:
        connection.execute(
            update(upload_file)
            .where(files.upload == number, files.position == bindparam("at_position"))
            .values(status=bindparam("became"), code=bindparam("told_by"), error=bindparam("said")),
            others,
        )
    connection.execute(
        update(upload_file)
        .where(files.upload == number, files.status == "storing")
        .values(status="success")
    )
    if outcome.studies:
        connection.execute(
            insert(upload_study),
            [
                {
                    "upload": number,
                    "study_instance_uid": one["study_instance_uid"],
                    "patient_id": _kept(one["patient_id"] or ""),
                    "summary": json.dumps(one),
                }
                for one in outcome.studies
            ],
        )
    connection.execute(
        update(upload)
        .where(upload.c.number == number)
        .values(status=outcome.status, ended=outcome.ended, error=_kept(outcome.error))
    )


def hand_over(connection: Connection, study_uid: str, patient_id: str) -> None:
    """Have the uploads that brought a study found by the patient it is of now."""
    of_study = upload_study.c.study_instance_uid == study_uid
    connection.execute(update(upload_study).where(of_study).values(patient_id=patient_id))


def get(database: Database, upload_id: str) -> UploadOutcome | None:
    """An upload with its files and studies."""
    return _whole(database, select(*_COLUMNS).where(upload.c.id == upload_id))


def numbered(database: Database, number: int) -> UploadOutcome | None:
    """The same, by the number it has in the database."""
    return _whole(database, select(*_COLUMNS).where(upload.c.number == number))


def _whole(database: Database, query: Select[Any]) -> UploadOutcome | None:
    with database.reading(IMAGING) as connection:
        row = connection.execute(query).mappings().one_or_none() if connection else None
        if connection is None or row is None:
            return None
        found = _read(row)
        files = select(upload_file).where(upload_file.c.upload == row["number"])
        found.files = [
            FileOutcome(
                **{
                    key: one[key]
                    for key in (
                        "name", "status", "code", "error", "size", "sop_instance_uid",
                        "study_instance_uid",
                    )
                },
                findings=None if one["findings"] is None else json.loads(one["findings"]),
            )
            for one in connection.execute(files.order_by(upload_file.c.position)).mappings()
        ]  # fmt: skip
        found.studies = _studies(connection, [row["number"]]).get(row["number"], [])
        return found


def page(
    database: Database, limit: int, offset: int, patient_id: str | None = None
) -> tuple[list[dict[str, Any]], int]:
    """Uploads, the newest first, each with its studies and counts of its files; and how many there are."""
    query: Select[Any] = select(*_COLUMNS)
    if patient_id is not None:
        of_patient = select(upload_study.c.upload).where(upload_study.c.patient_id == patient_id)
        query = query.where(upload.c.number.in_(of_patient))
    with database.reading(IMAGING) as connection:
        if connection is None:
            return [], 0
        total = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
        rows = (
            connection.execute(query.order_by(upload.c.number.desc()).limit(limit).offset(offset))
            .mappings()
            .all()
        )
        numbers = [row["number"] for row in rows]
        studies, counts = _studies(connection, numbers), _counts(connection, numbers)
    found = [
        {
            **summary(_read(row)),
            "files": counts.get(row["number"], {}),
            "studies": studies.get(row["number"], []),
        }
        for row in rows
    ]
    return found, int(total)


def summary(outcome: UploadOutcome) -> dict[str, Any]:
    """What an upload is, without its files."""
    return {
        "upload_id": outcome.id,
        "status": outcome.status,
        "kind": outcome.kind,
        "uploaded_by": outcome.who,
        "begun": moment(outcome.begun),
        "ended": moment(outcome.ended),
        "error": outcome.error or None,
    }


def moment(when: dt.datetime | None) -> str | None:
    """A moment as ISO 8601 in UTC."""
    if when is None:
        return None
    return when.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read(row: Mapping[Any, Any]) -> UploadOutcome:
    return UploadOutcome(**{key: row[key] for key in row if key != "number"})


def _studies(connection: Connection, numbers: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    query = select(upload_study).where(upload_study.c.upload.in_(numbers))
    for row in connection.execute(query).mappings():
        found.setdefault(row["upload"], []).append(json.loads(row["summary"]))
    return found


def _counts(connection: Connection, numbers: Sequence[int]) -> dict[int, dict[str, int]]:
    columns = upload_file.c
    query = (
        select(columns.upload, columns.status, func.count())
        .where(columns.upload.in_(numbers))
        .group_by(columns.upload, columns.status)
    )
    found: dict[int, dict[str, int]] = {}
    for number, status, count in connection.execute(query):
        found.setdefault(number, {})[status] = count
    return found


def _kept(value: str) -> str:
    """Without what no database keeps: NUL and halves of characters."""
    plain = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return plain.encode("utf-8", "replace").decode("utf-8")

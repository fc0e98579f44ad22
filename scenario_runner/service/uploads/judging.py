"""Conformance asked of every file that was stored, on a thread of its own beside the uploads.

The database knows which files were not judged yet, so that none is forgotten when the process ends. Judging is
done in a process that decodes, where what is hostile harms nobody and other requests do not wait for it.
"""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, select, update

from scenario_runner import decoding
from scenario_runner.conformance.standard import Standard
from scenario_runner.database.counter_table import IMAGING
from scenario_runner.errors import FabricatorError
from scenario_runner.service.tables import upload_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scenario_runner.conformance.api import Finding
    from scenario_runner.database.engine import Database
    from scenario_runner.service.homes.home import Home

LOGGER = logging.getLogger(__name__)
_BATCH: Final = 50
MOST_FINDINGS: Final = 100
"""Findings that are kept of a file."""
_RETRY: Final = 30.0
"""Seconds after which what could not be judged is tried again."""
_NOTED: Final = (
    update(upload_file)
    .where(
        upload_file.c.upload == bindparam("of_upload"),
        upload_file.c.position == bindparam("at_position"),
    )
    .values(findings=bindparam("said"))
)
"""Made once: to make it for each file costs more than the database takes for it."""


def plain_findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as plain values."""
    return [
        {
            "severity": one.severity,
            "rule": one.rule,
            "attribute": one.attribute,
            "message": one.message,
            "section": one.section,
        }
        for one in findings
    ]


def judged(file: Path) -> list[dict[str, Any]]:
    """What our rules say of a file, asked in another process. Raises OSError."""
    try:
        head, _ = decoding.elsewhere(f"{__name__}:answer", files=[str(file)])
    except decoding.UndecodableError as error:
        return [_unjudged(str(error))]
    found: list[dict[str, Any]] = head["findings"][0]
    return found


def answer(head: dict[str, Any], _: bytes) -> tuple[dict[str, Any], bytes]:
    """The same within the process that decodes."""
    found: list[list[dict[str, Any]]] = []
    for name in head["files"]:
        try:
            found.append(plain_findings(Standard().check(Path(name))))
        except OSError as error:
            found.append([_unjudged(error.strerror or str(error))])
    return {"findings": found}, b""


def _unjudged(why: str) -> dict[str, Any]:
    return {
        "severity": "error",
        "rule": "unreadable",
        "attribute": None,
        "message": f"cannot be judged: {why}",
        "section": "",
    }


class Judge:
    """Asks about what was stored, until ``close``."""

    def __init__(self, database: Database, home: Home) -> None:
        self._database = database
        self._home = home
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="judge", daemon=True)

    def start(self) -> None:
        """Begin with what an earlier process left."""
        self._wake.set()
        self._thread.start()

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    def waiting(self) -> int:
        """How many files are to be judged yet."""
        columns = upload_file.c
        query = select(func.count()).where(columns.findings.is_(None), columns.status == "success")
        with self._database.reading(IMAGING) as connection:
            return 0 if connection is None else int(connection.execute(query).scalar_one())

    def close(self) -> None:
        """Stop after the files that are being judged."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(_RETRY)
            self._wake.clear()
            try:
                while not self._stop.is_set() and self._some():
                    pass
            except FabricatorError:
                LOGGER.exception("what was stored could not be judged for now")
            except Exception:
                LOGGER.exception("judging has failed")

    def _some(self) -> bool:
        """Judge a batch; whether there was one."""
        columns = upload_file.c
        query = (
            select(columns.upload, columns.position, columns.sop_instance_uid)
            .where(columns.findings.is_(None), columns.status == "success")
            .order_by(columns.upload, columns.position)
            .limit(_BATCH)
        )
        with self._database.reading(IMAGING) as connection:
            rows = connection.execute(query).all() if connection is not None else []
        if not rows:
            return False
        paths = self._paths([row.sop_instance_uid for row in rows])
        there = list(paths.values())
        try:
            head, _ = decoding.elsewhere(f"{__name__}:answer", files=there)
            found = dict(zip(there, head["findings"], strict=True))
        except decoding.UndecodableError:
            found = {name: judged(Path(name)) for name in there}  # one of them ended the process
        noted = [
            {
                "of_upload": row.upload,
                "at_position": row.position,
                "said": json.dumps(
                    found.get(paths.get(row.sop_instance_uid, ""), [])[:MOST_FINDINGS]
                ),
            }
            for row in rows
        ]
        with self._database.writing() as connection:
            connection.execute(_NOTED, noted)
        return True

    def _paths(self, sop_instance_uids: Sequence[str]) -> dict[str, str]:
        """Where those lie that are there still."""
        archive = self._home.staging
        held = archive.index.held([("SOPInstanceUID", sop_instance_uids)])
        return {uid: str(archive.files.path(file)) for uid, file in held.items()}

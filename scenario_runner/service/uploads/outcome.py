"""What became of an upload and of each of its files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.archive.outcomes import Arrived

FileStatus = Literal["success", "duplicate", "skipped", "failed", "storing"]
"""``duplicate``: the same instance was there already and stays. ``skipped``: of an archive, what is no image and
was never meant to be one. ``storing``: not known yet."""
UploadStatus = Literal["receiving", "success", "partial", "failed"]


@dataclass(slots=True, kw_only=True)
class FileOutcome:
    """One file. error: in words, with ``code`` for programs; both empty where nothing is to be said."""

    name: str
    status: FileStatus = "storing"
    code: str = ""
    error: str = ""
    size: int = 0
    sop_instance_uid: str = ""
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    sop_class_uid: str = ""
    """Both known while the upload is under way only."""
    findings: list[dict[str, Any]] | None = None
    """What conformance says; None until it was asked."""
    arrived: Arrived | None = field(default=None, repr=False)
    """The file while it is not kept yet."""

    def refuse(self, code: str, error: str, status: FileStatus = "failed") -> None:
        """Say why it is not kept."""
        self.status, self.code, self.error = status, code, error

    def refuse_second(self) -> None:
        """Say that it is kept already."""
        self.refuse("duplicate", "the same instance is kept already", "duplicate")


@dataclass(slots=True, kw_only=True)
class UploadOutcome:
    """An upload: what ``GET uploads/{upload_id}`` tells."""

    id: str
    kind: str
    who: str
    from_where: str
    begun: dt.datetime
    ended: dt.datetime | None = None
    status: UploadStatus = "receiving"
    error: str = ""
    files: list[FileOutcome] = field(default_factory=list)
    studies: list[dict[str, Any]] = field(default_factory=list)


def status_of(files: Sequence[FileOutcome]) -> UploadStatus:
    """Of an upload by its files: what was skipped counts for neither."""
    kept = sum(one.status in ("success", "duplicate") for one in files)
    failed = sum(one.status == "failed" for one in files)
    if not kept:
        return "failed"
    return "partial" if failed else "success"

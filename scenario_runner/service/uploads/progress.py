"""How far uploads are that are under way: kept in memory, for whoever follows one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.service.uploads.outcome import UploadOutcome


@dataclass(frozen=True, slots=True)
class Far:
    """How far an upload is. file: the one that was taken in last."""

    status: str
    files: int
    bytes: int
    file: str = ""
    failed: int = 0

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "status": self.status,
            "files": self.files,
            "failed": self.failed,
            "bytes": self.bytes,
            "file": self.file or None,
        }


class Progress:
    """Of all uploads under way. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._far: dict[str, Far] = {}

    def begins(self, upload: UploadOutcome) -> None:
        """An upload that has begun."""
        self._set(upload, 0)

    def took(self, upload: UploadOutcome, size: int) -> None:
        """A file more. size: bytes of all so far."""
        self._set(upload, size)

    def ended(self, upload: UploadOutcome) -> None:
        """The database knows it from now on."""
        with self._lock:
            self._far.pop(upload.id, None)

    def of(self, upload_id: str) -> Far | None:
        """How far it is; None when it is not under way."""
        with self._lock:
            return self._far.get(upload_id)

    def under_way(self) -> int:
        """How many there are."""
        with self._lock:
            return len(self._far)

    def _set(self, upload: UploadOutcome, size: int) -> None:
        last = upload.files[-1].name if upload.files else ""
        failed = sum(one.status == "failed" for one in upload.files[-1:])
        with self._lock:
            before = self._far.get(upload.id)
            failed += before.failed if before is not None else 0
            self._far[upload.id] = Far("receiving", len(upload.files), size, last, failed)

"""The files of the validator: studies on their way, stored, and refused.

    work/{study_id}/…       on its way; whatever a killed process left is taken up again or swept
    studies/{study_id}/…    stored: original.dcm, metadata.json, validation.log, moved here as one folder
    rejected/{study_id}/…   refused: validation.log, and original.dcm where the settings say so

A name is an id of ours and nothing that a file or a client said.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.durability import sync_folder
from scenario_runner.service.validator.events import is_study_id

if TYPE_CHECKING:
    from scenario_runner.network.dicomweb.multipart import Buffer

ORIGINAL: Final = "original.dcm"
METADATA: Final = "metadata.json"
LOG: Final = "validation.log"
_BINARY: Final = getattr(os, "O_BINARY", 0)


class StudyFolder:
    """Where the studies of one validator are. Raises OSError as the system does."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._work = data / "work"
        self._studies = data / "studies"
        self._rejected = data / "rejected"
        for folder in (self._work, self._studies, self._rejected):
            folder.mkdir(parents=True, exist_ok=True)

    def begin(self, study: str) -> int:
        """Make the folder of a study that comes in; returns its original as an open file of the system."""
        folder = f"{self._work}/{study}"
        Path(folder).mkdir()
        path = f"{folder}/{ORIGINAL}"
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)

    def drop(self, study: str) -> None:
        """Remove a study that did not come to be one; nothing is said when it is gone already."""
        shutil.rmtree(self._work / study, ignore_errors=True)

    def on_its_way(self, study: str) -> Path:
        """Where the original of a study lies until it is stored or refused."""
        return Path(f"{self._work}/{study}/{ORIGINAL}")

    def what_is_stored(self, study: str, name: str) -> dict[str, Any]:
        """Size and SHA-256 of a file of a stored study. Raises OSError."""
        return described((self._studies / study / name).read_bytes())

    def stored(self, study: str) -> Path | None:
        """The folder of a stored study."""
        folder = self._studies / study
        return folder if is_study_id(study) and folder.is_dir() else None

    def rejected(self, study: str) -> Path | None:
        """The folder of a refused study."""
        folder = self._rejected / study
        return folder if is_study_id(study) and folder.is_dir() else None

    def write(self, study: str, name: str, content: bytes) -> dict[str, Any]:
        """Write a file of a study on its way, over what somebody wrote who was killed. Returns its size and SHA-256.

        Whoever writes it again writes the same, so nothing is cut before it is written.
        """
        path, how = f"{self._work}/{study}/{name}", os.O_WRONLY | os.O_CREAT | _BINARY
        is_new = True
        try:
            handle = os.open(path, how | os.O_EXCL, 0o666)
        except FileExistsError:
            handle, is_new = os.open(path, how, 0o666), False
        try:
            written(handle, content)
            if not is_new:
                os.ftruncate(handle, len(content))
        finally:
            os.close(handle)
        return described(content)

    def keep(self, study: str) -> None:
        """Move a study to those that are stored, once the disk has its original."""
        folder = f"{self._work}/{study}"
        try:
            _synced(f"{folder}/{ORIGINAL}")
            sync_folder(folder)
            Path(folder).rename(f"{self._studies}/{study}")
        except OSError:
            if not (self._studies / study).is_dir():  # else by whoever was killed right after it
                raise
            self.drop(study)  # of a backup it may be in both places

    def reject(self, study: str, *, original: bool) -> None:
        """Move a study to those that were refused. original: whether its file goes along."""
        folder = self._work / study
        if not folder.is_dir() and (self._rejected / study).is_dir():
            return
        if not original:
            (folder / ORIGINAL).unlink(missing_ok=True)
        try:
            folder.rename(self._rejected / study)
        except OSError:
            if not (self._rejected / study).is_dir():
                raise
            self.drop(study)  # of a backup it may be in both places

    def sync_stored(self) -> None:
        """Let the disk have which studies are stored."""
        sync_folder(f"{self._studies}")

    def on_their_way(self) -> list[str]:
        """The studies that are in between."""
        return sorted(path.name for path in self._work.iterdir())


def written(handle: int, content: Buffer) -> None:
    """Write all of it to an open file of the system. Raises OSError."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]


def described(content: bytes) -> dict[str, Any]:
    """What is said of a file: its ``size`` and ``sha256``."""
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _synced(path: str) -> None:
    """Wait until the disk has a file. Raises OSError."""
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        with contextlib.suppress(OSError):
            os.close(handle)

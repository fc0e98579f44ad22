"""A backup of a service, running or not: database, studies and whatever else is in its data folder, in one file.

What is in it is as if the service had been killed at one moment: who changes something waits while the files get
second names (hard links, a second for tens of thousands) and the database is copied, and what was half done then is
settled when a restored service starts, as after a kill.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from scenario_runner.archive.index_place import OF_THIS_FOLDER
from scenario_runner.database.copying import copy_out
from scenario_runner.database.engine import Database
from scenario_runner.database.sqlite_file import BUSY_SECONDS
from scenario_runner.database.turns import AUDIT, take_turn
from scenario_runner.database.words import in_registry_words
from scenario_runner.durability import sync_file, sync_folder
from scenario_runner.errors import MachineError, UsageError, of_the_machine
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.trail import Trail, record_in
from scenario_runner.service.service import ARCHIVE
from scenario_runner.version import __version__

if TYPE_CHECKING:
    from scenario_runner.database.location import Location
    from scenario_runner.service.permissions import Caller

SCHEMA: Final = "service-backup/v1"
MANIFEST: Final = "manifest.json"
DATABASE: Final = "database.sqlite3"
DATA: Final = "data/"
_PASSING: Final = ("owner.lock", "audit-forwarded", "alive")
_PASSING_ENDS: Final = (".part", "-wal", "-shm", "-journal")
_GROWING: Final = (".ndjson", ".txt", ".log")
OHIF: Final = "ohif-viewer"
"""The folder, in the data folder, of a viewer of others that anybody can install again."""
_PASSING_FOLDERS: Final = ("incoming", OHIF)
OF_THE_DISK: Final = "lost+found"
"""The folder that a file system has in its root, which nobody but root may read: the data folder may be that root."""
_FROZEN: Final = ".backup-"
"""What the folder begins with that a backup is put together in; one that was killed leaves it."""
_SQLITE: Final = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What is in a backup. head: the digest of the last entry of its audit trail."""

    files: int
    bytes: int
    entries: int
    head: str


def back_up(data: Path, location: Location, target: Path, by: Caller) -> BackedUp:
    """Write a backup into a new file.

    Raises UsageError when there is no service in the folder, or the file is there; MachineError, also when the audit
    trail is broken: then the backup is there.
    """
    if not data.is_dir():
        raise UsageError(f"there is no service in '{data}'", hint="--data names its folder")
    data = data.resolve()
    if target.exists():
        raise UsageError(f"'{target}' is there already, and is left as it is")
    if target.resolve().is_relative_to(data):
        raise UsageError(f"'{target}' is within what is to be backed up", hint="name another place")
    part: Path | None = None
    try:
        # A name of its own, and for nobody else to read.
        with contextlib.ExitStack() as stack:
            stack.enter_context(_files_worded())
            handle, name = tempfile.mkstemp(".part", f".{target.name}.", target.parent)
            os.close(handle)
            part = Path(name)
            # Among the data: there hard links can be made, and whose the folder is may write.
            name = stack.enter_context(tempfile.TemporaryDirectory(dir=data, prefix=_FROZEN))
            frozen = Path(name)
            _freeze(data, location, frozen, target, by)
            with Database(frozen / DATABASE) as copy:
                verdict = Trail(copy).verify()
            for leftover in frozen.glob(f"{DATABASE}-*"):
                leftover.unlink()
            files, size = _write(frozen, part, verdict.entries, verdict.head)
            sync_file(part)
            part.replace(target)
            sync_folder(target.parent)
    finally:
        if part is not None:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
    if verdict.broken is not None:
        raise MachineError(
            f"the backup is made, and the audit trail in it is broken: {verdict.broken.message}",
            hint="'fabricate audit verify' says it of the service itself",
        )
    return BackedUp(files, size, verdict.entries, verdict.head)


@contextlib.contextmanager
def _files_worded() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        at = f", '{error.filename}'" if error.filename else ""
        raise of_the_machine(f"the backup cannot be made{at}", error) from error


def _freeze(data: Path, location: Location, frozen: Path, target: Path, by: Caller) -> None:
    own = location.resolve() if isinstance(location, Path) else None
    with Database(location) as database:
        with database.writing() as connection:
            record_in(connection, by, Activity.BACKED_UP, detail={"to": target.name})
        with database.writing() as connection, in_registry_words(location):
            take_turn(connection, AUDIT)
            with contextlib.ExitStack() as stack:
                stack.enter_context(_files_worded())  # it is no fault of the database
                indexes = {path for path in _files(data, own) if _is_sqlite(path)}
                for path in sorted(indexes):
                    # That of the archive is made anew from its files.
                    if not path.is_relative_to(data / ARCHIVE):
                        stack.enter_context(_still(path))
                    _copy_sqlite(path, frozen / DATA / path.relative_to(data))
                # What moves on to another folder during the first walk, the second one finds there.
                for _ in range(2):
                    for path in _files(data, own):
                        second = frozen / DATA / path.relative_to(data)
                        if path not in indexes and not second.exists():
                            _link(path, second)
            copy_out(connection, frozen / DATABASE)


def _files(data: Path, database: Path | None) -> Iterator[Path]:
    """What belongs into a backup: neither the database, which is copied by itself, nor what passes.

    Raises OSError for a folder that cannot be read: what lies in it must not be missing without a word.
    """
    for folder, folders, names in os.walk(data, onerror=_unless_gone):
        folders[:] = sorted(one for one in folders if one not in _PASSING_FOLDERS)
        if folder == str(data):
            folders[:] = [
                one for one in folders if one != OF_THE_DISK and not one.startswith(_FROZEN)
            ]
        for name in sorted(names):
            path = Path(folder, name)
            passes = name in _PASSING or name.endswith(_PASSING_ENDS) or path.is_symlink()
            passes = passes or (name in OF_THIS_FOLDER and path.parent.parent == data)
            if not passes and path.resolve() != database:
                yield path


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _is_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def _still(path: Path) -> Iterator[None]:
    """Whoever writes into a file of SQLite waits. Raises MachineError."""
    with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
        with _worded(path):
            connection.execute("BEGIN IMMEDIATE")
        yield


@contextlib.contextmanager
def _worded(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise MachineError(f"'{path}' cannot be backed up: {error}") from error


def _copy_sqlite(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        _worded(source),
        contextlib.closing(sqlite3.connect(source.resolve().as_uri(), uri=True)) as reader,
        contextlib.closing(sqlite3.connect(target)) as writer,
    ):
        reader.backup(writer)


def _link(source: Path, target: Path) -> None:
    """A second name, where the file system has them; no file of an archive is written into again.

    Logs are: of those what is there now.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if source.suffix in _GROWING:
            shutil.copyfile(source, target)
        else:
            os.link(source, target)
    except FileNotFoundError:
        return  # deleted just now
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(source, target)


def _write(frozen: Path, part: Path, entries: int, head: str) -> tuple[int, int]:
    """The tar file, the list of its files last; returns how many there are, and their bytes."""
    with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as tar:
        listed = [
            _add(tar, path, path.relative_to(frozen).as_posix())
            for path in sorted(one for one in frozen.rglob("*") if one.is_file())
        ]
        manifest = {
            "schema": SCHEMA,
            "version": __version__,
            "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "audit": {"entries": entries, "head": head},
            "files": listed,
        }
        content = json.dumps(manifest, indent=1).encode()
        told = tarfile.TarInfo(MANIFEST)
        told.size = len(content)
        tar.addfile(told, io.BytesIO(content))
    return len(listed), sum(one["size"] for one in listed)


def _add(tar: tarfile.TarFile, path: Path, name: str) -> dict[str, Any]:
    """A file, and what the list says of it: of one that grows, as an upload does, what was there at first."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        told = tarfile.TarInfo(name)  # who restores it is its owner
        told.size, told.mtime, told.mode = status.st_size, status.st_mtime, status.st_mode & 0o777
        read = _Read(file)
        tar.addfile(told, read)  # type: ignore[arg-type]  # it asks for nothing but read
    return {"name": name, "size": told.size, "sha256": read.digest.hexdigest()}


class _Read:
    """A file whose digest is that of what was read of it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """So many bytes, or fewer at the end."""
        data = self._file.read(size)
        self.digest.update(data)
        return data

"""A backup back into a folder and a database that are empty; nothing that exists is touched."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from scenario_runner.archive.archive import rebuild
from scenario_runner.database.copying import copy_in, is_empty
from scenario_runner.database.engine import Database
from scenario_runner.errors import MachineError, UsageError, of_the_machine
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.trail import Trail
from scenario_runner.service.backup import (
    DATA,
    DATABASE,
    MANIFEST,
    OF_THE_DISK,
    SCHEMA,
    BackedUp,
)
from scenario_runner.service.service import ARCHIVE

if TYPE_CHECKING:
    from scenario_runner.database.location import Location
    from scenario_runner.service.permissions import Caller


class Listed(BaseModel):
    """A file of a backup. name: its path in there; size: in bytes; sha256: in hexadecimal."""

    name: str
    size: int
    sha256: str


class Manifest(BaseModel):
    """What a backup says of itself. at: when it was made."""

    at: dt.datetime
    files: list[Listed]


def restore(source: Path, data: Path, location: Location, by: Caller) -> BackedUp:
    """Fill an empty folder and an empty database from a backup, after all of it was held to its digests.

    Raises UsageError when something is there already or the file is no backup; MachineError when it is damaged or of a
    newer version, or the disk is full: then nothing is left of it.
    """
    if data.exists() and not _is_free(data):
        raise UsageError(
            f"'{data}' has something in it already, and is left as it is",
            hint="name a new folder with --data",
        )
    if not is_empty(location):
        raise UsageError(
            f"'{location}' has something in it already, and is left as it is",
            hint="name a new file or an empty database with --database",
        )
    data = data.resolve()  # its parent is that of '.', too
    # A folder that is there may be the root of a disk or of a container's volume, which nothing takes the place of.
    beside = data if data.exists() else data.parent
    try:
        beside.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=beside, prefix=f".{data.name}-restore-") as name:
            return _restore(source, Path(name), data, location, by)
    except tarfile.TarError as error:
        raise UsageError(f"'{source}' is no backup: {error}") from error
    except OSError as error:
        raise of_the_machine("the backup cannot be restored", error) from error


def _is_free(data: Path) -> bool:
    """Whether it is a folder that has nothing of anybody's in it."""
    return data.is_dir() and all(one.name == OF_THE_DISK for one in data.iterdir())


def _restore(source: Path, unpacked: Path, data: Path, location: Location, by: Caller) -> BackedUp:
    with tarfile.open(source, "r:") as tar:
        tar.extractall(unpacked, filter="data")
    manifest = _checked(source, unpacked)
    _require_readable(source, unpacked / DATABASE)
    folder = unpacked / DATA
    folder.mkdir(exist_ok=True)
    if (folder / ARCHIVE / "objects").is_dir():
        rebuild(folder / ARCHIVE)
    is_inside = isinstance(location, Path) and location.resolve().is_relative_to(data.resolve())
    if isinstance(location, Path) and is_inside:
        copy_in(unpacked / DATABASE, folder / location.resolve().relative_to(data.resolve()))
    else:
        copy_in(unpacked / DATABASE, location)
    _put_in_place(folder, data)
    with Database(location) as database:
        trail = Trail(database)
        verdict = trail.verify()
        detail = {"from": source.name, "made": manifest.at.isoformat(), "head": verdict.head}
        trail.record(by, Activity.RESTORED, detail=detail)
    if verdict.broken is not None:
        raise MachineError(
            f"all was restored, and the audit trail in it is broken: {verdict.broken.message}",
            hint="it was so when the backup was made",
        )
    size = sum(one.size for one in manifest.files)
    return BackedUp(len(manifest.files), size, verdict.entries, verdict.head)


def _put_in_place(folder: Path, data: Path) -> None:
    """All of what is in a folder, or nothing. Raises OSError."""
    if not data.exists():
        folder.rename(data)
        return
    moved: list[Path] = []
    try:
        for one in sorted(folder.iterdir()):
            place = data / one.name
            one.rename(place)
            moved.append(place)
    except OSError:
        for one in moved:
            one.rename(folder / one.name)
        raise


def _checked(source: Path, unpacked: Path) -> Manifest:
    """The list of files, each of which is there as it was, and no other."""
    try:
        listed = (unpacked / MANIFEST).read_bytes()
        schema = json.loads(listed)["schema"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"'{source}' is no whole backup: it has no list of its files") from error
    if schema != SCHEMA:
        raise UsageError(f"'{source}' is a backup of another kind: {schema}")
    try:
        manifest = Manifest.model_validate_json(listed)
    except ValidationError as error:
        raise UsageError(f"'{source}' is no whole backup: its list of files is damaged") from error
    there = {
        path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()
    }
    names = {one.name for one in manifest.files} | {MANIFEST}
    for name in sorted((names | {DATABASE}) - there):
        raise MachineError(f"the backup is damaged: '{name}' is missing")
    for name in sorted(there - names):
        raise MachineError(f"the backup is damaged: '{name}' is not in its list")
    for one in manifest.files:
        with (unpacked / one.name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != one.sha256:
                raise MachineError(f"the backup is damaged: '{one.name}' is not as it was")
    return manifest


def _require_readable(source: Path, copy: Path) -> None:
    """Raises MachineError for a database of a newer version, or what is none."""
    try:
        with Database(copy) as database:
            Trail(database).latest(1)
    except MachineError as error:
        raise MachineError(
            f"the database in '{source}' cannot be used here",
            hint="where a newer version of this program made the backup, it takes that one to restore it",
        ) from error

"""The parts of an archive, as they are when its folder has been opened."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.connections import Connections
from scenario_runner.archive.far_files import FarFiles, store_of
from scenario_runner.archive.files import Files
from scenario_runner.archive.index import Index
from scenario_runner.archive.index_place import INDEX, open_on_server, require_none_on_a_server
from scenario_runner.archive.object_store import StoreError
from scenario_runner.archive.recovery import finish_additions, finish_removals
from scenario_runner.archive.server_error import ServerError
from scenario_runner.errors import FabricatorError, MachineError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.owning import OwnedError, Ownership, Turns

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.archive.options import ArchiveOptions

_LOCK: Final = "owner.lock"
_TURNS: Final = "writing.lock"


@dataclass(frozen=True, slots=True)
class Opened:
    """What an archive stands on. ownership: of the folder, which a member has not."""

    files: Files
    index: Index
    ownership: Ownership | None


def open_folder(folder: Path, options: ArchiveOptions) -> Opened:
    """Open files and index; what a kill left half done is finished first, unless its owner has done so.

    Raises MachineError when the folder cannot be used, or another process owns it; UsageError for a store or a database
    that has other studies.
    """
    joins = options.sharing == "member"
    synced = options.durability == "power"
    ownership: Ownership | None = None
    index: Index | None = None
    try:
        store = options.store or store_of(folder)
        files = (
            Files(folder, synced=synced)
            if store is None
            else FarFiles(folder, store, synced=synced)
        )
        # One process owns an archive: it may then remove what a killed one left half written.
        ownership = None if joins else Ownership(folder / _LOCK)
        if options.index is None:
            index = _index(folder, options, synced=synced)
        else:
            index = open_on_server(folder, options.index, store, joins=joins)
        if not joins:
            files.sweep()
            finish_removals(files, index)
            finish_additions(files, index)
    except OwnedError as error:
        raise MachineError(
            f"cannot open the archive in '{folder}': another process has it open",
            hint="stop that one first; an archive has one owner at a time",
        ) from error
    except (OSError, sqlite3.Error, FabricatorError) as error:
        if index is not None:
            index.close()
        if ownership is not None:
            ownership.end()
        if isinstance(error, FabricatorError):
            raise
        raise unusable(folder, error) from error
    return Opened(files, index, ownership)


def _index(folder: Path, options: ArchiveOptions, *, synced: bool) -> Index:
    require_none_on_a_server(folder)
    path = folder / INDEX
    turns = None if options.sharing == "alone" else Turns(folder / _TURNS)
    alone = turns is None
    if options.sharing == "member":
        file = Connections(path, synced=synced, turns=turns, joining=True)
        return Index(file, alone=alone)
    try:
        return Index(Connections(path, synced=synced, turns=turns), alone=alone)
    except sqlite3.OperationalError:
        raise  # locked, read-only, disk full: not the index's fault
    except sqlite3.DatabaseError:
        for suffix in ("", "-wal", "-shm"):
            (folder / (INDEX + suffix)).unlink(missing_ok=True)
        return Index(Connections(path, synced=synced, turns=turns), alone=alone)


def unusable(folder: Path, error: Exception) -> MachineError:
    """What to raise for what the machine, or a store, said of a folder."""
    if isinstance(error, StoreError):
        return MachineError(
            f"cannot keep an archive in {error}",
            hint="its driver takes where it is and how to log in from the environment, such as AWS_ENDPOINT_URL",
        )
    if isinstance(error, ServerError):
        return MachineError(f"cannot keep an archive: {error}", hint=error.hint)
    return MachineError(
        f"cannot keep an archive in '{folder}': {error}",
        hint="give a folder that exists or can be made, and that can be written to",
    )

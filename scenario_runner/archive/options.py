"""How an archive behaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.database.location import DatabaseUrl


@dataclass(frozen=True, slots=True)
class ArchiveOptions:
    """Of one archive.

    duplicates: what happens to a second instance with a SOP Instance UID that is there already.
    ``keep`` keeps the first and calls that a success, as Orthanc does by default; ``refuse`` keeps it and
    raises DuplicateError.
    durability: what an acknowledged instance survives: the death of the process, or of the power
    (slower: waits for the disk twice an instance).
    store: the address of an object store that has the instances, by fsspec (``s3://BUCKET/FOLDER``); the index, and
    copies of what was used last, are in the folder. By default the one the folder has begun with, or the folder
    itself. An instance is acknowledged when the store has it; what it survives there is the store's matter.
    index: the database of a PostgreSQL that has the index, which several machines may have together, each with a folder of
    its own and the same store; by default it is a file in the folder. An instance is acknowledged when that server has it
    on its disk, whatever ``durability`` says.
    sharing: ``owner`` lets other processes have the archive open as ``member`` meanwhile. What is done once the
    owner does: it recovers what a kill left behind, and clears up after members.
    """

    duplicates: Literal["keep", "overwrite", "refuse"] = "keep"
    durability: Literal["process", "power"] = "process"
    store: str | None = None
    index: DatabaseUrl | None = None
    sharing: Literal["alone", "owner", "member"] = "alone"

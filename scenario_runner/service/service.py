"""What the service works with, composed once: the database, the archive, the folder, the limits."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final, Self

from scenario_runner.api.targets import Target
from scenario_runner.archive.archive import Archive
from scenario_runner.archive.options import ArchiveOptions
from scenario_runner.database.engine import Database
from scenario_runner.database.location import DatabaseUrl, Location
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.audit.looks import Looks
from scenario_runner.service.audit.trail import Trail
from scenario_runner.service.deletions import Deletions
from scenario_runner.service.homes.embedded import EmbeddedHome
from scenario_runner.service.homes.home import Home
from scenario_runner.service.homes.target import TargetHome
from scenario_runner.service.meters import Meters
from scenario_runner.service.settling import Settling
from scenario_runner.service.studies.thumbnail_cache import Thumbnails
from scenario_runner.service.uploads.ending import count
from scenario_runner.service.uploads.judging import Judge
from scenario_runner.service.uploads.progress import Progress

REGISTRY = "registry.sqlite3"
"""The database in the data folder, where no other is named."""
ARCHIVE = "archive"
"""The folder of the studies, below the data folder."""
STAGING = "staging"
"""The folder of files on their way to a target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one user may make the service hold or go through."""

    file: int = 100 << 20
    """Bytes of a file."""
    files: int = 500
    """Files of an upload, members of an archive included."""
    parts: int = 10_000
    """Instances of one request of STOW-RS, by which modalities and PACS send a study as a whole."""
    upload: int = 2 << 30
    """Bytes of an upload, as it comes and as it is unpacked."""
    ratio: int = 200
    """Bytes that one byte of an archive's member may become; pixels of one colour reach about 100."""
    nested: int = 3
    """How deep an archive may lie in an archive."""


_SAME_LOOK: Final = 3_600.0
"""Seconds: a list shows fifty thumbnails each time somebody comes back to it."""


class Service:
    """Everything an operation of the service may need. ``start`` begins what goes on beside the requests.

    folder: of the service's own; ``archive`` in it holds studies where the archive is the embedded one.
    """

    def __init__(
        self, folder: Path, database: Database, home: Home, limits: Limits | None = None
    ) -> None:
        self.folder = folder
        self.database = database
        self.home = home
        self.limits = limits or Limits()
        self.trail = Trail(database)
        self.deletions = Deletions(database)
        self.meters = Meters()
        self.progress = Progress()
        self.thumbnails = Thumbnails()
        self.looks = Looks(_SAME_LOOK)
        """At thumbnails."""
        self.judge = Judge(database, home)
        self.settling = Settling(database, home, partial(count, self.meters))

    def start(self) -> None:
        """Settle what an earlier process left, and begin to judge what is stored."""
        self.settling.start()
        self.database.stay_open()
        self.judge.start()

    def close(self) -> None:
        """Let go of files and connections."""
        self.settling.close()
        self.judge.close()
        self.home.close()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_service(
    folder: Path,
    database: Location,
    limits: Limits | None = None,
    target: Target | None = None,
    index: DatabaseUrl | None = None,
) -> Service:
    """Open what is in a folder, or begin there. target: what keeps the studies instead of the folder.

    index: the database of a PostgreSQL that has the index of what is kept in the folder; by default a file there has it.

    Raises MachineError when it cannot be used, TargetError when the target cannot.
    """
    archive = Archive(
        folder / (ARCHIVE if target is None else STAGING),
        ArchiveOptions(duplicates="keep", index=index),
    )
    try:
        home: Home = (
            EmbeddedHome(archive) if target is None else TargetHome(target, archive, folder)
        )
        service = Service(folder, Database(database), home, limits)
        service.start()
    except BaseException:
        archive.close()
        raise
    return service

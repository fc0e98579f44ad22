"""Folders for what is needed while a process runs, and gone with it: one that was killed leaves its own to the next.

Each folder holds a file that its process has locked. The first folder that a process makes removes those
whose lock nobody has any more.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType

from scenario_runner.owning import OwnedError, Ownership

PREFIX = "fabricate-"
_OWNER = ".owner"


class TemporaryFolder:
    """A new folder of the system's temporary ones, this user's alone. Raises OSError.

    As a context manager it gives its path.
    """

    def __init__(self) -> None:
        _remove_abandoned(tempfile.gettempdir())
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
            try:
                self._ownership = Ownership(self.path / _OWNER)
            except OwnedError:  # between two lines of ours, somebody took it for abandoned
                continue
            if (self.path / _OWNER).exists():
                return
            self._ownership.end()  # they have removed it already

    def remove(self) -> None:
        """Remove it with all it holds; what a virus scanner still has open may stay. May be called twice."""
        self._ownership.end()  # before: a file that is open cannot be removed everywhere
        shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()


@cache
def _remove_abandoned(where: str) -> None:
    """Remove the folders of processes that ended without doing so; once for each process."""
    try:
        found = [Path(one) for one in os.scandir(where) if one.name.startswith(PREFIX)]
    except OSError:
        return
    for folder in found:
        owner = folder / _OWNER
        try:
            if not (_is_ours(folder, stat.S_ISDIR) and _is_ours(owner, stat.S_ISREG)):
                continue
            ownership = Ownership(owner)
        except OSError:  # somebody uses it, or has just removed it
            continue
        # As long as it is ours: whoever has just made it would else take it between the two.
        shutil.rmtree(folder, ignore_errors=True)
        ownership.end()
        if (
            os.name == "nt"
        ):  # has not removed what is open, and removes nothing that others have open
            shutil.rmtree(folder, ignore_errors=True)


def _is_ours(path: Path, of_kind: Callable[[int], bool]) -> bool:
    """Whether a file or folder, and no link to one, is this user's: others can write there, too."""
    there = path.lstat()
    mine = not hasattr(os, "geteuid") or there.st_uid == os.geteuid()
    return of_kind(there.st_mode) and mine

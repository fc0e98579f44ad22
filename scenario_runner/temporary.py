"""Folders for what is needed while a process runs, and gone with it: one that was killed leaves its own to the next.

Each folder holds a file that its process has locked. The first folder that a process makes removes those
whose lock nobody has any more.
"""

from __future__ import annotations

import itertools
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType

from scenario_runner.owning import OwnedError, Ownership

PREFIX = "fabricate-"
_OWNER = ".owner"
_MANY = 100
"""Files that are removed without delay."""


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

    def remove(self, *, hurried: bool = False) -> None:
        """Remove it with all it holds; what a virus scanner still has open may stay. May be called twice.

        hurried: somebody waits for this process to end, so much of it is removed by another one.
        """
        self._ownership.end()  # before: a file that is open cannot be removed everywhere
        if hurried and _holds_many(self.path):
            _remove_beside(self.path)
        else:
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


def _holds_many(folder: Path) -> bool:
    files = (name for _, _, names in os.walk(folder) for name in names)
    return next(itertools.islice(files, _MANY, None), None) is not None


def _remove_beside(folder: Path) -> None:
    """Have a process remove it that nobody waits for; should that be killed, the next one of ours does it."""
    import subprocess

    program = "import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)"
    silent = subprocess.DEVNULL
    try:
        subprocess.Popen(  # noqa: S603 - this interpreter, with a program of ours
            [sys.executable, "-I", "-S", "-c", program, str(folder)],
            stdin=silent, stdout=silent, stderr=silent, start_new_session=True,
        )  # fmt: skip
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)


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

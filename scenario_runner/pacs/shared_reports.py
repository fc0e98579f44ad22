"""Reports of storage commitment that several processes tell: whoever the requester calls next has them.

A report is a file. Its name says whether it waits, or which process is telling it just now, and changing the name takes
it: so each is told once, whoever is called. What a process that was killed was telling waits again.
"""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING, Final

from scenario_runner.pacs.reports import MOST_REPORTS, Reports, name_of, read, title_of, write

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.pacs.reports import Outcome

LOGGER = logging.getLogger(__name__)
_WAITS: Final = ".json"
_TOLD_BY: Final = ".told-by-"


class SharedReports(Reports):
    """As ``Reports``, with all that waits in the folder. Any thread of any process may ask."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._kept = folder
        self._mine = f"{_TOLD_BY}{os.getpid():x}"

    def load(self) -> list[str]:
        """The AE titles that something waits for."""
        found = [read(path) for path in self._kept.glob(f"*{_WAITS}")]
        return list(dict.fromkeys(one[0] for one in found if one is not None))

    def promise(self, ae_title: str, outcome: Outcome) -> None:
        """Write down what is to be told, and that it is this process that does."""
        try:
            write(self._path_of(ae_title, outcome, self._mine), ae_title, outcome)
        except OSError as error:
            LOGGER.warning("a report of storage commitment is not kept: %s", error)

    def keep(self, ae_title: str, outcome: Outcome) -> None:
        """Let one wait until its AE title calls, whichever process; of too many the oldest goes."""
        waits = self._path_of(ae_title, outcome, _WAITS)
        with contextlib.suppress(FileNotFoundError):
            self._path_of(ae_title, outcome, self._mine).replace(waits)
        for path in self._waiting_for(ae_title)[:-MOST_REPORTS]:
            path.unlink(missing_ok=True)
            LOGGER.warning("a report of storage commitment is dropped: %s never calls", ae_title)

    def take(self, ae_title: str) -> list[Outcome]:
        """What is to be told to that AE title now, and is told by nobody else; the oldest first."""
        taken = []
        for path in self._waiting_for(ae_title):
            mine = path.with_suffix(self._mine)
            with contextlib.suppress(FileNotFoundError):  # another process has just taken it
                path.rename(mine)
                if (found := read(mine)) is not None:
                    taken.append(found[1])
        return taken

    def told(self, ae_title: str, outcome: Outcome) -> None:
        """It is taken, and need not be kept."""
        with contextlib.suppress(OSError):
            self._path_of(ae_title, outcome, self._mine).unlink(missing_ok=True)

    def _waiting_for(self, ae_title: str) -> list[Path]:
        found = []
        for path in self._kept.glob(f"{title_of(ae_title)}*{_WAITS}"):
            with contextlib.suppress(FileNotFoundError):
                found.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(found)]

    def _path_of(self, ae_title: str, outcome: Outcome, suffix: str) -> Path:
        return self._kept / (name_of(ae_title, outcome) + suffix)


def let_wait_again(folder: Path, process: int | None = None) -> None:
    """What was being told when its process was killed waits. process: its number; None for whoever there was.

    Files of an earlier version get the names of today.
    """
    whose = "*" if process is None else f"{process:x}"
    for path in [
        *folder.glob(f"*{_TOLD_BY}{whose}"),
        *(folder.glob("*.json") if process is None else ()),
    ]:
        found = read(path)
        if found is not None:
            with contextlib.suppress(OSError):
                path.replace(folder / (name_of(*found) + _WAITS))

"""A folder that a worklist server answers from, shared with it as DCMTK's wlmscpfs wants it.

That server serves a folder that has a file named ``lockfile``, holds a shared lock on it while it reads, and takes every
``*.wl`` as an item. Who writes holds an exclusive one. Each file appears whole or not at all, for servers that lock nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from scenario_runner.errors import of_the_machine
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.scheduled import worklist_file
from scenario_runner.orders.worklist import OrderFiles
from scenario_runner.owning import OwnedError, Ownership

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.deadline import Deadline
    from scenario_runner.planning.plan import PlannedStudy

LOCK: Final = "lockfile"
_PAUSE: Final = 0.02


@dataclass(frozen=True, slots=True)
class SharedFolder:
    """One that is made when it is written to. station: the AE title of who is to do the work.

    Raises MachineError, and what the deadline raises while another one holds the lock.
    """

    folder: Path
    station: str
    deadline: Deadline

    def write(self, studies: Iterable[PlannedStudy], station: str | None = None) -> list[str]:
        """Put an item there for each study, ``STUDYUID.wl``, also in place of an earlier one."""
        contents = {_name(one): worklist_file(one, station or self.station) for one in studies}
        files = OrderFiles(self.folder, synced=True)
        with _told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with _locked(self.folder, self.deadline):
                for name, content in contents.items():
                    files.replace(name.removesuffix(".wl"), content)
                files.settle()
        return list(contents)

    def remove(self, studies: Iterable[PlannedStudy]) -> int:
        """Take the items of these studies away; how many were there."""
        removed = 0
        with _told(self.folder), _locked(self.folder, self.deadline):
            for study in studies:
                with contextlib.suppress(FileNotFoundError):
                    (self.folder / _name(study)).unlink()
                    removed += 1
        return removed


def _name(study: PlannedStudy) -> str:
    return f"{study.uid}.wl"


@contextlib.contextmanager
def _locked(folder: Path, deadline: Deadline) -> Iterator[None]:
    while True:
        try:
            lock = Ownership(folder / LOCK)
            break
        except OwnedError:
            deadline.sleep(_PAUSE)
    try:
        yield
    finally:
        lock.end()


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise of_the_machine(f"the worklist folder '{folder}' cannot be changed", error) from error

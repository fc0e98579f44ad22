"""The libraries of a run, copied into its folder so that a rerun needs nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scenario_runner.errors import of_the_machine
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.finding import Libraries
from scenario_runner.libraries.library import Library
from scenario_runner.libraries.locking import Locks
from scenario_runner.libraries.places import Places

_FOLDER = "libraries"


@dataclass(frozen=True, slots=True)
class KeptLibrary:
    """A library that a run used. folder: of its copy, below ``inputs/``."""

    name: str
    version: str
    source: str
    folder: str

    def written(self) -> dict[str, str]:
        """For the request of the run."""
        return {
            "name": self.name, "version": self.version, "source": self.source, "kept": self.folder,
        }  # fmt: skip

    @property
    def told(self) -> str:
        """For the record: ``radiology 1.2.0 (libs/radiology)``."""
        return f"{self.name} {self.version} ({self.source})"


def keep_libraries(folder: Path, used: Iterable[Library]) -> list[KeptLibrary]:
    """Copy all files of libraries into ``inputs/libraries/``. Raises MachineError."""
    kept = []
    taken: set[str] = set()
    for library in sorted(used, key=lambda one: (one.name, one.version)):
        name = base = f"{library.name}-{library.version}"
        number = 1
        while name in taken:
            number += 1
            name = f"{base}-{number}"
        taken.add(name)
        place = folder / "inputs" / _FOLDER / name
        for within, path in library.files():
            copy = place / within
            try:
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
            except OSError as error:
                raise of_the_machine(f"cannot write '{copy}'", error) from error
        kept.append(
            KeptLibrary(
                library.name, str(library.version), str(library.source), f"{_FOLDER}/{name}"
            )
        )
    return kept


def read_kept(data: Sequence[Mapping[str, Any]]) -> list[KeptLibrary]:
    """As ``written`` wrote them. Raises KeyError."""
    return [
        KeptLibrary(str(one["name"]), str(one["version"]), str(one["source"]), str(one["kept"]))
        for one in data
    ]


def where_now(file: str, folder: Path, kept: Iterable[KeptLibrary]) -> str:
    """A file by its name then, or in the copy of its library where it is there no more, with what it names beside it."""
    if Path(file).exists():
        return file
    copies = (
        folder / "inputs" / one.folder / Path(file).relative_to(one.source)
        for one in kept
        if Path(file).is_relative_to(one.source)
    )
    return next((str(copy) for copy in copies if copy.is_file()), file)


def kept_libraries(folder: Path, kept: Iterable[KeptLibrary]) -> Libraries:
    """Where a rerun finds its step lists: in the copies alone."""
    inputs = folder / "inputs"
    copies = {Path(one.source): inputs / one.folder for one in kept}
    return Libraries(Places(kept=copies), locks=Locks(heeded=False))

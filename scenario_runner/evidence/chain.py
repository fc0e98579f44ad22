"""A run that names the one before it, so that none can be taken away or made anew unnoticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.errors import UsageError, of_the_machine
from scenario_runner.evidence.files import write_atomically
from scenario_runner.evidence.manifest import MANIFEST, PREVIOUS, PreviousRun, read_manifest

if TYPE_CHECKING:
    from pathlib import Path


def chain_to_previous(folder: Path, site: str) -> PreviousRun | None:
    """Note in a run folder which run of its site beside it ended last; None when there is none.

    Runs that end at the same moment may name the same one before: a chain may branch. Raises MachineError.
    """
    newest: tuple[str, PreviousRun] | None = None
    try:
        for other in folder.resolve().parent.iterdir():
            if other == folder.resolve() or not (other / MANIFEST).is_file():
                continue
            try:
                manifest, digest = read_manifest(other)
            except (ValueError, UsageError):
                continue  # not one of ours, whatever its name
            ended = manifest.finished or ""
            if manifest.site == site and (newest is None or ended > newest[0]):
                newest = ended, PreviousRun(run=manifest.run, sha256=digest)
    except OSError as error:
        raise of_the_machine(f"cannot read '{error.filename}'", error) from error
    if newest is None:
        return None
    write_atomically(folder / PREVIOUS, [newest[1].model_dump_json(indent=1).encode() + b"\n"])
    return newest[1]

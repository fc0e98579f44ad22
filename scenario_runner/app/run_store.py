"""Run folders as a store: listed, thinned out, taken along."""

from __future__ import annotations

import shutil
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING

from scenario_runner.errors import UsageError, of_the_machine
from scenario_runner.evidence.history import run_folders, without_plan
from scenario_runner.evidence.manifest import MANIFEST, every_file, is_signature, read_manifest
from scenario_runner.evidence.signing.verify import signature_files
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from scenario_runner.evidence.record import RunRecord

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Kept:
    """One run folder. signed: by how many."""

    folder: Path
    record: RunRecord
    signed: int


def stored(folder: Path) -> list[Kept]:
    """The runs of a folder, the newest first. Raises UsageError, MachineError."""
    found = [Kept(one, without_plan(one), _signatures(one)) for one in run_folders(folder)]
    return sorted(found, key=lambda one: (one.record.started or "", one.record.id), reverse=True)


def _signatures(folder: Path) -> int:
    beside = sum(is_signature(path.name) for path in folder.iterdir())
    return len(signature_files(folder)) + beside


def prunable(
    runs: Sequence[Kept], keep: int, before: dt.datetime | None, *, passed_only: bool
) -> list[Kept]:
    """The runs to delete of those that ``stored`` lists.

    The newest ``keep`` stay, what started at ``before`` or later, what is signed, and what a run that stays is
    chained to. passed_only: what did not pass stays, too. So does what lies elsewhere, and only a link leads to.
    """
    gone = [
        one
        for one in runs[keep:]
        if not one.signed
        and not one.folder.is_symlink()
        and (before is None or (one.record.started or "9") < before.isoformat())
        and (not passed_only or one.record.outcome == "passed")
    ]
    while True:
        needed = {name for one in runs if one not in gone for name in _before(one.folder)}
        staying = [one for one in gone if one.record.id not in needed]
        if len(staying) == len(gone):
            return gone
        gone = staying


def _before(folder: Path) -> list[str]:
    try:
        previous = read_manifest(folder)[0].previous
    except (UsageError, ValueError):
        return []
    return [] if previous is None else [previous.run]


def delete(runs: Sequence[Kept]) -> None:
    """Delete run folders. Raises MachineError."""
    for one in runs:
        try:
            shutil.rmtree(one.folder)
        except OSError as error:
            raise of_the_machine(f"cannot delete '{error.filename}'", error) from error


def export(folder: Path, to: Path) -> int:
    """Write a run as a ZIP file, the same bytes for the same run; returns how many files it has.

    Raises UsageError when the file is there or the folder is no run's, MachineError.
    """
    read_manifest_or_fail(folder)
    names = {
        name: path for name, path in every_file(folder) if path.is_file() and not path.is_symlink()
    }
    try:
        with to.open("xb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, path in sorted(names.items()):
                entry = zipfile.ZipInfo(f"{folder.resolve().name}/{name}", _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as file:
                    shutil.copyfileobj(source, file, 1 << 20)
    except FileExistsError as error:
        raise UsageError(f"'{to}' is there already", hint="name another file") from error
    except OSError as error:
        with suppress(OSError):
            to.unlink(missing_ok=True)
        raise of_the_machine(f"cannot write '{to}'", error) from error
    return len(names)


def read_manifest_or_fail(folder: Path) -> None:
    """Raises UsageError for a folder that is no whole run."""
    try:
        read_manifest(folder)
    except ValueError as error:
        raise UsageError(f"'{folder / MANIFEST}' is no manifest: {error}") from error

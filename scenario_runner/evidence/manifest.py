"""``manifest.json``: what lies in a run folder, with the SHA-256 of each file."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scenario_runner.errors import MachineError, UsageError, of_the_machine
from scenario_runner.evidence.digests import file_digest
from scenario_runner.evidence.files import is_unfinished, write_atomically
from scenario_runner.evidence.unreadable import first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scenario_runner.evidence.record import RunRecord

MANIFEST = "manifest.json"
SIGNATURES = "signatures"
"""The folder of a run's signatures, within the run folder."""
PREVIOUS = "inputs/previous.json"
"""Which run a run is chained to, when it was asked to be."""

_ENVELOPE = ".dsse.json"
_STAMP = ".tsr"
_DETACHED = (".asc", ".sig", ".p7s", ".tsr")
_MOST_BYTES = 256 * 1024 * 1024


class _Part(BaseModel):
    # A name that is not known may be one that somebody has altered.
    model_config = ConfigDict(populate_by_name=True, extra="forbid", defer_build=True)


class FileDigest(_Part):
    """One file of a run: its path from the run folder with forward slashes, size in bytes, digest in hexadecimal."""

    path: str
    size: int
    sha256: str


class PreviousRun(_Part):
    """The run before this one at the same site, by the digest of its manifest."""

    run: str
    sha256: str


class Manifest(_Part):
    """``manifest/v1``. Fields with a default are missing in those of earlier versions."""

    schema_: Literal["manifest/v1"] = Field(default="manifest/v1", alias="schema")
    run: str
    site: str = ""
    started: str | None = None
    finished: str | None = None
    outcome: str = ""
    previous: PreviousRun | None = None
    """null for a run that is chained to none."""
    files: list[FileDigest]


def write_manifest(
    record: RunRecord, folder: Path, digest: Callable[[Path], str] = file_digest
) -> None:
    """List every file of the folder but the manifest and its signatures, sorted by path.

    digest: the SHA-256 of a file in hexadecimal, where it is known already. Raises MachineError.
    """
    try:
        files = [
            FileDigest(path=name, size=path.stat().st_size, sha256=digest(path))
            for name, path in sorted(_listed(folder).items())
        ]
        previous = previous_run(folder)
    except OSError as error:
        raise of_the_machine(f"cannot read '{error.filename}'", error) from error
    manifest = Manifest(
        run=record.id,
        site=record.site,
        started=record.started,
        finished=record.finished,
        outcome=record.outcome,
        previous=previous,
        files=files,
    )
    text = json.dumps(manifest.model_dump(by_alias=True), ensure_ascii=False, indent=1)
    write_atomically(folder / MANIFEST, [text.encode("utf-8", "backslashreplace"), b"\n"])


def read_manifest(folder: Path) -> tuple[Manifest, str]:
    """The manifest of a run folder and its SHA-256.

    Raises UsageError when there is none, MachineError when it cannot be read, ValueError when it is none.
    """
    path = folder / MANIFEST
    if path.is_symlink():
        raise ValueError("it is a link, and no link belongs to a run")
    if not path.is_file():
        raise UsageError(
            f"'{folder}' has no {MANIFEST}, so nobody knows what belongs to the run",
            hint="a run that was killed gets one by 'fabricate report'",
        )
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"it is larger than {_MOST_BYTES >> 20} MiB")
        data = path.read_bytes()
    except OSError as error:
        raise of_the_machine(f"cannot read '{path}'", error) from error
    try:
        # Not pydantic's parser: names of files may hold what is no UTF-8, as escaped surrogates.
        manifest = Manifest.model_validate(json.loads(data))
        if "schema_" not in manifest.model_fields_set:
            raise ValueError("schema: there is none")
    except ValidationError as error:
        raise ValueError(first_line(error)) from error
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    return manifest, hashlib.sha256(data).hexdigest()


def every_file(folder: Path) -> Iterator[tuple[str, Path]]:
    """Whatever is no folder, links included and not followed, with its path as a manifest writes it."""
    for root, folders, files in os.walk(folder):
        base = Path(root)
        links = [name for name in folders if (base / name).is_symlink()]
        for name in (*files, *links):
            path = base / name
            yield path.relative_to(folder).as_posix(), path


def is_signature(name: str) -> bool:
    """Whether a path from the run folder is that of a signature or its time stamp, which no manifest can list."""
    parent, _, file = name.rpartition("/")
    if parent == SIGNATURES:
        file = file.removesuffix(_STAMP)
        return file.endswith(_ENVELOPE) and len(file) > len(_ENVELOPE)
    return not parent and file in {f"{MANIFEST}{ending}" for ending in _DETACHED}


def is_stamp(name: str) -> bool:
    """Whether a path is that of the time stamp of a signature beside it."""
    return name.startswith(f"{SIGNATURES}/") and name.endswith(f"{_ENVELOPE}{_STAMP}")


def _listed(folder: Path) -> dict[str, Path]:
    """The files that are the run's.

    Left out are links, and the manifest with its signatures: a signature of the manifest cannot stand in
    it, and reports made again after signing must give the manifest that was signed.
    """
    return {
        name: path
        for name, path in every_file(folder)
        if path.is_file()
        and not path.is_symlink()
        and name != MANIFEST
        and not is_signature(name)
        and not is_unfinished(path)
    }


def previous_run(folder: Path) -> PreviousRun | None:
    """The run that a run folder says it is chained to; None for none. Raises OSError, MachineError for what says nothing."""
    path = folder / PREVIOUS
    try:
        return PreviousRun.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise MachineError(f"'{path}' does not say which run came before") from error

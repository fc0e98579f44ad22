"""What became of a run folder since its manifest was written."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from scenario_runner.errors import MachineError
from scenario_runner.evidence.digests import file_digest
from scenario_runner.evidence.manifest import (
    MANIFEST,
    PREVIOUS,
    FileDigest,
    Manifest,
    every_file,
    is_signature,
    previous_run,
)
from scenario_runner.evidence.run_json import CASES, RunJsonReporter
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Change = Literal[
    "changed", "missing", "added", "renamed", "manifest", "rebuilt", "moved", "signature",
    "untrusted", "unsigned", "stamp", "chain",
]  # fmt: skip
"""What is wrong. ``manifest``: it is no manifest, or not that of the files it lists. ``rebuilt``: another manifest was signed. ``moved``: another
run was signed. ``signature``: the signature is not that of its key. ``untrusted``: nobody vouches for the key. ``unsigned``: nobody signed, where somebody was to.
``stamp``: the time stamp of a signature does not hold. ``chain``: the run before is not the one that this run was chained to."""


_ALSO_IN_THE_RECORD = {
    "run": "id",
    **{name: name for name in ("site", "started", "finished", "outcome")},
}
"""Fields of a manifest, and their names in ``run.json``."""
_PIECE = 1 << 20
_LONGEST_HEAD = 64 << 20
"""Bytes; what stands before the cases has a line for each file that scenarios were read from, and no more."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was. path: from the run folder; empty of the run as a whole."""

    change: Change
    path: str
    message: str


def changes(folder: Path, manifest: Manifest) -> list[Finding]:
    """Compare every file with the manifest. Raises OSError for a file that cannot be read."""
    listed: dict[str, FileDigest] = {}
    found: list[Finding] = []
    for file in manifest.files:
        if file.path in listed:
            found.append(Finding("manifest", file.path, "is listed twice"))
        elif not _is_within(file.path):
            found.append(Finding("manifest", file.path, "is no file within the run folder"))
        else:
            listed[file.path] = file
    there = {name: path for name, path in every_file(folder) if name != MANIFEST}
    for name, file in listed.items():
        path = there.get(name)
        if path is not None and not path.is_symlink():
            found += _compared(file, path)
    missing = [file for name, file in listed.items() if name not in there]
    added = [
        name
        for name, path in there.items()
        if path.is_symlink() or (name not in listed and not (is_signature(name) and path.is_file()))
    ]
    found += _told_otherwise(folder, manifest)
    return sorted(
        [*found, *_renamed(missing, added, there)], key=lambda one: (one.path, one.change)
    )


def _told_otherwise(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """What the manifest says of the run itself and the files that it lists do not.

    No digest covers the manifest of a run that nobody signed; what it says beside digests is said elsewhere, too.
    """
    said = _head_of_the_record(folder)
    for name, field in _ALSO_IN_THE_RECORD.items():
        ours = getattr(manifest, name)
        if field in said and said[field] != ours:
            message = f"says that {name} is {ours!r}, and run.json that it is {said[field]!r}"
            yield Finding("manifest", MANIFEST, message[:500])
    try:
        if previous_run(folder) != manifest.previous:
            message = f"does not name the run before that {PREVIOUS} names"
            yield Finding("manifest", MANIFEST, message)
    except (MachineError, OSError):
        return  # no digest will have it, either


def _head_of_the_record(folder: Path) -> dict[str, Any]:
    """The fields of ``run.json`` that stand before its cases; empty for what is none. Raises OSError."""
    path = folder / RunJsonReporter.file
    if not path.is_file() or path.is_symlink():
        return {}
    read = b""
    with path.open("rb") as file:
        while CASES not in read and len(read) < _LONGEST_HEAD and (more := file.read(_PIECE)):
            read += more
    head, cases, _ = read.partition(CASES)
    try:
        said = json.loads(head + b"\n}") if cases else {}
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _compared(file: FileDigest, path: Path) -> Iterator[Finding]:
    if not path.is_file():
        yield Finding("changed", file.path, "is no file any more")
        return
    size = path.stat().st_size
    if size != file.size:
        yield Finding("changed", file.path, f"has {size:,} bytes and had {file.size:,}")
    elif file_digest(path) != file.sha256:
        yield Finding("changed", file.path, "has other contents of the same size")


def _renamed(
    missing: Iterable[FileDigest], added: Iterable[str], there: dict[str, Path]
) -> Iterator[Finding]:
    """What is missing and what was added; one that is there under another name is one finding."""
    by_digest: dict[str, list[FileDigest]] = defaultdict(list)
    for file in missing:
        by_digest[file.sha256].append(file)
    sizes = {file.size for files in by_digest.values() for file in files}
    for name in sorted(added):
        path = there[name]
        if path.is_symlink():
            yield Finding("added", name, "is a link, and no link belongs to a run")
            continue
        before = None
        if path.is_file() and path.stat().st_size in sizes:
            same = by_digest.get(file_digest(path))
            before = same.pop(0) if same else None
        if before is None:
            yield Finding("added", name, "does not belong to the run")
        else:
            yield Finding("renamed", before.path, f"is called {name} now")
    for files in by_digest.values():
        for file in files:
            yield Finding("missing", file.path, f"is missing ({file.size:,} bytes)")


def _is_within(path: str) -> bool:
    pure = PurePosixPath(path)
    return (
        bool(path)
        and path == pure.as_posix()
        and not pure.is_absolute()
        and ".." not in pure.parts
        and path != MANIFEST
        and not is_signature(path)
    )

"""What became of a run folder since its manifest was written."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from scenario_runner.evidence.digests import file_digest
from scenario_runner.evidence.manifest import (
    MANIFEST,
    FileDigest,
    Manifest,
    every_file,
    is_signature,
)
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Change = Literal[
    "changed", "missing", "added", "renamed", "manifest", "rebuilt", "moved", "signature",
    "untrusted", "stamp", "chain",
]  # fmt: skip
"""What is wrong. ``manifest``: it is no manifest. ``rebuilt``: another manifest was signed. ``moved``: another
run was signed. ``signature``: the signature is not that of its key. ``untrusted``: nobody vouches for the key.
``stamp``: the time stamp of a signature does not hold. ``chain``: the run before is not the one that this run was chained to."""


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
        if (name not in listed and not is_signature(name)) or path.is_symlink()
    ]
    return sorted(
        [*found, *_renamed(missing, added, there)], key=lambda one: (one.path, one.change)
    )


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

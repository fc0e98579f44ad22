"""``manifest.json``: what lies in a run folder, with the SHA-256 of each file."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from scenario_runner.errors import MachineError
from scenario_runner.evidence.files import is_unfinished, write_atomically

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = "manifest.json"


def write_manifest(run_id: str, folder: Path) -> None:
    """List every file of the folder but the manifest itself, sorted by path. Raises MachineError."""
    try:
        files = [
            {"path": name, "size": path.stat().st_size, "sha256": _sha256(path)}
            for name, path in sorted(_files(folder).items())
        ]
    except OSError as error:
        raise MachineError(f"cannot read '{error.filename}': {error.strerror}") from error
    manifest = {"schema": "manifest/v1", "run": run_id, "files": files}
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    write_atomically(folder / MANIFEST, [text.encode(), b"\n"])


def _files(folder: Path) -> dict[str, Path]:
    """Relative path with forward slashes to file. Links are left out: they are not the run's."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file()
        and not path.is_symlink()
        and path != folder / MANIFEST
        and not is_unfinished(path)
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

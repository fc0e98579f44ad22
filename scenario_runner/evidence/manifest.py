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
    """List every file of the folder but the manifest and its signatures, sorted by path. Raises MachineError."""
    try:
        files = [
            {"path": name, "size": path.stat().st_size, "sha256": _sha256(path)}
            for name, path in sorted(_files(folder).items())
        ]
    except OSError as error:
        raise MachineError(f"cannot read '{error.filename}': {error.strerror}") from error
    manifest = {"schema": "manifest/v1", "run": run_id, "files": files}
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    write_atomically(folder / MANIFEST, [text.encode("utf-8", "backslashreplace"), b"\n"])


def _files(folder: Path) -> dict[str, Path]:
    """Relative path with forward slashes to file.

    Left out are links, which are not the run's, and the manifest with what lies beside it as
    ``manifest.json.asc``: a signature of the manifest cannot stand in it, and reports made again
    after signing must give the manifest that was signed.
    """
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file()
        and not path.is_symlink()
        and not (path.parent == folder and _is_manifest(path.name))
        and not is_unfinished(path)
    }


def _is_manifest(name: str) -> bool:
    return name == MANIFEST or name.startswith(f"{MANIFEST}.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

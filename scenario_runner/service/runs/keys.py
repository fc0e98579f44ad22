"""Keys of runs: by one, the process of a run reaches the server that started it, for as long as the run goes on."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Final

PREFIX: Final = "fabricate-run-"
VARIABLE: Final = "FABRICATE_RUN_KEY"
"""The variable that has it in the process of the run; a site file may name it: ``{{ env.FABRICATE_RUN_KEY }}``."""
_FILE: Final = "key"


def new(run_id: str, job: Path) -> str:
    """A key for a run. Its digest is kept in the folder of its job, for a server that comes later. Raises OSError."""
    key = f"{PREFIX}{run_id}.{secrets.token_urlsafe(32)}"
    (job / _FILE).write_text(_digest(key), encoding="ascii")
    return key


def run_of(key: str) -> str:
    """The ID of the run that a key says it is for."""
    return key.removeprefix(PREFIX).partition(".")[0]


def fits(key: str, job: Path) -> bool:
    """Whether a key is the one that was given to a job."""
    try:
        kept = (job / _FILE).read_text("ascii")
    except (OSError, ValueError):
        return False
    return secrets.compare_digest(kept, _digest(key))


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()

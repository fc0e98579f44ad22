"""Which commit a folder is at, when it lies in a git checkout."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_PATIENCE = 20


def commit_of(folder: Path) -> str | None:
    """The commit, with ``+changes`` where files of the folder differ from it; None outside of a checkout."""
    git = shutil.which("git")
    if git is None:
        return None
    try:
        head = _asked(git, folder, "rev-parse", "--verify", "HEAD")
        if head is None:
            return None
        if _asked(git, folder, "ls-files", "--error-unmatch", "library.yaml") is None:
            return None  # it lies in somebody else's checkout and is no part of it
        changed = _asked(git, folder, "status", "--porcelain", "--", ".")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{head}+changes" if changed else head


def _asked(git: str, folder: Path, *arguments: str) -> str | None:
    done = subprocess.run(  # noqa: S603 - git, with arguments of ours
        [git, "--no-optional-locks", "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=_PATIENCE,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout.strip() if done.returncode == 0 else None

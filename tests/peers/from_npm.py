"""Packages that the peer tests have from npm, each version once in the cache of the user."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


def packed(package: str, version: str) -> Path:
    """A package as it was published, without what it depends on."""

    def fetch(made: Path) -> None:
        _npm("pack", "--silent", f"{package}@{version}", cwd=made)
        shutil.unpack_archive(next(made.glob("*.tgz")), made, filter="data")

    return kept(package, version, fetch) / "package"


def installed(package: str, version: str) -> Path:
    """The ``node_modules`` that have a package and all it depends on. No script of theirs is run."""

    def fetch(made: Path) -> None:
        options = ("--silent", "--no-fund", "--no-audit", "--ignore-scripts")
        _npm("install", *options, "--prefix", ".", f"{package}@{version}", cwd=made)

    return kept(f"{package}-modules", version, fetch) / "node_modules"


def kept(name: str, version: str, fetch: Callable[[Path], None]) -> Path:
    """The folder that ``fetch`` fills once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "dicom-fabricator" / f"{name.replace('/', '+')}-{version}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent) as made:
            whole = Path(made, "whole")
            whole.mkdir()
            fetch(whole)
            with contextlib.suppress(OSError):  # another run may have been faster
                whole.rename(folder)
    return folder


def _npm(*arguments: str, cwd: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.fail("npm is not installed here (Debian and Ubuntu: apt install npm)")
    done = subprocess.run(
        [npm, *arguments], cwd=cwd, capture_output=True, timeout=300, encoding="utf-8", check=False
    )
    if done.returncode:
        pytest.fail(f"npm {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")

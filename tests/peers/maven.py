"""Programs that the peer tests have from Maven: fetched, and compiled where they are ours, once in the cache of the user."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.peers.from_npm import kept

if TYPE_CHECKING:
    from pathlib import Path

_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def class_path(name: str, main: Path) -> str:
    """The class path of one Java file and what the ``pom.xml`` beside it names; of a ``pom.xml`` alone, what that names."""
    pom = main.parent / "pom.xml"
    compiled = main != pom
    content = pom.read_bytes() + (main.read_bytes() if compiled else b"")
    digest = hashlib.sha256(content).hexdigest()[:16]

    def fetch(made: Path) -> None:
        shutil.copy(pom, made)
        _run("mvn", "-q", "-B", _COPY, "-DoutputDirectory=lib", cwd=made, again=2)
        if compiled:
            _run("javac", "-nowarn", "-cp", "lib/*", "-d", "classes", str(main), cwd=made)

    folder = kept(name, digest, fetch)
    return f"{folder / 'classes'}:{folder / 'lib'}/*"


def _run(program: str, *arguments: str, cwd: Path, again: int = 0) -> None:
    """again: how often to repeat what failed; a registry far away may stumble over one of ninety files."""
    found = shutil.which(program)
    if found is None:
        pytest.fail(f"{program} is not here (Debian: apt install maven default-jdk-headless)")
    done = subprocess.run(
        [found, *arguments],
        cwd=cwd,
        capture_output=True,
        timeout=120,
        encoding="utf-8",
        check=False,
    )
    if done.returncode and again:
        _run(program, *arguments, cwd=cwd, again=again - 1)
    elif done.returncode:
        pytest.fail(f"{program} failed:\n{(done.stdout + done.stderr)[-3000:]}")

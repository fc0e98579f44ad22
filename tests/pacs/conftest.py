"""What tests of the embedded PACS share: one that runs, and DCMTK's clients."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Protocol

import pytest

from scenario_runner.pacs.server import EmbeddedPacs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Dcmtk(Protocol):
    """Runs a program of DCMTK to its end, output in UTF-8."""

    def __call__(
        self, program: str, *arguments: str | Path
    ) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def dcmtk() -> Dcmtk:
    """A function that runs a client of DCMTK."""

    def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        path = shutil.which(program)
        assert path is not None, f"{program} of DCMTK is not installed"
        return subprocess.run(
            [path, *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=60,
            check=False,
            # Both halves of the Nagle cure; without it each message costs 40 ms (DCMTK's switch).
            env={**os.environ, "TCP_NODELAY": "1"},
        )

    return run


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[EmbeddedPacs]:
    """An embedded PACS on a free port of loopback."""
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        yield pacs

"""The OHIF viewer as a user installs it: from npm's package, by the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.web.viewer import package
from tests.peers.from_npm import packed
from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path


def archive() -> Path:
    """The package, as npm has it."""
    return next(packed(package.NAME, package.VERSION).parent.glob("*.tgz"))


def install(data: Path) -> None:
    """Into the data folder of a service."""
    fabricate("viewer", "install", "--package", archive(), "--data", data).check()

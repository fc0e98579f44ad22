"""What tests of the upper layer share with those of the embedded PACS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scenario_runner.pacs.server import EmbeddedPacs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[EmbeddedPacs]:
    """An embedded PACS on a free port of loopback."""
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        yield pacs

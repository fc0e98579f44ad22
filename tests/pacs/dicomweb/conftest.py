"""An embedded PACS whose DICOMweb port is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from scenario_runner.pacs.server import EmbeddedPacs


@pytest.fixture
def url(pacs: EmbeddedPacs) -> str:
    """The URL of its service."""
    return pacs.open_web()

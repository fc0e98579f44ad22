"""The page that shows the API, in a real browser and without a way to the public network."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.peers.chromium import PATIENCE, browser
from tests.web.served import served

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer

_LOADED = "performance.getEntriesByType('resource').map(each => each.name)"
_OPERATIONS = "document.querySelectorAll('.opblock').length"


def test_the_page_of_the_api_is_drawn_from_this_installation_alone(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service, browser(tmp_path) as page:
        page.open(f"{service.url}/docs")
        until = time.monotonic() + PATIENCE
        while not page.value(_OPERATIONS):
            assert time.monotonic() < until, page.exceptions
            time.sleep(0.05)
        loaded = page.value(_LOADED)
        assert len(loaded) >= 4, "style, two scripts and the description"
        assert [each for each in loaded if not each.startswith(service.url)] == []
        assert page.exceptions == []

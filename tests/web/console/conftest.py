"""One browser for each module of tests that asks for one, and another one once that has hung."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.web.console.browsing import ended_if_it_hangs, launched


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser that hung is no fault of the console: such a test, and no other, is run a second time."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=["TargetClosedError"]))


@pytest.fixture(scope="module")
def browsers() -> Iterator[Callable[[], Browser]]:
    with sync_playwright() as playwright:
        opened: list[Browser] = []

        def living() -> Browser:
            if not opened or not opened[-1].is_connected():
                opened.append(launched(playwright))
            return opened[-1]

        yield living
        for one in opened:
            one.close()


@pytest.fixture
def browser(browsers: Callable[[], Browser]) -> Iterator[Browser]:
    with ended_if_it_hangs():
        yield browsers()

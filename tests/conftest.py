"""What holds for all tests."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.peers.postgres import PostgreSQL, postgresql
from tests.peers.processes import hide_scripts_of_this_environment

# Machines differ: a property test is never hurried. Sixty examples each, for there are many such tests; always the
# same for the same test, so that a commit passes or fails and does not do both. "search" looks for others.
SUITE = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("suite", SUITE)
settings.register_profile("search", SUITE, derandomize=False, max_examples=500)
settings.load_profile("suite")

hide_scripts_of_this_environment()


LONG = 600
"""Seconds that only tests which may take minutes are given."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected, some seven hundred thousand objects, stays: no search for garbage has to walk over it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules with such a test come first: at the end no worker is left alone with one."""
    limits = ((item, item.get_closest_marker("timeout")) for item in items)
    long = {item.path for item, limit in limits if limit is not None and limit.args[0] >= LONG}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgreSQL]:
    """A real PostgreSQL, once for all tests that ask for it."""
    with postgresql() as running:
        yield running

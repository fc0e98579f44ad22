"""What holds for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.peers.postgres import PostgreSQL, postgresql
from tests.peers.processes import hide_scripts_of_this_environment

# Machines differ: a property test is never hurried. Sixty examples each, for there are many such tests.
settings.register_profile(
    "suite", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

hide_scripts_of_this_environment()


@pytest.fixture(scope="session")
def server() -> Iterator[PostgreSQL]:
    """A real PostgreSQL, once for all tests that ask for it."""
    with postgresql() as running:
        yield running

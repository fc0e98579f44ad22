"""Some of the walks again, with a PostgreSQL behind the console: they are the same there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers.postgres import postgresql
from tests.running import fabricate
from tests.web.console.test_walks import (
    it,
    test_files_are_chosen_looked_at_matched_confirmed_and_stored,
)
from tests.web.served import Served, served

pytestmark = pytest.mark.peer

__all__ = ["it", "test_files_are_chosen_looked_at_matched_confirmed_and_stored"]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("console") / "data"
    with postgresql() as server:
        database = server.create("console")
        fabricate(
            "patient", "generate", "--registry", database,
            "--name", "CITIZEN^JANE", "--id", "PID1", "--birth-date", "1970-01-31", "--sex", "F",
        ).check(0)  # fmt: skip
        with served(data, "--database", database, "--largest-file", "3000000") as running:
            yield running

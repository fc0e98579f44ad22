"""What is told of studies while their archive is away."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from scenario_runner.errors import ConnectionFailed
from scenario_runner.service.studies.finding import names_of


def test_whose_studies_they_are_is_left_out_where_the_archive_is_away(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A list of what waits to be decided on was an error then."""

    def page(*_: object) -> NoReturn:
        raise ConnectionFailed("nobody answers", target="pacs")

    service: Any = SimpleNamespace(home=SimpleNamespace(page=page))
    assert names_of(service, ["1.2.3"]) == {}
    assert "nobody answers" in caplog.text
    assert names_of(None, []) == {}  # type: ignore[arg-type]

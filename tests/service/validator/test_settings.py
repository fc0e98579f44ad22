"""The settings of a validator beside an option that goes for all uploads of a server."""

from __future__ import annotations

import pytest

from scenario_runner.service.validator.settings import read_settings


@pytest.mark.parametrize(
    ("environment", "most", "bound"),
    [
        ({}, None, 100 << 20),
        ({}, 5, 5),
        ({"FABRICATE_VALIDATOR_MOST_BYTES": "7"}, 5, 7),
        ({"FABRICATE_VALIDATOR_ATTEMPTS": "7"}, 5, 5),
    ],
)
def test_what_the_settings_say_of_a_file_wins_over_what_goes_for_all(
    environment: dict[str, str], most: int | None, bound: int
) -> None:
    assert read_settings(None, environment).up_to(most).most_bytes == bound

"""A site that is not there is told with those that are, where it was asked for by a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenario_runner.app.sites import site_path
from scenario_runner.errors import UsageError


@pytest.mark.parametrize(
    ("given", "hint"),
    [("folder/nowhere.yaml", "sites are looked for in"), ("nowhere-at-all", "there are ")],
)
def test_a_site_that_is_not_there_is_told_with_those_there_may_be(
    tmp_path: Path, given: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        site_path(given, [tmp_path])
    assert (caught.value.hint or "").startswith(hint)

"""What ``validate`` passes and a run makes, dciodvfy finds no error in either, but those known to be false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, seed, settings

from scenario_runner.conformance.outside.dciodvfy import Dciodvfy
from tests.imaging.test_what_validates_conforms import made, scenarios

if TYPE_CHECKING:
    from pathlib import Path

NOT_OURS: dict[str, str] = {}
"""Words of an error that no rule here has, with the reason."""


@pytest.mark.peer
def test_what_validate_passes_has_no_error_by_dciodvfy(tmp_path: Path) -> None:
    file = tmp_path / "one.dcm"
    judged = 0

    # The same examples each time: what another hundred would tell is looked for by hand.
    @seed(9)
    @settings(max_examples=90, suppress_health_check=list(HealthCheck), database=None)
    @given(scenarios())
    def hold(patient: dict[str, Any]) -> None:
        nonlocal judged
        for instance in made(patient) or []:
            judged += 1
            file.unlink(missing_ok=True)
            instance.write(file)
            errors = [
                f"{each.attribute} {each.message}"
                for each in Dciodvfy().check(file)
                if each.severity == "error" and not any(one in each.message for one in NOT_OURS)
            ]
            assert errors == []

    hold()
    assert judged >= 30

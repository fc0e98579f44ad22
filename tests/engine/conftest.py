"""Runs of the whole program whose steps are the probe's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.running import Finished, fabricate, record, steps, write_scenario, write_site

PROBE = Path(__file__).parent / "probe"

Play = Callable[..., tuple[Finished, dict[str, Any]]]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Run a list of steps; gives how the command ended and the record."""

    def run(entries: Sequence[Any], *options: str, **more: Any) -> tuple[Finished, dict[str, Any]]:
        targets: dict[str, Any] = {"pacs": {"embedded": {}}}
        site = write_site(tmp_path / "site.yaml", targets, plugins=str(PROBE))
        scenario = write_scenario(tmp_path / "played.yaml", entries, **more)
        out = tmp_path / "run"
        done = fabricate(
            "run", scenario, "--site", site, "--registry", ":memory:", "--out", out, *options
        )
        return done, record(out) if (out / "run.json").exists() else {}

    return run


def outcomes(run: dict[str, Any], case: int = 0) -> dict[str, str]:
    """Step id to outcome."""
    return {name: step["outcome"] for name, step in steps(run, case).items()}

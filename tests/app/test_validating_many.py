"""What each further scenario of a large library costs to validate, in calls, which no other work on a machine changes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from scenario_runner.app.load import Sources
from scenario_runner.app.validate import validate

ROOT = Path(__file__).parents[2]
SCENARIOS, LISTS = 12, 3
MOST = 5_000
"""Calls of Python functions for one scenario, its five steps and its file: there were 6,300 of them."""


def _benchmark() -> Any:
    spec = importlib.util.spec_from_file_location("library", ROOT / "benchmarks" / "library.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _calls(sources: Sources) -> int:
    assert not validate(sources).diagnostics  # what is worked out once is there afterwards
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        validate(sources)
    finally:
        sys.setprofile(before)
    return calls


def test_a_scenario_among_many_is_validated_in_few_calls(tmp_path: Path) -> None:
    _benchmark().write(tmp_path, 2 * SCENARIOS, LISTS)
    paths = sorted(tmp_path.glob("*.yaml"))
    some, all_ = (_calls(Sources(paths=paths[:number])) for number in (SCENARIOS, 2 * SCENARIOS))
    assert (all_ - some) / SCENARIOS < MOST

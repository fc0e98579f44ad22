"""What the benchmarks say of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

PROGRAMS = sorted((Path(__file__).parents[2] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_every_benchmark_reads_its_command_line_before_it_measures(program: Path) -> None:
    """Asked for help, one took all pictures of the documentation anew."""
    text = program.read_text(encoding="utf-8")
    assert "__main__" not in text or "ArgumentParser(" in text

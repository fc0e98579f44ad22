"""Scenario texts as a user writes them, and how the tests of this folder run them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.running import fabricate, record, steps

if TYPE_CHECKING:
    from pathlib import Path

SMALL_CT = "[{studies: [{series: [{modality: CT, images: 2, size: [32, 32]}]}]}]"


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that came to its end: exit code, what was printed, and the record."""

    code: int
    out: str
    err: str
    folder: Path
    run: dict[str, Any]

    def step(self, name: str, case: int = 0) -> dict[str, Any]:
        """The step of that id."""
        return steps(self.run, case)[name]

    def outcomes(self, case: int = 0) -> dict[str, str]:
        """Step id to outcome."""
        return {name: step["outcome"] for name, step in steps(self.run, case).items()}


def write(folder: Path, text: str, name: str = "scenario.yaml") -> Path:
    """Write a file; a text without a head gets one, with a small CT study."""
    if not text.lstrip().startswith(("schema:", "#")):
        text = f"schema: scenario/v1\nname: trial\nseed: 1\npatients: {SMALL_CT}\n{text}"
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def run(folder: Path, text: str, code: int | None, *options: str | Path) -> Ran:
    """Run a scenario text with counters that start anew; it must end with this exit code, if any."""
    out = folder / "run"
    path = write(folder, text)
    done = fabricate("run", path, "--registry", ":memory:", "--out", out, *options)
    done.check(done.code if code is None else code)
    return Ran(done.code, done.out, done.err, out, record(out))

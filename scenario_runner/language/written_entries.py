"""The entries of a file as they are written, those that stand within another one too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.language.entries import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.origins import Path


def written_entries(data: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The entries of a scenario or step list with their paths, those of a ``parallel`` after it."""
    for section in SECTIONS if isinstance(data, dict) else ():
        waiting: list[tuple[Path, Any]] = [((section,), data.get(section))]
        while waiting:
            path, entries = waiting.pop()
            for place, entry in enumerate(entries if isinstance(entries, list) else ()):
                if isinstance(entry, dict):
                    yield (*path, place), entry
                    waiting.append(((*path, place, "parallel"), entry.get("parallel")))

"""The libraries that come with the program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.resources import resource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenario_runner.libraries.library import Library


def shipped_libraries() -> Path:
    """The folder with them. Raises MachineError for a broken installation."""
    return resource("scenarios", "libs")


def own_before_shipped(found: Iterable[Library], shipped: Path | None) -> list[Library]:
    """Without those of the program that others have the name of: these are meant, whatever their version."""
    every = list(found)
    if shipped is None:
        return every
    own = {one.name for one in every if not one.root.is_relative_to(shipped)}
    return [one for one in every if one.name not in own or not one.root.is_relative_to(shipped)]

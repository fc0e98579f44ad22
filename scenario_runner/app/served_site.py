"""Which site file a service works with: the one it was started with, or its own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from scenario_runner.lazy_dataclasses import dataclass

_OWN: Final = "systems.yaml"
"""Its own, in the data folder. Not ``site.yaml``, which may lie in a folder that somebody serves from."""
_BEGINS: Final = """\
# The systems that were added in the console. Comments and whatever else is written here by hand stay.
schema: site/v1
name: local
"""


@dataclass(frozen=True, slots=True)
class ServedSite:
    """The site file of a service. given: the one it was started with, where there is one; data: its folder."""

    given: Path | None
    data: Path

    @property
    def file(self) -> Path | None:
        """The site file; None as long as it has none."""
        if self.given is not None:
            return self.given
        return self.edited if self.edited.is_file() else None

    @property
    def edited(self) -> Path:
        """The file that systems are added to; its own one is there once it has one."""
        return self.given or self.data / _OWN

    @property
    def begins(self) -> str:
        """What its own file begins with; empty where the file has to be there."""
        return "" if self.given is not None else _BEGINS

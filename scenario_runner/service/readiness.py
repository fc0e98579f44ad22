"""Whether the service can do its work now: database, archive, disk, and what else it stands on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from scenario_runner.errors import FabricatorError, MachineError, described
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.service.service import Service

ROOM: Final = 512 << 20
"""Bytes that have to be free on the disk: an upload is taken in before it is judged."""

Check = Callable[[], None]
"""Raises what is wrong."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What was found. wrong: by name of what does not work, why."""

    names: tuple[str, ...]
    wrong: Mapping[str, str]

    @property
    def is_ready(self) -> bool:
        """Whether all works."""
        return not self.wrong

    def as_json(self) -> dict[str, object]:
        """Names and no reasons: those are for the log, and whoever asks may be anybody."""
        return {
            "status": "ready" if self.is_ready else "not-ready",
            "checks": {name: "failed" if name in self.wrong else "ok" for name in self.names},
        }


def checks_of(service: Service) -> dict[str, Check]:
    """What every service stands on."""

    def database() -> None:
        with service.database.reading() as connection:
            if connection is not None:
                connection.execute(text("SELECT 1"))

    return {"database": database, "archive": service.home.check, "disk": room_in(service.folder)}


def room_in(folder: Path) -> Check:
    """Whether the disk of a folder has room for what is about to come."""

    def disk() -> None:
        free = shutil.disk_usage(folder).free
        if free < ROOM:
            raise MachineError(f"only {free >> 20} MiB are free on the disk of the data folder")

    return disk


def readiness(checks: Mapping[str, Check]) -> Readiness:
    """Ask each; what one raises is no harm to the others."""
    wrong: dict[str, str] = {}
    for name, check in checks.items():
        try:
            check()
        except (FabricatorError, OSError) as error:
            wrong[name] = described(error)
    return Readiness(tuple(checks), wrong)

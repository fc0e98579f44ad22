"""Who asks for a page, for whatever their roles are or with a permission."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from scenario_runner.service.asking import Asking
from scenario_runner.service.permissions import Caller, Permission
from scenario_runner.web.auth.allowed import came_from, known
from scenario_runner.web.imaging.asking import Corrector, Deleter, Uploader, Viewer, asks
from scenario_runner.web.runs.asking import Runner

__all__ = ["Administrator", "Corrector", "Deleter", "Known", "Runner", "Uploader", "Viewer"]


def _asking(caller: Caller = known(), where: str = came_from()) -> Asking:  # noqa: B008
    return Asking(caller, where)


Known = Annotated[Asking, Depends(_asking)]
Administrator = Annotated[Asking, asks(Permission.ADMINISTER)]

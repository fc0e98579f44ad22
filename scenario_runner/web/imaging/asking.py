"""Who asks for what is below ``/api/v1/dicom``, and pages of lists."""

from __future__ import annotations

from typing import Annotated, Any

import anyio.to_thread
from fastapi import Depends, Path, Query

from scenario_runner.service.asking import Asking
from scenario_runner.service.permissions import Caller, Permission
from scenario_runner.web.auth.allowed import allowed, came_from
from scenario_runner.web.text import GivenStudy

StudyUid = Annotated[
    GivenStudy,
    Path(
        description="The Study Instance UID.",
        examples=["1.2.826.0.1.3680043.8.498.1"],
    ),
]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]
Offset = Annotated[int, Query(ge=0, le=1 << 40, description="How many to pass over.")]


def asks(permission: Permission) -> Any:
    """A dependency: whoever asks, if they may."""

    # Defaults and not annotations: those are read where nobody knows ``permission``.
    def asking(
        caller: Caller = allowed(permission),  # noqa: B008
        where: str = came_from(),
    ) -> Asking:
        return Asking(caller, where)

    return Depends(asking)


Uploader = Annotated[Asking, asks(Permission.UPLOAD)]
Viewer = Annotated[Asking, asks(Permission.VIEW)]
Corrector = Annotated[Asking, asks(Permission.MODIFY)]
Deleter = Annotated[Asking, asks(Permission.DELETE)]


async def in_thread(function: Any, *arguments: Any) -> Any:
    """Call something that blocks."""
    return await anyio.to_thread.run_sync(function, *arguments)

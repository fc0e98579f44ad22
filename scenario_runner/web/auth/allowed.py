"""What an endpoint declares: which permission it needs, or that it is open to anybody."""

from __future__ import annotations

from typing import Any

from fastapi import Depends
from starlette.requests import Request

from scenario_runner.service.permissions import Caller, Permission
from scenario_runner.web.auth.gate import Gate


def gate_of(request: Request) -> Gate:
    """The gate of the server that a request has come to."""
    gate: Gate = request.state.gate
    return gate


class Allowed:
    """Gives the caller, who has the permission; for the study in the path, where there is one."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, request: Request) -> Caller:
        """Raises NotLoggedIn or NotAllowed."""
        study_uid = request.path_params.get("study_uid")
        return await gate_of(request).admit(request, self.permission, study_uid)


class Anybody:
    """Lets everybody in, and says so."""

    async def __call__(self) -> None:
        """Nothing is asked."""


class KnownCaller:
    """Gives the caller, whatever their roles."""

    async def __call__(self, request: Request) -> Caller:
        """Raises NotLoggedIn."""
        return await gate_of(request).caller(request)


async def _came_from(request: Request) -> str:
    return gate_of(request).came_from(request)


def allowed(permission: Permission) -> Any:
    """The caller, who has a permission.

    In an endpoint: ``caller: Annotated[Caller, allowed(Permission.VIEW)]``.
    """
    return Depends(Allowed(permission))


def known() -> Any:
    """The caller with any role.

    In an endpoint: ``caller: Annotated[Caller, known()]``.
    """
    return Depends(KnownCaller())


def anybody() -> Any:
    """For an endpoint that asks nobody who they are: ``dependencies=[anybody()]``."""
    return Depends(Anybody())


def came_from() -> Any:
    """Where a request came from, for the audit trail.

    In an endpoint: ``where: Annotated[str, came_from()]``.
    """
    return Depends(_came_from)

"""Who may do what: permissions, the roles that have them, and the caller they are asked of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Final

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.errors import NotAllowed


class Permission(StrEnum):
    """What an endpoint does to those it serves."""

    UPLOAD = "upload"
    """Bring objects in, and see what became of one's upload."""
    VIEW = "view"
    """Find, read, download and draw studies."""
    MODIFY = "modify"
    """Correct attributes of a study, and choose whom it belongs to."""
    DELETE = "delete"
    """Take a study away, with a reason."""
    OBSERVE = "observe"
    """See how the service does: numbers, no studies."""
    RUN = "run"
    """Run scenarios, stop, repeat and schedule runs, keep scenarios."""
    USE_PLUGINS = "use-plugins"
    """Bring scenarios that run the code of plugins, or read files from anywhere on the server's machine."""
    ADMINISTER = "administer"
    """Accounts, the audit trail, whatever else."""


class Role(StrEnum):
    """What an account is for."""

    ADMIN = "admin"
    DOCTOR = "doctor"
    RADIOLOGIST = "radiologist"
    TECHNICIAN = "technician"
    NURSE = "nurse"
    MONITOR = "monitor"
    """A program that reads the metrics, and may see nothing of anybody."""


_P = Permission
PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.ADMIN: frozenset(Permission),
    Role.DOCTOR: frozenset({_P.UPLOAD, _P.VIEW, _P.MODIFY, _P.RUN}),
    Role.RADIOLOGIST: frozenset({_P.VIEW, _P.DELETE}),
    Role.TECHNICIAN: frozenset({_P.UPLOAD, _P.VIEW, _P.MODIFY, _P.RUN}),
    Role.NURSE: frozenset({_P.VIEW}),
    Role.MONITOR: frozenset({_P.OBSERVE}),
}
"""The one table of roles."""


class Arrival(StrEnum):
    """How a caller was known."""

    LOOPBACK = "loopback"
    """On this machine, where nobody has an account."""
    SESSION = "session"
    API_KEY = "api-key"
    BEARER = "bearer"
    """A token of an OpenID provider."""
    VIEWER_TOKEN = "viewer-token"  # noqa: S105 - a kind, no secret
    RUN_KEY = "run-key"
    """The process of a run that this server has started."""
    COMMAND = "command"
    """The command line of the machine that the service runs on."""
    NOBODY = "nobody"
    """Not known: only to be written down."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: by name, with roles, and how they came."""

    name: str
    roles: frozenset[Role]
    arrival: Arrival
    study: str | None = field(default=None, kw_only=True)
    """The only study (by its UID) that they may see, where their token is bound to one."""
    account: int | None = field(default=None, kw_only=True)
    """The number of their account; None where they have none here."""

    @property
    def permissions(self) -> frozenset[Permission]:
        """What their roles allow; of a token for one study only to view it."""
        if self.study is not None:
            return frozenset({Permission.VIEW})
        return frozenset().union(*(PERMISSIONS[role] for role in self.roles))

    def may(self, permission: Permission, study_uid: str | None = None) -> bool:
        """Whether they have a permission, for a study or (None) for whatever there is."""
        if permission not in self.permissions:
            return False
        return self.study is None or self.study == study_uid


LOCAL: Final = Caller("local", frozenset({Role.ADMIN}), Arrival.LOOPBACK)
"""Whoever sits at this machine while nobody has an account."""
NOBODY: Final = Caller("", frozenset(), Arrival.NOBODY)
SERVICE: Final = Caller("service", frozenset(), Arrival.NOBODY)
"""The service by itself."""


def require(caller: Caller, permission: Permission, study_uid: str | None = None) -> None:
    """Raises NotAllowed unless the caller may."""
    if caller.may(permission, study_uid):
        return
    if caller.study is not None:
        raise NotAllowed("other-study", "this token is for viewing one study, and not for that")
    able = ", ".join(role for role in Role if permission in PERMISSIONS[role])
    raise NotAllowed(
        "not-permitted",
        f"{caller.name} may not {permission}",
        hint=f"those who may have one of the roles {able}",
    )

"""``/settings``: what is in effect, and where it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response

from scenario_runner.authority import authority
from scenario_runner.service.permissions import Permission
from scenario_runner.version import __version__
from scenario_runner.web.auth.allowed import gate_of
from scenario_runner.web.console.asking import Administrator
from scenario_runner.web.console.page import Desk, Group, Page
from scenario_runner.web.console.shown import size

if TYPE_CHECKING:
    from scenario_runner.web.console.texts import Language

PATH: Final = "/settings"


def _routes(router: APIRouter, desk: Desk) -> None:
    @router.get(PATH)
    def settings(request: Request, _: Administrator) -> Response:
        say = desk.show.say(request)
        listens = say(
            "settings.loopback" if gate_of(request).options.loopback else "settings.anywhere"
        )
        return desk.show(request, "settings/page.html.j2", parts_of=_parts(desk, say, listens))


def _parts(desk: Desk, say: Language, listens: str) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Each part of the page: its key, and (key of the label, value, what to change it with)."""
    service, settings = desk.service, desk.settings
    limits, provider, syslog = service.limits, settings.oidc, settings.audit.syslog
    none = say("settings.none")
    return [
        (
            "server",
            [
                ("version", __version__, ""),
                ("reached", listens, "--host"),
                ("data", str(desk.data.absolute()), "--data"),
                ("database", str(service.database.location), "--database"),
                ("site", none if desk.site is None else str(desk.site.absolute()), "--site"),
                ("pacs", desk.pacs, "--pacs"),
            ],
        ),
        (
            "limits",
            [
                ("file", size(limits.file), "--largest-file"),
                ("files", f"{limits.files:,}", "--most-files"),
                ("upload", size(limits.upload), "--largest-upload"),
            ],
        ),
        (
            "access",
            [
                (
                    "idle",
                    _lasting(say, settings.sessions.idle),
                    "sessions.idle",
                ),
                (
                    "absolute",
                    _lasting(say, settings.sessions.absolute),
                    "sessions.absolute",
                ),
                ("oidc", none if provider is None else provider.issuer, "oidc.issuer"),
                (
                    "second_person",
                    say("settings.yes" if settings.deletion.second_person else "settings.no"),
                    "deletion.second_person",
                ),
                ("signing", settings.signing.key or none, "signing.key"),
                (
                    "syslog",
                    none if syslog is None else authority(syslog.host, syslog.port),
                    "audit.syslog",
                ),
            ],
        ),
    ]


def _lasting(say: Language, seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours and not minutes:
        return say("settings.hours", count=hours)
    return say("settings.minutes", count=round(seconds / 60))


PAGE = Page(
    name="settings",
    path=PATH,
    group=Group.ADMINISTRATION,
    needs=Permission.ADMINISTER,
    routes=_routes,
)

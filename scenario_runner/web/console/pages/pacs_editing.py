"""``/pacs/edit``: a system of the site file added, changed and taken out; its comments stay, its secrets are not shown."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from scenario_runner.app.site_editing import Seen, remove, save, seen
from scenario_runner.language.site_text import FIELDS
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.errors import Conflicting
from scenario_runner.web.console.asking import Administrator
from scenario_runner.web.console.fields import Fields

if TYPE_CHECKING:
    from fastapi import APIRouter

    from scenario_runner.web.console.page import Desk

EDIT: Final = "/pacs/edit"
_BACK: Final = {"HX-Redirect": "/pacs"}
_GROUPS: Final = [
    (service, list(names))
    for service, names in groupby(FIELDS, lambda name: name.rpartition(".")[0])
]
"""Fields by the service they are of."""


def editing_routes(router: APIRouter, desk: Desk) -> None:
    """Add them to a router."""

    @router.get(EDIT)
    def edit(request: Request, asking: Administrator, name: str = "") -> Response:
        del asking
        return desk.show(
            request,
            "pacs/edit.html.j2",
            target=seen(desk.sites, name),
            groups=_GROUPS,
            any=desk.site is not None,
            is_home=name == desk.pacs,
        )

    @router.post(EDIT)
    def keep(asking: Administrator, fields: Fields) -> Response:
        new, target = fields.get("new") == "on", _target(fields)
        save(desk.sites, target, fields, desk.around, new=new)
        _note(asking, target, "added" if new else "changed")
        return Response(status_code=204, headers=_BACK)

    @router.post(f"{EDIT}/remove")
    def take_out(asking: Administrator, fields: Fields) -> Response:
        target = _target(fields)
        if target.name == desk.pacs:
            raise Conflicting(
                "target-in-use",
                f"'{target.name}' keeps the studies of this service",
                hint="start the service with another --pacs first",
            )
        remove(desk.sites, target, desk.around)
        _note(asking, target, "removed")
        return Response(status_code=204, headers=_BACK)

    def _note(asking: Any, target: Seen, what: str) -> None:
        detail = {"target": target.name, "what": what}
        desk.service.trail.record(
            asking.caller, Activity.SITE_CHANGED, None, asking.from_where, detail=detail
        )


def _target(fields: dict[str, str]) -> Seen:
    return Seen(fields.get("name", "").strip(), {}, fields.get("version", ""))

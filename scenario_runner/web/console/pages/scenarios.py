"""``/scenarios``: those that ship and those kept here; an editor with what is wrong and what would be made."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from starlette.requests import Request

from scenario_runner.app.new import first_text
from scenario_runner.app.served_runs import EMBEDDED
from scenario_runner.app.shipped_scenarios import SHIPPED
from scenario_runner.app.systems import System, systems
from scenario_runner.errors import FabricatorError
from scenario_runner.service.permissions import Permission
from scenario_runner.service.runs import records
from scenario_runner.web.console.asking import Viewer
from scenario_runner.web.console.navigation import Group
from scenario_runner.web.console.page import Desk, Page
from scenario_runner.web.console.pages.runs import any_production, run_row
from scenario_runner.web.console.paging import ROWS, Limit, Offset, Paging
from scenario_runner.web.headers import with_style_nonce
from scenario_runner.web.runs.asking import Runner, ScenarioName

if TYPE_CHECKING:
    from scenario_runner.app.shipped_scenarios import Runnable

PATH: Final = "/scenarios"
NEW: Final = "/new-scenario"
_HISTORY: Final = 5
_PACS: Final = "pacs"


def _routes(router: APIRouter, desk: Desk) -> None:
    served = desk.runs

    def editor(request: Request, **context: Any) -> Response:
        nonce = secrets.token_urlsafe(16)
        return desk.show(
            request,
            "scenarios/one.html.j2",
            headers=with_style_nonce(nonce),
            nonce=nonce,
            embedded=EMBEDDED,
            lacks_pacs=_lacks_pacs(desk),
            may_be_production=any_production(desk),
            **context,
        )

    @router.get(PATH)
    def listed(
        request: Request,
        asking: Viewer,  # noqa: ARG001 - who may view may see
        q: Annotated[str, Query(max_length=100)] = "",
        limit: Limit = ROWS,
        offset: Offset = 0,
    ) -> Response:
        words = q.lower().split()
        found = [one for one in served.listed() if all(word in _words(one) for word in words)]
        return desk.show(
            request,
            "scenarios/list.html.j2",
            rows=found[offset : offset + limit],
            paging=Paging(PATH, {"q": q}, len(found), limit, offset),
            q=q,
            elsewhere=_lacks_pacs(desk),
            embedded=EMBEDDED,
            may_be_production=any_production(desk),
        )

    @router.get(f"{PATH}/{{name}}")
    def one(request: Request, asking: Viewer, name: ScenarioName) -> Response:  # noqa: ARG001
        found = served.stored(name)
        earlier, _ = records.listed(served.runs.database, _HISTORY, 0, records.Which(scenario=name))
        return editor(
            request,
            name=name,
            source=found.source,
            etag=found.version,
            text=found.text,
            earlier=[run_row(each) for each in earlier],
            elsewhere=found.source == SHIPPED and _lacks_pacs(desk),
        )

    @router.get(NEW)
    def new(request: Request, asking: Runner) -> Response:  # noqa: ARG001
        return editor(
            request,
            name="",
            source="new",
            etag="",
            text=first_text("my_scenario", _systems(desk)),
            earlier=[],
            elsewhere=False,
        )


def _systems(desk: Desk) -> list[System]:
    """Those of the site file; none while that is wrong, which the editor then says."""
    try:
        return systems(desk.site, desk.around)
    except FabricatorError:
        return []


def _lacks_pacs(desk: Desk) -> bool:
    """Whether the site file has no target of the name that the scenarios that ship have for a PACS.

    They could not be run there at all, so they are on an embedded PACS, and the page says so; of others a person
    may choose that.
    """
    if desk.site is None:
        return False
    try:
        return _PACS not in {one.name for one in systems(desk.site, desk.around)}
    except FabricatorError:
        return False  # the file is wrong, which whoever runs something is told


def _words(one: Runnable) -> str:
    return " ".join((one.name, one.title, *one.tags, one.source)).lower()


PAGE = Page(
    name="scenarios",
    path=PATH,
    routes=_routes,
    group=Group.TESTS,
    needs=Permission.VIEW,
)

"""``/audit``: who did what, when, from where; and whether anybody tampered with that."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.permissions import Permission
from scenario_runner.web.console.asking import Administrator
from scenario_runner.web.console.page import Desk, Group, Page
from scenario_runner.web.console.pages.studies import place
from scenario_runner.web.text import Text

PATH: Final = "/audit"
_ROWS: Final = 100


def _routes(router: APIRouter, desk: Desk) -> None:
    trail, show = desk.service.trail, desk.show

    @router.get(PATH)
    def audit(
        request: Request,
        asking: Administrator,
        study: Annotated[Text, Query(max_length=128)] = "",
        before: Annotated[int | None, Query(ge=1, le=1 << 53)] = None,
    ) -> Response:
        study = study.strip()
        trail.record(asking.caller, Activity.TRAIL_READ, study or None, asking.from_where)
        found = trail.latest(_ROWS, study or None, before)
        query = {"study": study} if study else {}
        more = (
            f"{PATH}?{urlencode({**query, 'before': found[-1].number})}"
            if len(found) == _ROWS and found[-1].number > 1
            else None
        )
        newest = f"{PATH}?{urlencode(query)}" if before is not None else None
        return show(
            request,
            "audit/list.html.j2",
            entries=found,
            study=study,
            more=more,
            newest=newest,
            place=place,
        )

    @router.post(PATH + "/verify")
    def verify(request: Request, asking: Administrator) -> Response:
        verdict = trail.verify()
        trail.record(asking.caller, Activity.TRAIL_READ, None, asking.from_where)
        return show(request, "audit/verdict.html.j2", verdict=verdict)


PAGE = Page(
    name="audit",
    path=PATH,
    group=Group.ADMINISTRATION,
    needs=Permission.ADMINISTER,
    routes=_routes,
)

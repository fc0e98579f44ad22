"""``/runs``: what runs, what has run, what is started by the clock; one of them as it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Response
from starlette.requests import Request

from scenario_runner.app.served_runs import EMBEDDED, Wish
from scenario_runner.app.systems import systems
from scenario_runner.errors import FabricatorError
from scenario_runner.service.permissions import Permission
from scenario_runner.service.runs import records, schedules
from scenario_runner.service.runs.evidence import files_of
from scenario_runner.web.console.asking import Viewer
from scenario_runner.web.console.fields import Fields
from scenario_runner.web.console.navigation import Group
from scenario_runner.web.console.page import Desk, Page, Panel
from scenario_runner.web.console.pages.signing import signing_routes
from scenario_runner.web.console.paging import ROWS, Limit, Offset, Paging
from scenario_runner.web.runs.asking import RunId, Runner

if TYPE_CHECKING:
    from scenario_runner.service.asking import Asking
    from scenario_runner.service.runs.records import Run

PATH: Final = "/runs"
_HISTORY: Final = 12
"""Earlier runs of a scenario that its newest one shows."""
_TO_COMPARE: Final = 100
"""Runs of a scenario that one of them can be compared with; by its address with any."""
_FILES: Final = 300
_LAST: Final = 5
"""Runs on the dashboard."""
_SHOWN_AS: Final = {"died": "error", "refused": "error", "withdrawn": "skipped"}
"""What outcomes that only a server knows look like."""
_WORDS: Final = ("running", "queued", *records.OUTCOMES)
_REPORT: Final = "report.html"


def _routes(router: APIRouter, desk: Desk) -> None:
    served = desk.runs
    runs = served.runs

    @router.get(PATH)
    def listed(
        request: Request,
        asking: Viewer,  # noqa: ARG001 - who may view may see
        outcome: Annotated[str, Query(max_length=40)] = "",
        scenario: Annotated[str, Query(max_length=64)] = "",
        limit: Limit = ROWS,
        offset: Offset = 0,
        hx_target: Annotated[str | None, Header()] = None,
    ) -> Response:
        which = records.Which(
            outcomes=[outcome] if outcome in records.OUTCOMES else (),
            state=outcome if outcome in ("queued", "running") else None,
            scenario=scenario or None,
        )
        found, total = records.listed(runs.database, limit, offset, which)
        say = desk.show.say(request)
        paging = Paging(PATH, {"outcome": outcome, "scenario": scenario}, total, limit, offset)
        rows = [run_row(one) for one in found]
        template = "runs/rows.html.j2" if hx_target == "rows" else "runs/list.html.j2"
        return desk.show(
            request,
            template,
            rows=rows,
            paging=paging,
            outcome=outcome,
            scenario=scenario,
            outcomes=[("", say("runs.any")), *((one, say("runs.words." + one)) for one in _WORDS)],
            lively=any(row["state"] != "ended" for row in rows),
            schedules=[one.as_json() for one in schedules.listed(runs.database)],
        )

    @router.get(f"{PATH}/{{run_id}}")
    def one(request: Request, asking: Viewer, run_id: RunId) -> Response:  # noqa: ARG001
        run = runs.get(run_id)
        earlier, _ = records.listed(
            runs.database, _HISTORY, 0, records.Which(scenario=run.asked.name)
        )
        folder = runs.evidence(run.id)
        files = files_of(folder) if run.state == "ended" else []
        before = records.ahead(runs.database, run) if run.state == "queued" else 0
        return desk.show(
            request,
            "runs/one.html.j2",
            run=run_row(run),
            before=before,
            at_once=runs.options.at_once,
            folder=str(folder),
            files=files[:_FILES],
            more_files=max(0, len(files) - _FILES),
            has_report=any(each.path == _REPORT for each in files),
            earlier=[run_row(each) for each in reversed(earlier)],
            outcomes=("passed", "failed", "error", "skipped", "interrupted"),
        )

    @router.get(f"{PATH}/{{run_id}}/compared")
    def compared(
        request: Request,
        asking: Viewer,  # noqa: ARG001
        run_id: RunId,
        before: Annotated[str, Query(max_length=64)] = "",
    ) -> Response:
        run = runs.get(run_id)
        past, _ = records.listed(
            runs.database, _TO_COMPARE, 0, records.Which(scenario=run.asked.name)
        )
        others = [one for one in past if one.id != run.id and runs.has_record(one)]
        earlier = [one for one in others if one.number < run.number]
        chosen = runs.get(before) if before else next(iter([*earlier, *others]), None)
        lacks = next((one for one in (run, chosen) if one and not runs.has_record(one)), None)
        return desk.show(
            request,
            "runs/compared.html.j2",
            run=run_row(run),
            before=chosen.id if chosen else "",
            lacks=lacks.id if lacks else "",
            others=[run_row(one) for one in others],
        )

    signing_routes(router, desk)

    @router.post(f"{PATH}/start")
    def start(asking: Runner, fields: Fields) -> Response:
        return to_run(served.ask(asking, wish_of(fields)))

    @router.post(f"{PATH}/schedules")
    def schedule(asking: Runner, fields: Fields) -> Response:
        schedules.add(
            runs.database,
            asking,
            served.asked(asking, wish_of(fields)),
            title="",
            cron=fields.get("cron", ""),
            zone=fields.get("zone", "") or "UTC",
        )
        return Response(status_code=204, headers={"HX-Redirect": f"{PATH}#schedules"})

    @router.post(f"{PATH}/schedules/{{number}}/pause")
    def pause(asking: Runner, number: int, fields: Fields) -> Response:
        schedules.pause(runs.database, asking, number, paused=fields.get("paused") == "yes")
        return _again()

    @router.post(f"{PATH}/schedules/{{number}}/remove")
    def remove(asking: Runner, number: int) -> Response:
        schedules.remove(runs.database, asking, number)
        return _again()

    @router.post(f"{PATH}/{{run_id}}/stop")
    def stop(asking: Runner, run_id: RunId, fields: Fields) -> Response:
        runs.stop(asking, run_id, at_once=fields.get("at_once") == "yes")
        return _again()

    @router.post(f"{PATH}/{{run_id}}/repeat")
    def repeat(asking: Runner, run_id: RunId) -> Response:
        return to_run(runs.repeat(asking, run_id))


def wish_of(fields: dict[str, str]) -> Wish:
    """What a form asks for: the name of a scenario, or its text."""
    seed = fields.get("seed", "").strip()
    return Wish(
        scenario=fields.get("scenario") or None,
        text=fields.get("text") or None,
        site=EMBEDDED if fields.get("site") == EMBEDDED else None,
        seed=int(seed) if seed.isdecimal() and len(seed) < 19 else None,
        allow_production=is_allowed(fields),
    )


def is_allowed(fields: Mapping[str, str]) -> bool:
    """Whether what may be production is allowed for a run."""
    return fields.get("allow_production") == "yes"


def any_production(desk: Desk) -> bool:
    """Whether a run could be meant for what may be production, so that a page has to offer to allow it."""
    try:
        return any(one.may_be_production for one in systems(desk.site, desk.around))
    except FabricatorError:
        return False  # the file is wrong, which whoever runs something is told


def to_run(run: Run) -> Response:
    """Where a run is watched."""
    return Response(status_code=204, headers={"HX-Redirect": f"{PATH}/{run.id}"})


def run_row(run: Run) -> dict[str, Any]:
    """A run with how it looks, and how long it took."""
    seconds = None
    if run.began is not None and run.ended is not None:
        seconds = (run.ended - run.began).total_seconds()
    look = _SHOWN_AS.get(run.outcome, run.outcome) or "skipped"
    return {**run.as_json(), "look": look, "word": run.outcome or run.state, "seconds": seconds}


def _again() -> Response:
    return Response(status_code=204, headers={"HX-Refresh": "true"})


def _last(desk: Desk, asking: Asking) -> dict[str, Any]:
    found, total = records.listed(desk.runs.runs.database, _LAST, 0)
    may_run = Permission.RUN in asking.caller.permissions
    return {
        "rows": [run_row(one) for one in found],
        "total": total,
        "may_run": may_run,
        "leads": may_run and not total,
    }


PAGE = Page(
    name="runs",
    path=PATH,
    routes=_routes,
    group=Group.TESTS,
    needs=Permission.VIEW,
    panel=Panel("runs/last.html.j2", _last),
)

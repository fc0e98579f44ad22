"""``/query``: what a PACS has, as a table that can be taken along, and studies brought here from it."""

from __future__ import annotations

from typing import Any, Final, Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from scenario_runner.api import Deadline
from scenario_runner.app.bringing import bring
from scenario_runner.app.peers import PeerRequest, opened
from scenario_runner.app.queries import USUAL, Question, table
from scenario_runner.app.systems import systems
from scenario_runner.dicom import levels
from scenario_runner.errors import UsageError
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.permissions import Permission, require
from scenario_runner.web.console.asking import Runner
from scenario_runner.web.console.fields import Fields
from scenario_runner.web.console.kept_tables import KeptTables
from scenario_runner.web.console.navigation import Group
from scenario_runner.web.console.page import Desk, Page

_PATIENCE: Final = 60.0
"""Seconds that a PACS has for its answers."""
_LONG: Final = 1_800.0
"""Seconds that it has to send a study."""
_ASKED: Final = frozenset({"dicom", "dicomweb"})
"""Kinds of service of which a system with none of them has nothing that could be asked."""
_MOST: Final = 500
"""Answers that are shown."""
KEYS: Final = (
    "PatientName", "PatientID", "AccessionNumber", "StudyDate", "ModalitiesInStudy", "Modality",
    *levels.UIDS[:2], "ScheduledProcedureStepStartDate",
    "ScheduledStationAETitle",
)  # fmt: skip
"""Keys with a field of their own; any other is typed as ``KEYWORD=VALUE``."""


def _routes(router: APIRouter, desk: Desk) -> None:
    kept = KeptTables()

    @router.get("/query")
    def form(request: Request, asking: Runner) -> Response:
        del asking
        say = desk.show.say(request)
        found = [
            one for one in systems(desk.site, desk.around) if _ASKED & dict(one.services).keys()
        ]
        return desk.show(
            request,
            "query/page.html.j2",
            systems=found,
            names=[(one.name, one.name) for one in found],
            levels=[(level, say("query.levels." + level)) for level in USUAL],
            keys=KEYS,
        )

    @router.post("/query/matches")
    def matches(request: Request, asking: Runner, fields: Fields) -> Response:
        question = _question(fields)
        with opened(_peer(desk, fields)) as peer:
            found = table(peer, question, Deadline(_PATIENCE, desk.stopping))
        detail = {"pacs": peer.name, "level": question.level, "matches": len(found.rows)}
        desk.service.trail.record(
            asking.caller, Activity.SEARCHED, None, asking.from_where, detail=detail
        )
        return desk.show(
            request,
            "query/matches.html.j2",
            found=found,
            number=kept.keep(asking.caller.name, found),
            level=question.level,
            asked=fields,
            most=_MOST,
        )

    @router.get("/query/matches/{number}.{kind}")
    def export(asking: Runner, number: str, kind: Literal["csv", "json"]) -> Response:
        return kept.answer(asking.caller.name, number, kind)

    @router.post("/query/retrieve")
    def retrieve(request: Request, asking: Runner, fields: Fields) -> Response:
        require(asking.caller, Permission.UPLOAD)
        study = fields.get("study", "")
        with opened(_peer(desk, fields)) as peer:
            outcome = bring(
                desk.service,
                asking,
                peer.target,
                study,
                via=_via(fields.get("retrieve_via", "")),
                deadline=Deadline(_LONG, desk.stopping),
            )
        return desk.show(request, "query/brought.html.j2", outcome=outcome, study=study)


def _peer(desk: Desk, fields: dict[str, str]) -> PeerRequest:
    return PeerRequest(
        peer=fields.get("address", "").strip() or fields.get("peer", ""),
        site=desk.site,
        allow_production=fields.get("allow_production") == "on",
        around=desk.around,
    )


def _question(fields: dict[str, str]) -> Question:
    level: Any = fields.get("level", "study")
    if level not in USUAL:
        raise UsageError(f"there is no level '{level}'", hint=f"levels: {', '.join(USUAL)}")
    typed = [line.strip() for line in fields.get("more", "").splitlines() if line.strip()]
    own = [f"{key}={value}" for key in KEYS if (value := fields.get(key, "").strip())]
    returned = [one for one in fields.get("return", "").replace(",", " ").split() if one]
    return Question(
        level=level,
        keys=[*own, *typed],
        returned=returned,
        limit=_MOST,
        via=fields.get("via") or None,
        always_usual=True,
    )


def _via(given: str) -> Literal["c-get", "c-move", "wado"] | None:
    match given:
        case "c-get" | "c-move" | "wado":
            return given
        case _:
            return None


PAGE = Page(name="query", path="/query", routes=_routes, group=Group.SYSTEMS, needs=Permission.RUN)

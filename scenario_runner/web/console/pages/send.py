"""``/send``: studies that are kept here go to a PACS, and what became of each instance is seen as it comes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlencode

import anyio
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from starlette.requests import Request
from starlette.responses import Response

from scenario_runner.app.peers import PeerRequest
from scenario_runner.app.row_texts import csv_line
from scenario_runner.app.sending import MOST_ASSOCIATIONS, MOST_STUDIES, Wish
from scenario_runner.app.systems import systems
from scenario_runner.service.errors import NotThere
from scenario_runner.service.homes.home import Wanted
from scenario_runner.service.permissions import Permission, require
from scenario_runner.service.studies import finding
from scenario_runner.web.auth.allowed import gate_of
from scenario_runner.web.console.asking import Runner
from scenario_runner.web.console.fields import Fields
from scenario_runner.web.console.navigation import Group
from scenario_runner.web.console.page import Desk, Page
from scenario_runner.web.streams import AGAIN, Brief
from scenario_runner.web.text import GivenStudy, Text

if TYPE_CHECKING:
    from scenario_runner.app.sending import Sending
    from scenario_runner.service.asking import Asking

PATH: Final = "/send"
_CHOICE: Final = 25
"""Studies that are offered at once; the filter finds the others."""
_SHOWN: Final = 100
"""Results that are shown, the last ones; of those that were not acknowledged the first ones."""
_BOX: Final = "study-"
"""What the name of the field of a study begins with."""
_TAKING: Final = frozenset({"dicom", "dicomweb"})
"""Services that take studies."""
_LOOK: Final = 0.25
"""Seconds between two looks at how far a sending is."""
_ADMIT: Final = 20
"""Looks after which it is asked whether whoever watches may still."""
_QUIET: Final = 60
"""Looks after which a comment tells a proxy that the connection lives."""
_Asked = Annotated[Text, Query(max_length=200)]


def _routes(router: APIRouter, desk: Desk) -> None:
    _asked_for(router, desk)
    _watched(router, desk)


def _asked_for(router: APIRouter, desk: Desk) -> None:
    @router.get(PATH)
    def form(
        request: Request,
        asking: Runner,
        study: Annotated[tuple[GivenStudy, ...], Query(max_length=MOST_STUDIES)] = (),
        name: _Asked = "",
        patient_id: _Asked = "",
        accession: _Asked = "",
    ) -> Response:
        require(asking.caller, Permission.VIEW)
        asked = {
            "name": name.strip(),
            "patient_id": patient_id.strip(),
            "accession": accession.strip(),
        }
        chosen = (
            _found(desk, asking, Wanted(study_uids=list(dict.fromkeys(study)))) if study else []
        )
        uids = {one["study_instance_uid"] for one in chosen}
        wanted = Wanted(
            patient_name=asked["name"].strip("*") or None,
            patient_id=asked["patient_id"] or None,
            accession_number=asked["accession"] or None,
        )
        offered = [] if chosen and not any(asked.values()) else _found(desk, asking, wanted)
        able = [
            one for one in systems(desk.site, desk.around) if _TAKING & dict(one.services).keys()
        ]
        return desk.show(
            request,
            "send/page.html.j2",
            chosen=chosen,
            offered=[one for one in offered if one["study_instance_uid"] not in uids],
            asked=asked,
            names=[(one.name, one.name) for one in able],
            may_be_production=any(one.may_be_production for one in able),
            most_associations=MOST_ASSOCIATIONS,
            sendings=desk.sendings.latest()[:10],
        )

    @router.post(PATH)
    def begin(asking: Runner, fields: Fields) -> Response:
        require(asking.caller, Permission.VIEW)
        given = fields.get("associations", "").strip() or "1"
        wish = Wish(
            asking=asking,
            peer=PeerRequest(
                peer=fields.get("address", "").strip() or fields.get("peer", ""),
                site=desk.site,
                allow_production=fields.get("allow_production") == "on",
                around=desk.around,
            ),
            studies=tuple(
                name.removeprefix(_BOX) for name, _ in fields.items() if name.startswith(_BOX)
            ),
            associations=int(given)
            if given.isascii() and given.isdigit() and len(given) < 4
            else 0,
        )
        return _to(desk.sendings.begin(wish))


def _watched(router: APIRouter, desk: Desk) -> None:
    @router.get(PATH + "/{number}")
    def one(request: Request, asking: Runner, number: Text) -> Response:
        require(asking.caller, Permission.VIEW)
        return desk.show(request, "send/one.html.j2", **_told(desk.sendings.get(number)))

    @router.get(PATH + "/{number}/progress")
    def progress(request: Request, asking: Runner, number: Text) -> Response:
        """The part that changes; once it has ended the page is shown anew, with no more to ask for."""
        require(asking.caller, Permission.VIEW)
        with suppress(NotThere):  # where it is forgotten, the page says so once and asks no more
            sending = desk.sendings.get(number)
            if sending.ended is None:
                return desk.show(request, "send/progress.html.j2", **_told(sending))
        return Response(status_code=204, headers={"HX-Refresh": "true"})

    @router.get(PATH + "/{number}/events", response_class=StreamingResponse)
    async def events(
        request: Request,
        asking: Runner,
        number: Text,
        brief: Brief = False,
    ) -> StreamingResponse:
        """``progress`` whenever there is more to see, then ``ended``."""
        require(asking.caller, Permission.VIEW)
        may_still = partial(gate_of(request).is_still_admitted, request, Permission.RUN)
        told = _events(desk, desk.sendings.get(number), may_still, brief=brief)
        return StreamingResponse(told, media_type="text/event-stream")

    @router.post(PATH + "/{number}/stop")
    def stop(asking: Runner, number: Text) -> Response:
        require(asking.caller, Permission.VIEW)
        return _to(desk.sendings.stop(number))

    @router.get(PATH + "/{number}/results.csv")
    def results(asking: Runner, number: Text) -> Response:
        require(asking.caller, Permission.VIEW)
        rows = [
            ("StudyInstanceUID", "SOPInstanceUID", "result", "status", "comment"),
            *(
                (each.study_instance_uid, each.sop_instance_uid, each.fate, each.code, each.comment)
                for each in tuple(desk.sendings.get(number).results)
            ),
        ]
        return Response(
            "".join(map(csv_line, rows)).encode(),
            media_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": 'attachment; filename="results.csv"',
                "Cache-Control": "no-store",
            },
        )


async def _events(
    desk: Desk, sending: Sending, may_still: Callable[[], Awaitable[bool]], *, brief: bool
) -> AsyncIterator[str]:
    if brief:
        yield AGAIN
    last, looks = None, 0
    while sending.ended is None and not desk.stopping.is_set():
        # Without the counts of each fate, which go through all results.
        far = {"began": sending.began is not None, "done": len(sending.results)}
        if far != last:
            yield f"event: progress\ndata: {json.dumps(far)}\n\n"
            last = far
        elif looks % _QUIET == 0:
            yield ": still here\n\n"
        if brief:
            return
        looks += 1
        if looks % _ADMIT == 0 and not await may_still():
            return
        await anyio.sleep(_LOOK)
    if sending.ended is not None:
        yield "event: ended\ndata: {}\n\n"


def _found(desk: Desk, asking: Asking, wanted: Wanted) -> list[dict[str, Any]]:
    limit = _CHOICE if wanted.study_uids is None else MOST_STUDIES
    found: list[dict[str, Any]] = finding.page(desk.service, asking, wanted, limit, 0)["studies"]
    return found


def _told(sending: Sending) -> dict[str, Any]:
    # Once, and before the results: what has ended with them is not shown with fewer, and a page on which it goes on
    # asks again, though it end while the page is made.
    state = sending.state
    results = tuple(sending.results)
    return {
        "sending": sending,
        "state": state,
        "over": state not in ("waiting", "going"),
        "counts": sending.counts(),
        "last": results[: -_SHOWN - 1 : -1],
        "wrong": [one for one in results if one.fate != "acknowledged"][:_SHOWN],
        "done": len(results),
        "again": urlencode([("study", one) for one in sending.wish.studies]),
    }


def _to(sending: Sending) -> Response:
    """Have the page that asked go to where a sending is shown."""
    return Response(status_code=204, headers={"HX-Redirect": f"{PATH}/{sending.number}"})


PAGE = Page(name="send", path=PATH, routes=_routes, group=Group.SYSTEMS, needs=Permission.RUN)

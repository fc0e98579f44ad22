"""``/patients``: those of the registry, found by any part of what is known of them, shown, and made."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response

from scenario_runner.app.patients import Desk as Registry
from scenario_runner.errors import UsageError
from scenario_runner.registry.generate import Wanted as WantedPatients
from scenario_runner.registry.patient import SEXES
from scenario_runner.registry.people import People
from scenario_runner.service.errors import NotThere, Unacceptable
from scenario_runner.service.homes.home import Wanted
from scenario_runner.service.permissions import Permission
from scenario_runner.service.studies import finding
from scenario_runner.web.console.asking import Uploader, Viewer
from scenario_runner.web.console.fields import Fields
from scenario_runner.web.console.page import Desk, Group, Page
from scenario_runner.web.console.pages.studies import place
from scenario_runner.web.console.paging import ROWS, Limit, Offset, Paging
from scenario_runner.web.text import Text

if TYPE_CHECKING:
    from scenario_runner.registry.patient import Patient

PATH: Final = "/patients"
_MOST_MADE: Final = 1_000
_STUDIES: Final = 50


def place_of(patient: Patient) -> str:
    """Where a patient is shown."""
    issuer = f"?{urlencode({'issuer': patient.issuer})}" if patient.issuer else ""
    return f"{PATH}/{quote(patient.id, safe='')}{issuer}"


def _routes(router: APIRouter, desk: Desk) -> None:
    database, show = desk.service.database, desk.show
    people = People(database)
    registry = Registry(
        location=database.location, database=database, people=people, around=desk.around
    )

    @router.get(PATH)
    def patients(
        request: Request,
        _: Viewer,
        search: Annotated[Text, Query(max_length=200)] = "",
        sex: Annotated[Text, Query(max_length=1)] = "",
        limit: Limit = ROWS,
        offset: Offset = 0,
    ) -> Response:
        asked = {"search": search.strip(), "sex": sex if sex in SEXES else ""}
        found, total = people.page(asked["search"], asked["sex"] or None, limit, offset)
        return show(
            request,
            "patients/list.html.j2",
            patients=found,
            paging=Paging(PATH, asked, total, limit, offset),
            asked=asked,
            place_of=place_of,
            most=_MOST_MADE,
        )

    @router.post(PATH)
    def generate(_: Uploader, fields: Fields) -> Response:
        made = list(registry.generate(_wanted(fields), desk.site, None))
        to = place_of(made[0]) if len(made) == 1 else PATH
        return Response(status_code=204, headers={"HX-Redirect": to})

    @router.get(PATH + "/{patient_id:path}")
    def patient(
        request: Request,
        asking: Viewer,
        patient_id: Text,
        issuer: Annotated[Text | None, Query(max_length=200)] = None,
    ) -> Response:
        try:
            found = people.get(patient_id, issuer)
        except UsageError as error:
            raise NotThere("patient-not-found", error.message, hint=error.hint) from None
        kept = finding.page(desk.service, asking, Wanted(patient_id=found.id), _STUDIES, 0)
        return show(
            request,
            "patients/patient.html.j2",
            patient=found,
            made=people.made_for(found),
            kept=kept,
            place=place,
        )


def _wanted(fields: dict[str, str]) -> WantedPatients:
    """What a form says of new patients. Raises Unacceptable."""

    def text(name: str) -> str | None:
        return fields.get(name, "").strip() or None

    count, born = text("count") or "1", text("birth_date")
    if not (count.isdecimal() and len(count) < 6 and 1 <= int(count) <= _MOST_MADE):
        raise Unacceptable("invalid-count", f"from 1 to {_MOST_MADE} patients are made at once")
    try:
        day = None if born is None else dt.date.fromisoformat(born)
    except ValueError:
        raise Unacceptable("invalid-date", f"'{born}' is no day", hint="YYYY-MM-DD") from None
    return WantedPatients(
        count=int(count),
        id=text("id"),
        name=text("name"),
        sex=text("sex"),
        birth_date=day,
        locale=text("locale"),
    )


PAGE = Page(name="patients", path=PATH, group=Group.STUDIES, needs=Permission.VIEW, routes=_routes)

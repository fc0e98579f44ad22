"""``/generate``: a study by a form or from pasted orders, looked at before anything is sent."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from starlette.requests import Request

from scenario_runner.api import Deadline
from scenario_runner.app.fhir_list import fhir_servers, studies_of
from scenario_runner.app.generated import (
    Destination,
    FhirStudy,
    Making,
    day,
    destinations,
    kinds_of,
    looked_at,
    scenario_of,
)
from scenario_runner.app.peers import PeerRequest
from scenario_runner.app.served_runs import ARCHIVE, EMBEDDED
from scenario_runner.app.typical_studies import Wishes
from scenario_runner.redaction import Redactor
from scenario_runner.registry.people import People
from scenario_runner.service.errors import Unacceptable
from scenario_runner.service.permissions import Permission
from scenario_runner.service.scenarios.library import NEW
from scenario_runner.web.console.fields import Fields
from scenario_runner.web.console.navigation import Group
from scenario_runner.web.console.page import Desk, Page
from scenario_runner.web.console.pages.runs import any_production, is_allowed, to_run
from scenario_runner.web.runs.asking import Runner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.app.generated import Made
    from scenario_runner.planning.plan import PlannedPatient
    from scenario_runner.web.console.texts import Language

PATH: Final = "/generate"
_MOST: Final = {"studies": 50, "series": 50, "images": 2_000}
_ROWS: Final = 60
"""Series that a preview lists."""
_PEOPLE: Final = 20
_TARGET: Final = "target:"
"""Before the name of a target in a form: one may be called as what is the server's own."""
_PATIENCE: Final = 60.0
"""Seconds that a FHIR server has for a page of its list."""


def _routes(router: APIRouter, desk: Desk) -> None:
    served = desk.runs

    @router.get(PATH)
    def page(
        request: Request,
        asking: Runner,  # noqa: ARG001 - who may run may make
        kind: Annotated[str, Query(max_length=40)] = "xray",
        patient: Annotated[str, Query(max_length=64)] = "",
    ) -> Response:
        say = desk.show.say(request)
        return desk.show(
            request,
            "generate/page.html.j2",
            kinds=[(one, _kind(say, one)) for one in kinds_of(served)],
            kind=kind,
            patient=patient,
            servers=[(one, one) for one in fhir_servers(desk.site, desk.around)],
            destinations=[_choice(say, one) for one in destinations(served)],
            most=_MOST,
            may_be_production=any_production(desk),
        )

    @router.post(f"{PATH}/preview")
    def preview(request: Request, asking: Runner, fields: Fields) -> Response:
        made = looked_at(served, asking, scenario_of(served, making_of(fields)))
        return desk.show(request, "generate/preview.html.j2", **_told(made), to=fields.get("to"))

    @router.post(f"{PATH}/send")
    def send(asking: Runner, fields: Fields) -> Response:
        making = making_of(fields)
        wish = scenario_of(served, making)
        return to_run(served.ask(asking, replace(wish, allow_production=is_allowed(fields))))

    @router.post(f"{PATH}/save")
    def save(asking: Runner, fields: Fields) -> Response:
        wish = scenario_of(served, making_of(fields))
        if wish.files:
            raise Unacceptable(
                "orders-beside",
                "a scenario of pasted orders has its messages beside it and cannot be kept alone",
                hint="send it; the run keeps both among its inputs",
            )
        if wish.site_file is not None:
            raise Unacceptable(
                "site-beside",
                "a scenario with a FHIR server of the site file is kept for a PACS of the same file",
                hint="choose one at 'Send to', or send it",
            )
        name = fields.get("save_as", "")
        served.save(asking, name, wish.text or "", NEW)
        return Response(status_code=204, headers={"HX-Redirect": f"/scenarios/{name}"})

    @router.get(f"{PATH}/patients")
    def patients(
        request: Request,
        asking: Runner,  # noqa: ARG001
        patient: Annotated[str, Query(max_length=64)] = "",
    ) -> Response:
        found = People(desk.service.database).search(patient, limit=_PEOPLE)
        return desk.show(request, "generate/patients.html.j2", people=found)

    @router.get(f"{PATH}/fhir")
    def fhir(
        request: Request,
        asking: Runner,  # noqa: ARG001
        server: Annotated[str, Query(max_length=200)],
        fhir_patient: Annotated[str, Query(max_length=80)] = "",
        fhir_modality: Annotated[str, Query(max_length=16)] = "",
        at: Annotated[str, Query(max_length=4_000)] = "",
    ) -> Response:
        found = studies_of(
            PeerRequest(peer=server, site=desk.site, around=desk.around),
            Deadline(_PATIENCE, desk.stopping),
            patient=fhir_patient.strip(),
            modality=fhir_modality.strip().upper(),
            at=at,
        )
        return desk.show(request, "generate/fhir.html.j2", found=found, is_more=bool(at))


def making_of(fields: Mapping[str, str]) -> Making:
    """What a form asks for. Raises Unacceptable."""
    what = fields.get("what")
    orders = fields.get("orders", "") if what == "orders" else ""
    study = None
    if what == "fhir":
        if not fields.get("fhir_study"):
            raise Unacceptable("no-study", "no study is picked", hint="list them, and pick one")
        study = FhirStudy(fields.get("server", ""), fields["fhir_study"])
    seed = fields.get("seed", "").strip()
    wishes = Wishes(
        kind=fields.get("kind") or "xray",
        patient=fields.get("patient", "").strip() or None,
        name=fields.get("name", "").strip() or None,
        accession=fields.get("accession", "").strip() or None,
        studies=_count(fields, "studies") or 1,
        series=_count(fields, "series"),
        images=_count(fields, "images"),
        date=day(fields.get("date", "")),
        seed=int(seed) if seed.isdecimal() and len(seed) < 19 else None,
    )
    return Making(
        wishes=wishes,
        to=_destination(fields.get("to") or EMBEDDED),
        orders=orders.replace("\r\n", "\r").replace("\n", "\r"),
        modality=fields.get("modality", "").strip().upper() or None if orders else None,
        fhir=study,
    )


def _kind(say: Language, kind: str) -> str:
    key = "generate.kinds." + kind
    return say(key) if say.has(key) else kind.upper()


def _choice(say: Language, one: Destination) -> tuple[str, str]:
    """A destination as a form has it, and as people read it."""
    if one.own is None:
        return _TARGET + one.target, one.target
    return one.own, say("generate.destinations." + one.own)


def _destination(text: str) -> Destination:
    if text == ARCHIVE:
        return Destination(own=ARCHIVE)
    if text == EMBEDDED:
        return Destination(own=EMBEDDED)
    return Destination(text.removeprefix(_TARGET))


def _count(fields: Mapping[str, str], name: str) -> int | None:
    text = fields.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text[:9]) <= _MOST[name]:
        raise Unacceptable(
            "count",
            f"{name}: '{text[:20]}' is not from 1 to {_MOST[name]}",
            hint="fabricate study makes more",
        )
    return int(text)


_OF_A_SERIES = (
    "number", "modality", "description", "image_count", "has_pixels", "rows", "columns", "frames",
)  # fmt: skip


def _patient(patient: PlannedPatient) -> dict[str, Any]:
    """What the page shows of a patient."""
    return {
        "name": str(patient.name),
        "patient_id": patient.patient_id,
        "sex": patient.sex,
        "birth_date": patient.birth_date,
        "studies": [
            {"description": one.description, "accession": one.accession, "date": one.date}
            for one in list(patient.studies)[:_ROWS]
        ],
    }


def _told(made: Made) -> dict[str, Any]:
    case = made.plans.jobs[0].case
    series = list(case.series())
    quiet = Redactor(made.plans.secrets)
    return {
        "patients": [quiet.tree(_patient(one)) for one in list(case.patients)[:_ROWS]],
        "series": [
            {name: quiet.tree(getattr(one, name)) for name in _OF_A_SERIES}
            for one in series[:_ROWS]
        ],
        "more": max(0, len(series) - _ROWS),
        "counts": case.counts(),
        "pictures": [
            {
                "uri": f"data:image/png;base64,{base64.b64encode(one.png).decode()}",
                "width": one.width,
                "height": one.height,
                "title": one.title,
            }
            for one in made.pictures
        ],
        "tags": made.tags,
        "text": made.wish.text,
        "seed": made.plans.jobs[0].seed,
        "remarks": list(made.plans.remarks)[:10],
        "orders": bool(made.wish.files),
    }


PAGE = Page(
    name="generate",
    path=PATH,
    routes=_routes,
    group=Group.STUDIES,
    needs=Permission.RUN,
)

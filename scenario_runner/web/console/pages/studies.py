"""``/studies``: the list, one study, its images and their attributes; corrected, matched, compared, deleted."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response

from scenario_runner.service.asking import Asking
from scenario_runner.service.homes.home import ORDERS, Days, Wanted
from scenario_runner.service.matching.matching import choose
from scenario_runner.service.permissions import Permission
from scenario_runner.service.studies import finding
from scenario_runner.service.studies.comparing import compared
from scenario_runner.service.studies.correcting import MAY_CHANGE, correct
from scenario_runner.service.studies.series import series_of
from scenario_runner.service.studies.summary import correctable
from scenario_runner.service.studies.tags import of_study
from scenario_runner.web.console.asking import Corrector, Deleter, Viewer
from scenario_runner.web.console.fields import Fields
from scenario_runner.web.console.page import Desk, Group, Page, Panel
from scenario_runner.web.console.paging import ROWS, Limit, Offset, Paging
from scenario_runner.web.imaging.asking import StudyUid
from scenario_runner.web.imaging.pictures import VIEWER
from scenario_runner.web.text import GivenStudy, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

PATH: Final = "/studies"
_PICTURES: Final = 24
"""Images of a series that are shown at once."""
_RECENT: Final = 6
_Asked = Annotated[Text, Query(max_length=200)]
_Study = Annotated[GivenStudy, Query()]


def place(study_uid: str) -> str:
    """Where a study is shown."""
    return f"{PATH}/{quote(study_uid, safe='')}"


def viewer(study_uid: str) -> str:
    """Where the viewer shows a study."""
    return f"{VIEWER}?{urlencode({'StudyInstanceUIDs': study_uid})}"


def _routes(router: APIRouter, desk: Desk) -> None:
    _lists(router, desk)
    _images(router, desk)
    _changes(router, desk)


def _lists(router: APIRouter, desk: Desk) -> None:
    service, show = desk.service, desk.show

    @router.get(PATH)
    def studies(
        request: Request,
        asking: Viewer,
        name: _Asked = "",
        patient_id: _Asked = "",
        accession: _Asked = "",
        modality: _Asked = "",
        date_from: _Asked = "",
        date_to: _Asked = "",
        sort: _Asked = "",
        limit: Limit = ROWS,
        offset: Offset = 0,
    ) -> Response:
        asked = {
            "name": name.strip(),
            "patient_id": patient_id.strip(),
            "accession": accession.strip(),
            "modality": modality.strip().upper(),
            "date_from": date_from,
            "date_to": date_to,
            "sort": sort,
        }
        found = finding.page(service, asking, _wanted(asked), limit, offset)
        paging = Paging(PATH, asked, found["total"], limit, offset)
        return show(
            request,
            "studies/list.html.j2",
            studies=found["studies"],
            paging=paging,
            asked=asked,
            place=place,
            sorts=_sorts(service.home.orders, paging, sort),
        )

    @router.get(PATH + "/compare")
    def compare(
        request: Request, asking: Viewer, study: Annotated[tuple[Text, ...], Query()] = ()
    ) -> Response:
        pair = list(dict.fromkeys(study))
        told = compared(service, asking, pair[0], pair[1]) if len(pair) == 2 else None
        return show(request, "studies/compare.html.j2", told=told, place=place, viewer=viewer)

    @router.get(PATH + "/{study_uid}")
    def study(request: Request, asking: Viewer, study_uid: StudyUid) -> Response:
        told = finding.detail(service, asking, study_uid)
        return show(
            request,
            "studies/study.html.j2",
            study=told,
            series=series_of(service, study_uid, told["series"]),
            place=place(study_uid),
            viewer=viewer(study_uid),
            second_person=service.deletions.second_person,
            waits=service.deletions.of(study_uid),
            may_change=MAY_CHANGE,
        )


def _images(router: APIRouter, desk: Desk) -> None:
    service, show = desk.service, desk.show

    @router.get(PATH + "/{study_uid}/images")
    def images(
        request: Request,
        asking: Viewer,
        study_uid: StudyUid,
        series: _Asked = "",
        offset: Offset = 0,
    ) -> Response:
        told = finding.detail(service, asking, study_uid)
        chosen = [one for one in told["series"] if one["series_instance_uid"] == series]
        listed = [one for each in chosen or told["series"] for one in each["instances"]]
        paging = Paging(
            place(study_uid) + "/images", {"series": series}, len(listed), _PICTURES, offset
        )
        return show(
            request,
            "studies/images.html.j2",
            study=told,
            images=listed[offset : offset + _PICTURES],
            paging=paging,
            place=place(study_uid),
        )

    @router.get(PATH + "/{study_uid}/images/{sop_instance_uid}")
    def image(
        request: Request, asking: Viewer, study_uid: StudyUid, sop_instance_uid: Text
    ) -> Response:
        told = of_study(service, asking, study_uid, sop_instance_uid)
        listed = [one.sop_instance_uid for one in service.home.instances(study_uid)]
        at = listed.index(sop_instance_uid)
        return show(
            request,
            "studies/image.html.j2",
            study_uid=study_uid,
            told=told,
            number=at + 1,
            total=len(listed),
            before=listed[at - 1] if at else None,
            after=listed[at + 1] if at + 1 < len(listed) else None,
            place=place(study_uid),
            frames=_frames(told["tags"]),
            has_pixels=any(one["keyword"] == "Rows" for one in told["tags"]),
        )


def _changes(router: APIRouter, desk: Desk) -> None:
    service = desk.service

    @router.post(PATH + "/{study_uid}/correct")
    def correction(study_uid: StudyUid, asking: Corrector, fields: Fields) -> Response:
        now = correctable(finding.facts_of(service, study_uid))
        given: dict[str, str | None] = {
            keyword: fields[keyword]
            for keyword in MAY_CHANGE
            if keyword in fields
            and _plain(keyword, fields[keyword]) != _plain(keyword, now[keyword])
        }
        correct(service, asking, study_uid, given, fields.get("reason", "")[:1_000])
        return _to(place(study_uid))

    @router.post(PATH + "/{study_uid}/match")
    def match(study_uid: StudyUid, asking: Corrector, fields: Fields) -> Response:
        finding.facts_of(service, study_uid)
        choose(
            service.database,
            asking,
            study_uid,
            patient_id=fields.get("patient_id", "").strip()[:1_000],
            issuer=fields.get("issuer", "").strip()[:1_000] or None,
            order_id=fields.get("order_id", "").strip()[:1_000],
        )
        return _to(place(study_uid))

    @router.post(PATH + "/{study_uid}/delete")
    def delete(study_uid: StudyUid, asking: Deleter, fields: Fields) -> Response:
        done = finding.delete(service, asking, study_uid, fields.get("reason", ""))
        return _to(PATH if done["status"] == "deleted" else place(study_uid))


def _to(path: str) -> Response:
    """Have the page that asked go somewhere."""
    return Response(status_code=204, headers={"HX-Redirect": path})


def _plain(keyword: str, value: str) -> str:
    value = value.strip()
    return value.replace("-", "") if keyword == "StudyDate" else value


def _wanted(asked: Mapping[str, str]) -> Wanted:
    first, last = _day(asked["date_from"]), _day(asked["date_to"])
    key = asked["sort"].lstrip("-")
    return Wanted(
        patient_name=asked["name"].strip("*") or None,
        patient_id=asked["patient_id"] or None,
        accession_number=asked["accession"] or None,
        modality=asked["modality"] or None,
        days=Days(first or dt.date.min, last or dt.date.max) if first or last else None,
        order=key if key in ORDERS else "stored",
        ascending=key in ORDERS and not asked["sort"].startswith("-"),
    )


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _sorts(orders: tuple[str, ...], paging: Paging, sort: str) -> dict[str, dict[str, Any]]:
    """By column: where its heading leads, and which way it is sorted by now."""
    found: dict[str, dict[str, Any]] = {}
    for one in orders:
        now = "ascending" if sort == one else "descending" if sort == f"-{one}" else None
        found[one] = {"to": paging.with_query(sort=f"-{one}" if sort == one else one), "now": now}
    return found


def _frames(tags: list[dict[str, Any]]) -> int:
    for one in tags:
        if (
            one["keyword"] == "NumberOfFrames"
            and one["value"]
            and one["value"][0].strip().isdigit()
        ):
            return max(1, int(one["value"][0]))
    return 1


def _recent(desk: Desk, _: Asking) -> dict[str, Any]:
    found, total = desk.service.home.page(Wanted(), _RECENT, 0)
    return {"studies": found, "total": total, "place": place}


PAGE = Page(
    name="studies",
    path=PATH,
    group=Group.STUDIES,
    needs=Permission.VIEW,
    routes=_routes,
    panel=Panel("studies/recent.html.j2", _recent),
)

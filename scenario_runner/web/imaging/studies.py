"""``GET studies`` and its kin, and ``DELETE studies/{study_uid}``."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from scenario_runner.service.homes.home import Days, Wanted
from scenario_runner.service.service import Service
from scenario_runner.service.studies import finding
from scenario_runner.web.imaging.asking import Deleter, Limit, Offset, StudyUid, Viewer
from scenario_runner.web.imaging.models import Deleted, StudyDetail, StudyPage
from scenario_runner.web.text import Text


def _day(text: object) -> object:
    """A day as DICOM writes it is as good as one of ISO 8601; nothing is no restriction."""
    if isinstance(text, str):
        return re.sub(r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3", text.strip()) or None
    return text


_ID = Annotated[Text, Path(max_length=1_000)]
_TEXT = Annotated[Text | None, Query(max_length=1_000)]
_DAY = Annotated[
    dt.date | None,
    BeforeValidator(_day),
    Query(examples=["2026-01-31"], description="YYYY-MM-DD or YYYYMMDD."),
]


class Deletion(BaseModel):
    """Why a study is deleted."""

    model_config = ConfigDict(extra="forbid")

    reason: Text = Field("", max_length=1_000, examples=["wrong patient"])


def study_routes(router: APIRouter, service: Service) -> None:
    """Add them to a router."""

    @router.get("/studies", response_model=StudyPage, tags=["studies"])
    def studies(
        asking: Viewer,
        patient_id: _TEXT = None,
        patient_name: Annotated[
            Text | None, Query(max_length=1_000, description="A part of it, in any case.")
        ] = None,
        accession_number: _TEXT = None,
        modality: Annotated[
            Text | None, Query(max_length=16, description="One that the study has.")
        ] = None,
        study_date: _DAY = None,
        date_from: _DAY = None,
        date_to: _DAY = None,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> dict[str, Any]:
        """All studies, or those that meet each of what is given; the last stored first."""
        wanted = Wanted(
            patient_id=patient_id or None,
            patient_name=patient_name.strip("*") or None if patient_name else None,
            accession_number=accession_number or None,
            modality=modality.strip().upper() or None if modality else None,
            days=_days(study_date, date_from, date_to),
        )
        return finding.page(service, asking, wanted, limit, offset)

    @router.get("/studies/patient/{patient_id:path}", response_model=StudyPage, tags=["studies"])
    def studies_of_patient(
        asking: Viewer, patient_id: _ID, limit: Limit = 50, offset: Offset = 0
    ) -> dict[str, Any]:
        """The studies of a patient."""
        return finding.page(service, asking, Wanted(patient_id=patient_id), limit, offset)

    @router.get("/studies/order/{order_id:path}", response_model=StudyPage, tags=["studies"])
    def studies_of_order(
        asking: Viewer, order_id: _ID, limit: Limit = 50, offset: Offset = 0
    ) -> dict[str, Any]:
        """The studies that an order led to."""
        return finding.of_order(service, asking, order_id, limit, offset)

    @router.get("/studies/accession/{accession:path}", response_model=StudyPage, tags=["studies"])
    def studies_of_accession(
        asking: Viewer, accession: _ID, limit: Limit = 50, offset: Offset = 0
    ) -> dict[str, Any]:
        """The studies of an accession number."""
        return finding.page(service, asking, Wanted(accession_number=accession), limit, offset)

    @router.get("/studies/{study_uid}", response_model=StudyDetail, tags=["studies"])
    def study(asking: Viewer, study_uid: StudyUid) -> dict[str, Any]:
        """A study with its series, its instances and what was done with it."""
        return finding.detail(service, asking, study_uid)

    @router.delete(
        "/studies/{study_uid}",
        response_model=Deleted,
        responses={202: {"model": Deleted, "description": "A second person decides."}},
        tags=["studies"],
    )
    def delete(
        asking: Deleter,
        study_uid: StudyUid,
        response: Response,
        reason: Annotated[
            Text | None, Query(max_length=1_000, description="Why; or in the body.")
        ] = None,
        body: Annotated[Deletion | None, Body()] = None,
    ) -> dict[str, Any]:
        """Delete a study for good, with a reason; 202 where a second person has to consent first."""
        why = reason or (body.reason if body is not None else "")
        done = finding.delete(service, asking, study_uid, why)
        if done["status"] == "waiting":
            response.status_code = 202
        return done


def _days(day: dt.date | None, first: dt.date | None, last: dt.date | None) -> Days | None:
    """The days that are meant, None for all."""
    if day is first is last is None:
        return None
    return Days(
        max(filter(None, (day, first)), default=dt.date.min),
        min(filter(None, (day, last)), default=dt.date.max),
    )

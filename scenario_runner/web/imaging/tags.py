"""``validate``, ``read-tags``, ``tags/{study_uid}``, ``modify-tags``, and what a person says a study is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from scenario_runner.service.errors import Unacceptable
from scenario_runner.service.matching.matching import choose
from scenario_runner.service.service import Service
from scenario_runner.service.studies import tags as reading
from scenario_runner.service.studies.correcting import correct
from scenario_runner.service.studies.finding import facts_of
from scenario_runner.web.forms import Form, with_form
from scenario_runner.web.imaging.asking import Corrector, StudyUid, Uploader, Viewer
from scenario_runner.web.imaging.models import (
    Corrected,
    MatchResult,
    TagsOfFile,
    TagsOfStudy,
    Validated,
)
from scenario_runner.web.imaging.uploads import FIELDS, form_of, one_file_only
from scenario_runner.web.text import GivenStudy, Text


class Correction(BaseModel):
    """What to correct of a study."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    study_instance_uid: GivenStudy = Field(
        validation_alias=AliasChoices("study_instance_uid", "study_uid"),
        examples=["1.2.826.0.1.3680043.8.498.1"],
    )
    tags: dict[Text, Text | None] = Field(
        description="PatientID, PatientName, AccessionNumber and StudyDate, and no other; null empties.",
        validation_alias=AliasChoices("tags", "modifications", "changes"),
        max_length=100,
        examples=[{"PatientID": "PID2", "PatientName": "CITIZEN^JANE"}],
    )
    reason: Text = Field("", max_length=1_000, examples=["wrong patient was chosen"])


class Choice(BaseModel):
    """What a person says a study is."""

    model_config = ConfigDict(extra="forbid")

    patient_id: Text | None = Field(
        None, max_length=1_000, description="Of the registry; null takes the link away."
    )
    issuer: Text | None = Field(None, max_length=1_000)
    order_id: Text | None = Field(None, max_length=1_000)


def tag_routes(router: APIRouter, service: Service) -> None:
    """Add them to a router."""

    async def each(
        request: Request, use: Callable[[Service, str, Any], dict[str, Any]]
    ) -> dict[str, Any]:
        def one_of(form: Form) -> dict[str, Any]:
            told: dict[str, Any] | None = None
            for file in form.files(*FIELDS):
                if told is not None:
                    raise one_file_only()
                told = use(service, file.name, file.chunks)
            if told is None:
                raise Unacceptable(
                    "no-file", "there is no file in the request", hint="send it as the field 'file'"
                )
            return told

        return await with_form(request, service.limits.file, one_of)

    @router.post(
        "/validate",
        response_model=Validated,
        openapi_extra=form_of("file", many=False),
        tags=["tags"],
    )
    async def validate(request: Request, _: Uploader) -> dict[str, Any]:
        """Hold a file to the Standard; nothing is kept."""
        return await each(request, reading.validated)

    @router.post(
        "/read-tags",
        response_model=TagsOfFile,
        openapi_extra=form_of("file", many=False),
        tags=["tags"],
    )
    async def read_tags(request: Request, _: Uploader) -> dict[str, Any]:
        """The attributes of a file as a tree; nothing is kept."""
        return await each(request, reading.of_file)

    @router.get("/tags/{study_uid}", response_model=TagsOfStudy, tags=["tags"])
    def tags_of_study(
        study_uid: StudyUid,
        asking: Viewer,
        sop_instance_uid: Annotated[
            Text | None, Query(max_length=128, description="Of which instance; else the first.")
        ] = None,
    ) -> dict[str, Any]:
        """The attributes of an instance of a study as a tree."""
        return reading.of_study(service, asking, study_uid, sop_instance_uid)

    @router.post("/modify-tags", response_model=Corrected, tags=["tags"])
    def modify_tags(correction: Correction, asking: Corrector) -> dict[str, Any]:
        """Correct a study: every instance of it, or none. What it was is kept in the upload's log."""
        return correct(
            service, asking, correction.study_instance_uid, correction.tags, correction.reason
        )

    @router.put("/studies/{study_uid}/match", response_model=MatchResult, tags=["studies"])
    def match(study_uid: StudyUid, choice: Choice, asking: Corrector) -> dict[str, Any]:
        """Say whose study it is and which order it answers; nothing that is matched later changes that."""
        facts_of(service, study_uid)
        chosen = choose(
            service.database,
            asking,
            study_uid,
            patient_id=choice.patient_id or "",
            issuer=choice.issuer,
            order_id=choice.order_id or "",
        )
        return chosen.as_json()

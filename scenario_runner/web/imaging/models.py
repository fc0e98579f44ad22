"""What the imaging API answers, as models: one definition for the answer and for its description."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_UID = "1.2.826.0.1.3680043.8.498.20260131.1"


class Model(BaseModel):
    """What is answered."""

    model_config = ConfigDict(extra="forbid")


class FileResult(Model):
    """What became of one file."""

    name: str = Field(examples=["slice_0001.dcm"])
    status: Literal["success", "duplicate", "skipped", "failed", "storing"] = Field(
        description="`duplicate`: the same instance was kept already. `skipped`: part of an archive that is no "
        "image and was not meant to be one."
    )
    sop_instance_uid: str | None = Field(examples=[f"{_UID}.1.1"])
    study_instance_uid: str | None = Field(examples=[_UID])
    error: str | None = Field(description="Why, where it is not `success`.")


class MatchResult(Model):
    """Whose study it is and which order it answers, as far as that is sure."""

    patient: str | None = Field(description="The patient's ID in the registry.", examples=["PID1"])
    order: str | None = Field(description="The order's number.")
    score: float = Field(description="From 0 to 1, of the best candidate, linked or not.")
    reasons: list[str] = Field(description="What agrees and what does not.")
    chosen_by: str | None = Field(description="Who chose, where a person did.")


class StudyInBrief(Model):
    """A study that an upload brought or added to."""

    study_instance_uid: str = Field(examples=[_UID])
    patient_id: str
    patient_name: str = Field(examples=["CITIZEN^JANE"])
    accession_number: str
    modality: str = Field(description="Of several, all, with a backslash between.", examples=["CT"])
    number_of_series: int
    number_of_instances: int
    match: MatchResult | None


class StudyResult(StudyInBrief):
    """A study."""

    patient_birth_date: str | None = Field(examples=["1970-01-31"])
    patient_sex: str | None
    study_date: str | None = Field(examples=["2026-01-31"])
    study_description: str


class UploadResult(Model):
    """What became of an upload."""

    upload_id: str
    status: Literal["success", "partial", "failed"] = Field(
        description="`partial`: some files were refused; `failed`: all were."
    )
    files: list[FileResult]
    studies: list[StudyInBrief]


class FileRecord(FileResult):
    """A file of an upload as it is kept in its log."""

    code: str | None = Field(description="Why, for programs.")
    size: int = Field(description="Bytes.")
    findings: list[dict[str, Any]] | None = Field(
        description="What the Standard has against it; null until it was asked."
    )


class ChangeRecord(Model):
    """A correction of a study."""

    study_instance_uid: str
    at: str
    who: str
    reason: str | None
    before: dict[str, str | None]
    after: dict[str, str | None]


class UploadRecord(Model):
    """An upload and its log."""

    upload_id: str
    status: Literal["receiving", "success", "partial", "failed"]
    kind: str
    uploaded_by: str
    begun: str
    ended: str | None
    error: str | None
    files: list[FileRecord]
    studies: list[StudyInBrief]
    changes: list[ChangeRecord] = Field(description="What was corrected since, oldest first.")
    progress: dict[str, Any] | None = Field(description="How far it is, while it is under way.")


class ResumableState(Model):
    """An upload that may break off and go on."""

    name: str = Field(description="Of the file.")
    length: int = Field(description="Bytes it will have.")
    offset: int = Field(description="Bytes that are here.")
    upload_id: str | None = Field(description="The upload that was made of it, once all is here.")


class UploadSummary(Model):
    """An upload in a list."""

    upload_id: str
    status: Literal["receiving", "success", "partial", "failed"]
    kind: str
    uploaded_by: str
    begun: str
    ended: str | None
    error: str | None
    files: dict[str, int] = Field(description="How many files, by status.")
    studies: list[StudyInBrief]


class UploadPage(Model):
    """Some uploads, the newest first."""

    uploads: list[UploadSummary]
    total: int
    limit: int
    offset: int


class StudyPage(Model):
    """Some studies, the last stored first."""

    studies: list[StudyResult]
    total: int
    limit: int
    offset: int


class InstanceResult(Model):
    """An instance of a study."""

    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    size: int


class SeriesResult(Model):
    """A series of a study."""

    series_instance_uid: str
    instances: list[InstanceResult]


class HistoryEntry(Model):
    """Something that was done with a study."""

    at: str
    who: str
    what: str
    from_where: str
    outcome: str
    detail: dict[str, Any]


class StudyDetail(StudyResult):
    """A study with its series, instances and history."""

    series: list[SeriesResult]
    changes: list[ChangeRecord]
    history: list[HistoryEntry]


class Deleted(Model):
    """A study that is gone, or that a second person has to confirm."""

    study_instance_uid: str
    status: Literal["deleted", "waiting"]
    reason: str


class TagResult(Model):
    """An attribute."""

    tag: str = Field(examples=["(0010,0010)"])
    keyword: str | None = Field(examples=["PatientName"])
    name: str | None = Field(examples=["Patient's Name"])
    vr: str = Field(examples=["PN"])
    length: int = Field(description="Bytes of the value.")
    value: list[str] = Field(description="Each value as text; of bytes there is none.")
    sha256: str | None = Field(
        None, description="Of all of the value, where it is bytes or more than what is told of it."
    )
    items: list[list[TagResult]] | None = Field(None, description="Of a sequence.")


class _Tags(Model):
    sop_class: str | None
    sop_instance_uid: str | None
    transfer_syntax_uid: str
    tags: list[TagResult]


class TagsOfFile(_Tags):
    """The attributes of a file."""

    name: str


class TagsOfStudy(_Tags):
    """The attributes of an instance of a study."""

    study_instance_uid: str


class Validated(Model):
    """What the Standard has against a file."""

    name: str
    valid: bool = Field(description="Whether no finding is an error.")
    sop_class: str | None
    sop_instance_uid: str | None
    study_instance_uid: str | None
    error: str | None = Field(description="Why it cannot be read at all.")
    findings: list[dict[str, Any]]


class Corrected(Model):
    """A study that was corrected."""

    study_instance_uid: str
    status: Literal["success"]
    instances: int = Field(description="How many were changed: all of the study.")
    before: dict[str, str]
    after: dict[str, str]
    study: StudyResult


class ViewerUrl(Model):
    """Where the viewer shows a study."""

    study_instance_uid: str
    url: str


class ViewerTokenResult(ViewerUrl):
    """A token for one study, told this one time."""

    token: str
    expires_at: str

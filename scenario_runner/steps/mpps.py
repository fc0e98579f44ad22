"""The step ``mpps``: tell what a modality performs, from its beginning to its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, ClassVar, Literal

from pydantic import Field

from scenario_runner.api import (
    MppsResult,
    Saved,
    Step,
    StepContext,
    StepResult,
    Target,
    TargetName,
    is_of,
    status_class,
)
from scenario_runner.api.modified import ModifiedMessage
from scenario_runner.dicom.times import tm
from scenario_runner.errors import UsageError
from scenario_runner.planning.identity import derive_uid
from scenario_runner.planning.plan import PlannedSeries, PlannedStudy
from scenario_runner.steps.of_plan import OfPlan, study_called
from scenario_runner.steps.without import without

_STATUS = {
    "in-progress": "IN PROGRESS",
    "completed": "COMPLETED",
    "discontinued": "DISCONTINUED",
}


class Mpps(Step):
    """Tell of a Modality Performed Procedure Step (PS3.4 F.7) for a study of the plan.

    The first one for a study and a target begins it with N-CREATE, always IN PROGRESS; what follows,
    also in later steps of the scenario, changes it with N-SET. The end names the series and images
    that this case has sent, wherever, or else generated. Fails when the answer is not ``expect``; skipped where the site file says ``expects: {mpps: false}``.

    ``save_as`` gives ``{sop_instance_uid, status, class, comment}`` of the last answer.
    """

    name: ClassVar[str] = "mpps"
    saves: ClassVar[frozenset[Saved] | None] = frozenset(["statuses"])
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = "mpps: {to: pacs, status: completed}"

    to: TargetName
    """The PACS or RIS to tell."""
    status: Literal["in-progress", "completed", "discontinued"]
    """What becomes of the performed procedure step; the latter two are final."""
    of: OfPlan | None = None
    """An accession number, a StudyInstanceUID, the plan's key such as ``p1.s2``, ``{{ studies[1] }}``, or what an earlier
    ``mpps`` saved; by default the first study."""
    modify: ModifiedMessage = Field(default={})
    """Set attributes of the message; null leaves one out:
    ``{PerformedProcedureStepDescription: Chest}``."""
    expect: Literal["accepted", "success", "warning", "failure", "any"] = "accepted"
    """Which answer makes the step pass, in the words of the check ``status``: ``accepted`` is success or a
    warning, ``failure`` is for a negative test."""

    def run(self, context: StepContext) -> StepResult:
        """Begin the performed step if nobody has, then say what became of it."""
        if self.expect not in ("failure", "any"):
            skipped = without(context, self.to, "performed procedure steps", "mpps")
            if skipped is not None:
                return skipped
        target, study = context.target(self.to), self._study(context)
        key = (self.to, study.uid)
        uid = context.ledger.performed.get(key)
        begun, operations = uid is not None, []
        uid = uid or derive_uid(None, study.uid, "mpps", self.to)
        answer: MppsResult | None = None
        if not begun:
            first = begin(study, target.calling_ae_title)
            answer = self._tell(target, context, uid, first, create=True)
            operations.append(_operation("N-CREATE", answer))
            if status_class(answer.status) in ("success", "warning"):
                context.ledger.performed[key] = uid
                begun = True
        if answer is None or (begun and self.status != "in-progress"):
            told = "".join(f"{o['operation']} was answered {o['status']}" for o in operations)
            context.capture(_value(uid, answer), {"operations": operations}, told)
            rest = _progress(study, self.status, list(_performed(context, study)))
            answer = self._tell(target, context, uid, rest, create=False)
            operations.append(_operation("N-SET", answer))
        return self._judge(uid, study, answer, operations)

    def _study(self, context: StepContext) -> PlannedStudy:
        """The study that ``of`` means."""
        saved: Any = None
        if self.of is not None:
            with suppress(UsageError):  # it names a study
                saved = context.saved(self.of)
        uid = saved.get("sop_instance_uid") if isinstance(saved, Mapping) else None
        begun = {mpps: study for (_, study), mpps in context.ledger.performed.items()}
        return study_called(context, begun.get(str(uid)) or self.of)

    def _tell(
        self,
        target: Target,
        context: StepContext,
        uid: str,
        attributes: dict[str, Any],
        *,
        create: bool,
    ) -> MppsResult:
        # What was asked to be modified belongs to what this step says last.
        if not create or self.status == "in-progress":
            attributes = {**attributes, **self.modify}
        given = {name: v for name, v in attributes.items() if v is not None}
        told: dict[str, dict[str, Any]] = context.notes.setdefault(self.name, {})
        told[uid] = {**told.get(uid, {}), **given}
        return target.mpps(uid, given, context.deadline, create=create)

    def _judge(
        self,
        uid: str,
        study: PlannedStudy,
        answer: MppsResult,
        operations: list[dict[str, Any]],
    ) -> StepResult:
        kind = status_class(answer.status)
        good = is_of(kind, "accepted")
        ok = self.expect == "any" or is_of(kind, self.expect)
        last = operations[-1]
        message = f"{last['operation']} answered {last['status']} {answer.comment}".rstrip()
        if not ok and self.expect != "accepted":
            message += (
                ", though it should have been refused"
                if good and self.expect == "failure"
                else f", which is '{kind}', not '{self.expect}'"
            )
        return StepResult(
            outcome="passed" if ok else "failed",
            message=message,
            value=_value(uid, answer),
            facts={
                "sop_instance_uid": uid,
                "study": study.id,
                "accession": study.accession,
                "performed": _STATUS[self.status],
                "operations": operations,
                "association": dict(answer.association),
            },
        )


def begin(study: PlannedStudy, station: str) -> dict[str, Any]:
    """The attributes of N-CREATE: types 1 and 2 of PS3.4 table F.7.2-1, empty where nothing is known.

    station: the AE title of the modality.
    """
    patient = study.patient
    zone = {"TimezoneOffsetFromUTC": study.timezone_offset} if study.timezone_offset else {}
    return zone | {
        "ScheduledStepAttributesSequence": [
            {
                "StudyInstanceUID": study.uid,
                "ReferencedStudySequence": [],
                "AccessionNumber": study.accession,
                "RequestedProcedureID": study.requested_procedure_id,
                "RequestedProcedureDescription": study.procedure or study.description,
                "ScheduledProcedureStepID": study.request.get("ScheduledProcedureStepID", ""),
                "ScheduledProcedureStepDescription": "",
                "ScheduledProtocolCodeSequence": [],
            }
        ],
        "PatientName": patient.name,
        "PatientID": patient.patient_id,
        "PatientBirthDate": patient.birth_date.strftime("%Y%m%d"),
        "PatientSex": patient.sex,
        "ReferencedPatientSequence": [],
        "PerformedProcedureStepID": study.study_id,
        "PerformedStationAETitle": station,
        "PerformedStationName": "",
        "PerformedLocation": "",
        "PerformedProcedureStepStartDate": study.date.strftime("%Y%m%d"),
        "PerformedProcedureStepStartTime": tm(study.time),
        "PerformedProcedureStepStatus": _STATUS["in-progress"],
        "PerformedProcedureStepDescription": study.procedure or study.description,
        "PerformedProcedureTypeDescription": "",
        "ProcedureCodeSequence": study.procedure_codes,
        "PerformedProcedureStepEndDate": "",
        "PerformedProcedureStepEndTime": "",
        "Modality": study.modality,
        "StudyID": study.study_id,
        "PerformedProtocolCodeSequence": [],
        "PerformedSeriesSequence": [],
    }


Performed = tuple[PlannedSeries, str, list[tuple[str, str]]]
"""A series, the AE title it can be retrieved from, and SOP class and instance UIDs of its images."""


def _progress(study: PlannedStudy, status: str, performed: list[Performed]) -> dict[str, Any]:
    """The attributes of N-SET; a final status needs the end and the series (PS3.4 F.7.2.2)."""
    result: dict[str, Any] = {
        "PerformedProcedureStepStatus": _STATUS[status],
        "PerformedSeriesSequence": [_series(*one) for one in performed],
    }
    if status != "in-progress":
        moments = [(study.date, study.time), *((s.date, s.time) for s, _, _ in performed)]
        date, time = max(moments)
        result["PerformedProcedureStepEndDate"] = date.strftime("%Y%m%d")
        result["PerformedProcedureStepEndTime"] = tm(time)
    return result


def _series(series: PlannedSeries, ae_title: str, images: list[tuple[str, str]]) -> dict[str, Any]:
    references = [
        {"ReferencedSOPClassUID": sop_class, "ReferencedSOPInstanceUID": uid}
        for sop_class, uid in images
    ]
    return {
        "PerformingPhysicianName": "",
        "OperatorsName": "",
        "ProtocolName": series.protocol or series.description or series.modality,
        "SeriesInstanceUID": series.uid,
        "SeriesDescription": series.description,
        "RetrieveAETitle": ae_title,
        "ReferencedImageSequence": references if series.has_pixels else [],
        "ReferencedNonImageCompositeSOPInstanceSequence": [] if series.has_pixels else references,
    }


def _performed(context: StepContext, study: PlannedStudy) -> Iterator[Performed]:
    """What was sent of the study; before anything is sent, what was generated of it."""
    sent: dict[str, Performed] = {}
    seen: set[str] = set()
    for one in context.ledger.sent():
        series, status = one.image.series, one.status
        if not one.stored or series.study.uid != study.uid or one.image.uid in seen:
            continue
        seen.add(one.image.uid)
        ae_title = context.target(one.target).facts.ae_title or ""
        sent.setdefault(series.uid, (series, ae_title, []))[2].append(
            (status.sop_class_uid, status.sop_instance_uid)
        )
    if sent:
        yield from sent.values()
        return
    generated: Iterable[PlannedSeries] = (context.ledger.generated or {}).values()
    for series in generated:
        if series.study.uid == study.uid:
            yield series, "", [(series.sop_class_uid, image.uid) for image in series.images]


def _operation(name: str, answer: MppsResult) -> dict[str, Any]:
    return {"operation": name, "status": f"{answer.status:04X}", "comment": answer.comment}


def _value(uid: str, answer: MppsResult | None) -> dict[str, Any]:
    status = None if answer is None else answer.status
    return {
        "sop_instance_uid": uid,
        "status": None if status is None else f"{status:04X}",
        "class": status_class(status),
        "comment": "" if answer is None else answer.comment,
    }

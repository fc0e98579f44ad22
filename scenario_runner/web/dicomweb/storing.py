"""STOW-RS as an upload: noted, judged, matched and audited as any other, and answered as the Standard has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.dicom import statuses
from scenario_runner.pacs.dicomweb.storing import Part, StoreOutcome, answer_type, parts_of
from scenario_runner.service.uploads.outcome import FileOutcome
from scenario_runner.service.uploads.uploading import STOW, Uploading, run
from scenario_runner.web.auth.dicomweb import ASKING
from scenario_runner.web.dicomweb.telling import telling

if TYPE_CHECKING:
    from scenario_runner.pacs.dicomweb.desk import Call, Handler, Reply, WebDesk
    from scenario_runner.service.service import Service

_REASONS: Final = {
    "file-too-large": statuses.OUT_OF_RESOURCES,
    "other-instance": statuses.DUPLICATE_SOP_INSTANCE,
    "other-patient": statuses.PROCESSING_FAILURE,
    "other-study": statuses.DATA_SET_DOES_NOT_MATCH,
    "not-kept": statuses.PROCESSING_FAILURE,
}
"""Failure Reasons by what an upload calls it (PS3.18 table I.2-2); anything else cannot be understood."""


def storing(service: Service) -> Handler:
    """``POST /studies`` and ``POST /studies/{study}`` (PS3.18 10.5).

    What can be kept of a request is kept all at once; a client that goes away in the middle leaves nothing.
    """

    def store(_: WebDesk, call: Call) -> Reply:
        study, told_as, parts = call.uid("study"), answer_type(call), parts_of(call)
        outcome = StoreOutcome(call.base)

        def take(uploading: Uploading) -> None:
            for number, part in enumerate(parts, start=1):
                _take(uploading, f"part {number}", part, study)
            if not uploading.outcome.files:
                outcome.reply(told_as)  # raises that there was no part

        for one in run(Uploading(service, call.state[ASKING], STOW, None), take).files:
            _tell(outcome, one)
        return outcome.reply(told_as)

    return telling(store)


def _take(uploading: Uploading, name: str, part: Part, study: str | None) -> None:
    if refusal := part.refusal:
        part.skip()
        one = FileOutcome(name=name)
        one.refuse("not-dicom", refusal)
        uploading.note(one)
        return
    one = uploading.take(name, part)
    part.skip()
    if study is not None and one.arrived is not None and one.study_instance_uid != study:
        why = f"the instance belongs to study {one.study_instance_uid}, not to the one in the URL"
        uploading.refuse(one, "other-study", why)


def _tell(outcome: StoreOutcome, one: FileOutcome) -> None:
    named = (one.sop_class_uid, one.sop_instance_uid)
    if one.status in ("success", "duplicate"):
        outcome.keep(one.study_instance_uid, one.series_instance_uid, named)
    else:
        outcome.fail(_REASONS.get(one.code, statuses.CANNOT_UNDERSTAND), one.error, named)

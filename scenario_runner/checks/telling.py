"""What messages, worklist items, performed steps, images and resources tell of a study, in one form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.api import Retrieved, StepContext
from scenario_runner.api.statuses import Statuses
from scenario_runner.checks.telling_fhir import imaging_study_of, said_by
from scenario_runner.errors import InvalidInput, UsageError

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedStudy

Facts = dict[str, str]
"""Keyword to text; what is not told is absent."""
_KEYWORDS: Final = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber",
    "StudyInstanceUID", "RequestedProcedureID", "RequestedProcedureDescription",
)  # fmt: skip
_SEQUENCES: Final = ("ScheduledStepAttributesSequence", "RequestAttributesSequence")
"""Where performed steps and images have what was requested (PS3.4 F.7.2, PS3.3 10.6)."""


def facts_of_plan(study: PlannedStudy) -> Facts:
    """What the plan says of a study."""
    patient = study.patient
    return _clean(
        {
            "PatientID": patient.patient_id,
            "PatientName": patient.name,
            "PatientBirthDate": f"{patient.birth_date:%Y%m%d}",
            "PatientSex": patient.sex,
            "AccessionNumber": study.accession,
            "StudyInstanceUID": study.uid,
        }
    )


def facts_of(name: str, context: StepContext) -> Iterator[Facts]:
    """What was saved under a name tells, once for each order, item, step or image.

    Raises UsageError for what tells nothing of studies.
    """
    value = context.saved(name)
    if isinstance(value, Retrieved):
        yield from _of_images(value)
        return
    for one in value if isinstance(value, list | Statuses) else [value]:
        if not isinstance(one, Mapping):
            raise UsageError(
                f"'{name}' tells nothing of a study",
                hint="name what hl7_send, hl7_wait, worklist, query, mpps, retrieve or a fhir step saved",
            )
        if isinstance(one.get("message"), str):
            yield from _of_message(one["message"], name, context)
        elif (study := imaging_study_of(one, context)) is not None:
            for said in said_by(*study, name, context):
                yield _clean({keyword: said.get(keyword) for keyword in _KEYWORDS})
        elif "sop_instance_uid" in one:
            told = context.notes.get("mpps", {}).get(one["sop_instance_uid"], {})
            yield _clean(told)
        else:
            yield _clean(one)


def _of_message(text: str, name: str, context: StepContext) -> Iterator[Facts]:
    from scenario_runner.orders.hl7.mapping import of_site
    from scenario_runner.orders.hl7.reading import orders
    from scenario_runner.orders.hl7.shown import of_text

    rules = context.rules
    try:
        found = orders(of_text(text, name), of_site(rules.hl7, rules.zone))
    except InvalidInput as error:
        raise UsageError(f"'{name}' holds no order or result: {error.message}") from None
    for order in found:
        yield _clean({keyword: order.text(keyword) for keyword in _KEYWORDS})


def _of_images(retrieved: Retrieved) -> Iterator[Facts]:
    from pydicom import dcmread

    wanted = [*_KEYWORDS, "RequestAttributesSequence"]
    seen: set[tuple[tuple[str, str], ...]] = set()
    for path in retrieved.files.values():
        data = dcmread(path, stop_before_pixels=True, specific_tags=wanted)
        told = {keyword: data.get(keyword, "") for keyword in _KEYWORDS}
        if items := data.get("RequestAttributesSequence"):
            told |= {key: items[0].get(key) or told[key] for key in _KEYWORDS[6:]}
        facts = _clean(told)
        key = tuple(facts.items())
        if key not in seen:  # a study of a thousand images says the same a thousand times
            seen.add(key)
            yield facts


def _clean(told: Mapping[str, Any]) -> Facts:
    """The attributes that are compared, as text; those of an item of what was requested, too."""
    merged = dict(told)
    for sequence in _SEQUENCES:
        items = told.get(sequence)
        if isinstance(items, list) and items and isinstance(items[0], Mapping):
            merged |= {key: value for key, value in items[0].items() if value}
    found = {}
    for keyword in _KEYWORDS:
        value = merged.get(keyword)
        text = str(value).strip() if value not in (None, "") else ""
        if keyword == "PatientName":
            text = "=".join(group.rstrip("^ ") for group in text.split("=")).rstrip("=")
        if text:
            found[keyword] = text
    return found

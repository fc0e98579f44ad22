"""What messages, worklist items, performed steps, images and resources tell of a study, in one form."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.answers import Match
from scenario_runner.api import Retrieved, StepContext
from scenario_runner.api.comparable import lost_in_answer, lost_in_conversion
from scenario_runner.api.fetched import Renditions
from scenario_runner.api.guessed import readings
from scenario_runner.api.statuses import Statuses
from scenario_runner.checks.telling_fhir import imaging_study_of, said_by
from scenario_runner.dicom.characters import parse
from scenario_runner.errors import InvalidInput, UsageError
from scenario_runner.lazy_dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Told:
    """What one message, item, answer or image says, and whose text that is."""

    facts: Facts
    targets: Collection[str] = ()
    """The PACS that the text has come by; none for messages and resources."""
    terms: Sequence[str] = ()
    """The character sets that the text came in."""
    answer: bool = False
    """Whether it is an answer to a query, in which a PACS may write less than it has."""

    def may_say(self, context: StepContext, wanted: str, text: str) -> bool:
        """Whether a text that differs from what is wanted may be the same but for lost letters, as for a query."""
        said = (text, *readings(context, text))
        if self.answer and any(lost_in_answer(wanted, [one], self.terms) for one in said):
            return True
        converts = any(context.target(one).expects.converts_character_sets for one in self.targets)
        return converts and lost_in_conversion(wanted, [text], self.terms)


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


def told_by(name: str, context: StepContext) -> Iterator[Told]:
    """What was saved under a name tells, once for each order, item, step or image.

    Raises UsageError for what tells nothing of studies.
    """
    value = context.saved(name)
    if isinstance(value, Retrieved):
        passed = context.ledger.passed_through(value.target)
        for facts, terms in _of_images(value):
            yield Told(facts, passed, terms)
        return
    if isinstance(value, Renditions):
        passed = context.ledger.passed_through(value.target)
        for one in _described(value, name):
            yield Told(_clean(one), passed, _terms(one))
        return
    for one in value if isinstance(value, list | Statuses) else [value]:
        if not isinstance(one, Mapping):
            raise UsageError(
                f"'{name}' tells nothing of a study",
                hint="name what hl7_send, hl7_wait, worklist, query, mpps, retrieve or a fhir step saved",
            )
        if isinstance(one.get("message"), str):
            yield from map(Told, _of_message(one["message"], name, context))
        elif (study := imaging_study_of(one, context)) is not None:
            for said in said_by(*study, name, context):
                yield Told(_clean({keyword: said.get(keyword) for keyword in _KEYWORDS}))
        elif "sop_instance_uid" in one:
            told = context.notes.get("mpps", {}).get(one["sop_instance_uid"], {})
            yield Told(_clean(told))
        else:
            peers = (one.peer,) if isinstance(one, Match) else ()
            yield Told(_clean(one), peers, _terms(one), answer=bool(peers))


def _terms(answer: Mapping[str, Any]) -> Sequence[str]:
    return parse(answer.get("SpecificCharacterSet"))


def _described(value: Renditions, name: str) -> list[Mapping[str, Any]]:
    """Metadata of instances, those of each study that say the same once."""
    described = value.facts.get("metadata")
    if described is None:
        raise UsageError(
            f"'{name}' tells nothing of a study", hint="retrieve instances or 'as: metadata'"
        )
    return list({tuple(_clean(one).items()): one for one in described}.values())


def _of_message(text: str, name: str, context: StepContext) -> Iterator[Facts]:
    from scenario_runner.orders.hl7.mapping import of_site
    from scenario_runner.orders.hl7.message_text import message_of
    from scenario_runner.orders.hl7.reading import orders

    rules = context.rules
    try:
        found = orders(message_of(text, name), of_site(rules.hl7, rules.zone))
    except InvalidInput as error:
        raise UsageError(f"'{name}' holds no order or result: {error.message}") from None
    for order in found:
        yield _clean({keyword: order.text(keyword) for keyword in _KEYWORDS})


def _of_images(retrieved: Retrieved) -> Iterator[tuple[Facts, Sequence[str]]]:
    from scenario_runner.dicom.datasets import character_sets, read_file

    wanted = [*_KEYWORDS, "RequestAttributesSequence"]
    seen: set[tuple[tuple[str, str], ...]] = set()
    for path in retrieved.files.values():
        data = read_file(path, stop_before_pixels=True, specific_tags=wanted)
        told = {keyword: data.get(keyword, "") for keyword in _KEYWORDS}
        if items := data.get("RequestAttributesSequence"):
            told |= {key: items[0].get(key) or told[key] for key in _KEYWORDS[6:]}
        facts = _clean(told)
        key = tuple(facts.items())
        if key not in seen:  # a study of a thousand images says the same a thousand times
            seen.add(key)
            yield facts, character_sets(data)


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

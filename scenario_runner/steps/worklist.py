"""The step ``worklist``: what is scheduled, asked for as a modality does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from scenario_runner.amounts import amount
from scenario_runner.api import (
    AttributeName,
    FindRequest,
    Keys,
    Step,
    StepContext,
    StepResult,
    TargetName,
)
from scenario_runner.api.asking import Answers, ask
from scenario_runner.errors import UsageError
from scenario_runner.steps.undeclared import Undeclared

_SEQUENCE = "ScheduledProcedureStepSequence"
_ITEM_KEYS = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "ReferringPhysicianName",
    "StudyInstanceUID",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
)
_STEP_KEYS = (
    "ScheduledStationAETitle",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "Modality",
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription",
    "ScheduledProcedureStepID",
)
_OF_THE_STEP = frozenset(
    (
        *_STEP_KEYS,
        "ScheduledStationName",
        "ScheduledProcedureStepLocation",
        "ScheduledProcedureStepStatus",
        "PreMedication",
    )
)
"""Attributes that a worklist item has in its scheduled procedure step (PS3.4 table K.6-1)."""


class Worklist(Step):
    """C-FIND on the Modality Worklist (PS3.4 annex K). No match is no failure; ``assert`` judges.

    ``save_as`` gives a list of ``{KEYWORD: value}`` as ``query`` does; a value's
    ``ScheduledProcedureStepSequence`` is a list of the same. Patient, accession, study and procedure,
    and the scheduled step's station, time, modality, performer and id are always asked for.
    """

    name: ClassVar[str] = "worklist"
    example: ClassVar[str] = (
        "worklist: {from: pacs, match: {Modality: CT, ScheduledProcedureStepStartDate: 20260131}}"
    )

    from_: TargetName = Field(alias="from")
    """The PACS or worklist server to ask."""
    match: Keys = Field(default={})
    """Keys with the values to match. What belongs into the scheduled procedure step, such as
    ``Modality`` or ``ScheduledStationAETitle``, may be written here or in its sequence."""
    return_: list[AttributeName] = Field(default=[], alias="return")
    """Further attributes to ask for."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Cancel the query after so many matches."""

    def run(self, context: StepContext) -> StepResult:
        """Ask, and keep what was answered."""
        undeclared = Undeclared()
        request = undeclared.noting(worklist_request(self.match, self.return_, self.limit))
        target = context.target(self.from_)
        answers = ask(target, request, context.deadline)
        facts = {
            "keys": dict(self.match),
            "matches": answers.matches[:20],
            **({"undeclared": undeclared.keywords} if undeclared.keywords else {}),
        }
        message = amount(len(answers.matches), "worklist item") + undeclared.words(target)
        return result_of(answers, message, facts)


def result_of(answers: Answers, message: str, facts: Mapping[str, Any]) -> StepResult:
    """The result of a step that asks: failed when an answer is not one to what was asked."""
    said = "; ".join(part for part in (message, answers.problem, answers.note) if part)
    return StepResult(
        outcome="failed" if answers.problem else "passed",
        message=said,
        value=answers.matches,
        facts={**facts, **answers.facts()},
    )


def worklist_request(
    match: Mapping[str, Any], returned: Sequence[str] = (), limit: int | None = None
) -> FindRequest:
    """A worklist query with the return keys a modality needs, each key where it belongs.

    Raises UsageError when the sequence of the scheduled step is not one item (PS3.4 C.2.2.2.6).
    """
    given = match.get(_SEQUENCE)
    items = [given] if isinstance(given, Mapping) else given or [{}]
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], Mapping):
        raise UsageError(
            f"{_SEQUENCE} has to be one mapping of keys",
            hint=f"write {_SEQUENCE}: {{Modality: CT}}, or Modality: CT beside the other keys",
        )
    step: dict[str, Any] = dict.fromkeys(_STEP_KEYS, "")
    step |= {key: "" for key in returned if key in _OF_THE_STEP}
    step |= {key: value for key, value in match.items() if key in _OF_THE_STEP}
    step |= items[0]
    keys = {k: v for k, v in match.items() if k != _SEQUENCE and k not in _OF_THE_STEP}
    outer = (key for key in (*_ITEM_KEYS, *returned) if key not in _OF_THE_STEP)
    return FindRequest(
        level="worklist",
        match={**keys, _SEQUENCE: [step]},
        returned=tuple(key for key in dict.fromkeys(outer) if key != _SEQUENCE),
        limit=limit,
    )

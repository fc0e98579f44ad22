"""The step ``worklist``: what is scheduled, asked for as a modality does, or written for a worklist server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scenario_runner.amounts import amount
from scenario_runner.api import (
    AttributeName,
    FindRequest,
    Keys,
    Saved,
    Step,
    StepContext,
    StepResult,
    TargetName,
    Text,
)
from scenario_runner.errors import Advised, UsageError
from scenario_runner.steps.asked import query_result
from scenario_runner.steps.of_plan import OfPlan, study_called
from scenario_runner.steps.without import without

SERVICE = ("worklist", "worklist")
"""What it is called, and the key of ``expects`` that says whether a PACS has one."""
_SHOWN = 10
_LOCK = "lockfile"

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
    """C-FIND on the Modality Worklist (PS3.4 annex K), or, with ``to``, the plan's studies as files of a worklist server.

    No match is no failure; ``assert`` judges. Skipped where the site file says ``expects: {worklist: false}``, and so is
    what needs its answers. ``save_as`` gives a list of ``{KEYWORD: value}`` as ``query`` does; a value's
    ``ScheduledProcedureStepSequence`` is a list of the same. Patient, accession, study and procedure,
    and the scheduled step's station, time, modality, performer and id are always asked for.
    """

    name: ClassVar[str] = "worklist"
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset(["C-FIND"])
    example: ClassVar[str] = (
        "worklist: {from: pacs, match: {Modality: CT, ScheduledProcedureStepStartDate: 20260131}}"
    )

    from_: TargetName | None = Field(default=None, alias="from")
    """The PACS or worklist server to ask."""
    to: Text | None = None
    """Instead of asking: a folder that gets an item, ``STUDYUID.wl``, for each study of the plan, and the ``lockfile`` that DCMTK's
    wlmscpfs wants. Inside the run folder, or the absolute path of a folder that has a ``lockfile`` already. ``save_as`` gives
    ``{folder, files}``."""
    of: OfPlan | None = None
    """With ``to``: only this study (accession number, StudyInstanceUID, key such as ``p1.s2``, or ``{{ studies[1] }}``)."""
    station: Text | None = None
    """With ``to``: the AE title of who is to do the work; by default that of the site."""
    remove: bool = False
    """With ``to``: take the items away instead."""
    match: Keys = Field(default={})
    """Keys with the values to match. What belongs into the scheduled procedure step, such as
    ``Modality`` or ``ScheduledStationAETitle``, may be written here or in its sequence."""
    return_: list[AttributeName] = Field(default=[], alias="return")
    """Further attributes to ask for."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Cancel the query after so many matches."""

    @model_validator(mode="after")
    def _one_way(self) -> Worklist:
        if (self.from_ is None) == (self.to is None):
            both = "both are given" if self.to else "neither is given"
            raise Advised("give 'from' to ask or 'to' to write", both)
        asking, writing = ("match", "return", "limit"), ("of", "station", "remove")
        given = {type(self).model_fields[name].alias or name for name in self.model_fields_set}
        wrong = [name for name in (asking if self.to else writing) if name in given]
        if wrong:
            key = "from" if self.to else "to"
            raise PydanticCustomError(
                "one_way", "'{wrong}' goes with '{key}'", {"wrong": wrong[0], "key": key}
            )
        return self

    def run(self, context: StepContext) -> StepResult:
        """Ask, and keep what was answered; or write."""
        if self.from_ is None:
            return self._written(context)
        if skipped := without(context, self.from_, *SERVICE):
            return skipped
        request = worklist_request(self.match, self.return_, self.limit)
        facts = {"keys": dict(self.match)}
        return query_result(context, context.target(self.from_), request, "worklist item", facts)

    def _written(self, context: StepContext) -> StepResult:
        folder = self._folder(context)
        studies = list(context.case.studies())
        if self.of is not None:
            studies = [study_called(context, self.of)]
        if self.remove:
            gone = context.worklist(folder).remove(studies)
            said = f"{amount(gone, 'worklist item')} taken from {self.to}"
            return StepResult(message=said, value={"folder": str(folder), "files": []})
        if not studies:
            return StepResult(outcome="failed", message="the plan has no study")
        files = context.worklist(folder).write(studies, self.station)
        return StepResult(
            message=f"{amount(len(files), 'worklist item')} written to {self.to}",
            value={"folder": str(folder), "files": files},
            facts={"files": files[:_SHOWN], "items": len(files)},
        )

    def _folder(self, context: StepContext) -> Path:
        assert self.to is not None
        if not Path(self.to).is_absolute():
            return context.folder(self.to)
        folder = Path(self.to)
        if not (folder / _LOCK).is_file():
            raise UsageError(
                f"'{self.to}' has no file named {_LOCK}, so no worklist server answers from it",
                hint="a worklist folder of DCMTK's wlmscpfs has one; make it with touch",
            )
        return folder


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

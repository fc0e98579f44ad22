"""The step ``delete``: take back what the run stored."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, ClassVar, Literal

from pydantic import Field

from scenario_runner.amounts import amount, some
from scenario_runner.api import (
    FindRequest,
    Saved,
    Selection,
    Step,
    StepContext,
    StepResult,
    Target,
    TargetName,
)
from scenario_runner.api.asking import ask_each
from scenario_runner.checks.presence import presence
from scenario_runner.checks.settling import await_stored
from scenario_runner.errors import TargetError
from scenario_runner.lazy_dataclasses import dataclass


class Delete(Step):
    """Delete the studies that this case sent, and no others, from a PACS.

    Also those that came there by forwarding or C-MOVE: the PACS is asked for each study that the case sent
    anywhere. One that holds anything the case did not send is left alone, and the step fails. Works
    where the target has Orthanc's REST API, is the embedded PACS, or takes DELETE over DICOMweb: that is no part
    of PS3.18, so the site file says ``expects: {dicomweb_delete: true}``, or the step
    ``via: dicomweb``. Afterwards the PACS is asked for each once more: one that is still there a few seconds
    later fails the step. In ``finally``, a target that has no way to delete makes the step skipped, and the
    report says what is left there.
    """

    name: ClassVar[str] = "delete"
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = "delete: {from: pacs}"

    from_: TargetName = Field(alias="from")
    """The PACS to clean up."""
    via: Literal["orthanc", "dicomweb"] | None = Field(
        default=None, json_schema_extra={"x-way": True}
    )
    """How; by default whichever the target has."""
    what: Selection | None = None
    """What ``generate`` or ``send`` saved; by default everything of this case that is there."""

    def run(self, context: StepContext) -> StepResult:
        """Delete, and say how many studies were there and are gone."""
        target, ledger = context.target(self.from_), context.ledger
        known = self._chosen(context, ledger.study_uids(self.from_))
        others = self._chosen(context, ledger.all_study_uids(self.from_))
        others = [uid for uid in others if uid not in known]
        if not known and not others:
            return StepResult(
                message="nothing to delete: this case sent nothing that is left there"
            )
        waited = await_stored(context, self.from_)
        found = self._looked_for(context, target, others)
        if self._cannot(context, target):
            sure = {one.image.series.study.uid for one in ledger.held(self.from_).values()}
            unsure = self._looked_for(context, target, [uid for uid in known if uid not in sure])
            return self._left([uid for uid in known if uid in sure], found.and_(unsure))
        studies = [*known, *found.ours]
        gone: list[str] = []
        if studies:
            context.deleting(self.from_, studies, done=False)
            gone = target.by(self.via).delete(studies, context.deadline)
            acknowledged = {image.series.study.uid for image in ledger.stored(self.from_)}
            context.deleting(self.from_, studies, done=True)
        else:
            acknowledged = set()
        lost = [
            uid
            for uid in studies
            if uid in acknowledged
            and uid not in gone
            # Two targets may be two ways to one PACS.
            and not ledger.deleted_elsewhere(uid, self.from_)
        ]
        result = self._result(gone, lost, found, asked=len(studies))
        result = dataclasses.replace(result, message=result.message + waited)
        return _asked_again(context, target, gone, result)

    def _chosen(self, context: StepContext, studies: list[str]) -> list[str]:
        if self.what is None:
            return studies
        chosen = {series.study.uid for series in context.selection(self.what)}
        return [uid for uid in studies if uid in chosen]

    def _looked_for(self, context: StepContext, target: Target, studies: list[str]) -> _Found:
        """Which of these studies are there, though nobody told that they were sent there."""
        if not studies:
            return _Found()
        if "find" not in target.capabilities:
            return _Found(unknown=studies)
        wanted = set(studies)
        images = [
            one.image
            for one in list(context.ledger.ever().values())
            if one.image.series.study.uid in wanted
        ]
        there = presence(target, images, context.deadline)
        foreign = {
            uid for uid, others in there.foreign.items() if others - context.ledger.ever().keys()
        }
        found = [uid for uid in studies if uid in there.studies]
        partly = there.partly - foreign
        return _Found(
            ours=[uid for uid in found if uid not in foreign | partly],
            mixed=[uid for uid in found if uid in foreign],
            partly=[uid for uid in found if uid in partly],
        )

    def _left(self, known: list[str], found: _Found) -> StepResult:
        left = [*known, *found.ours, *found.mixed, *found.partly]
        if not left and not found.unknown:
            return StepResult(message=self._nothing)
        message = f"'{self.from_}' has no way to delete; "
        if left:
            message += f"{len(left)} studies stay there" if left[1:] else "its study stays there"
        else:
            message += "what may have come to it stays there"
        return StepResult(
            outcome="skipped",
            message=message,
            facts={"left": left, "perhaps_left": list(found.unknown)},
        )

    @property
    def _nothing(self) -> str:
        return f"nothing to delete: no study of this case is on '{self.from_}'"

    def _result(self, gone: list[str], lost: list[str], found: _Found, asked: int) -> StepResult:
        message = f"{amount(len(gone), 'study')} deleted"
        if not asked and not found.mixed and not found.partly and not found.unknown:
            message = self._nothing
        if lost:
            message += f"; not there, though it was acknowledged: {some(lost)}"
        if found.mixed:
            message += (
                f"; left alone, for it holds what this case did not send: {some(found.mixed)}"
            )
        if found.partly:
            message += (
                f"; left alone, for '{self.from_}' does not tell all that it holds, which may be more than "
                f"this case sent: {some(found.partly)}"
            )
        if found.unknown:
            message += (
                f"; '{self.from_}' cannot be asked whether {amount(len(found.unknown), 'study')} of "
                "this case came there: give it a 'dicom' or 'dicomweb' service"
            )
        return StepResult(
            outcome="failed" if lost or found.mixed or found.partly or found.unknown else "passed",
            message=message,
            facts={
                "deleted": gone,
                "deleted_in_all": len(gone),
                "not_there": lost,
                "left_alone": [*found.mixed, *found.partly],
                "asked": asked,
            },
        )

    def _cannot(self, context: StepContext, target: Target) -> bool:
        """Whether there is no way, and it is no failure that there is none."""
        if context.section != "finally":
            return False
        return (
            "delete" not in target.capabilities if self.via is None else self.via not in target.ways
        )


def _asked_again(
    context: StepContext, target: Target, gone: Sequence[str], result: StepResult
) -> StepResult:
    """The result, failed where the PACS still has what it says to have deleted."""
    # Our own PACS may be told to answer wrongly or never; and what it says to have deleted is.
    if not gone or "find" not in target.capabilities or target.facts.kind == "embedded":
        return result
    end = monotonic() + _LATER
    left = list(gone)
    try:
        while True:
            requests = [FindRequest(level="study", match={"StudyInstanceUID": uid}) for uid in left]
            answers = list(ask_each(target, requests, context.deadline))
            left = [uid for uid, one in zip(left, answers, strict=True) if _has(one.matches, uid)]
            if not left or monotonic() >= end:
                break
            context.deadline.sleep(_PAUSE)
    except TargetError as error:
        words = f"{result.message}; whether they are gone could not be asked: {error}"
        return dataclasses.replace(result, message=words)
    if not left:
        return result
    words = f"still there after {_LATER:g} s, though it was answered as deleted: {some(left)}"
    return dataclasses.replace(
        result,
        outcome="failed",
        message=f"{result.message}; {words}",
        facts={**result.facts, "still_there": left},
    )


def _has(matches: Sequence[Mapping[str, Any]], uid: str) -> bool:
    return any(match.get("StudyInstanceUID") == uid for match in matches)


_LATER, _PAUSE = 5.0, 0.5
"""Seconds that a PACS may go on answering with what it has deleted, and between two questions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Studies that the PACS was asked for."""

    ours: Sequence[str] = ()
    mixed: Sequence[str] = ()
    """There, with something in them that this case did not send."""
    partly: Sequence[str] = ()
    """There, and the PACS does not tell all that they hold."""
    unknown: Sequence[str] = ()
    """It cannot be asked for these."""

    def and_(self, other: _Found) -> _Found:
        """These and those of another question."""
        return _Found(
            ours=[*self.ours, *other.ours],
            mixed=[*self.mixed, *other.mixed],
            partly=[*self.partly, *other.partly],
            unknown=[*self.unknown, *other.unknown],
        )

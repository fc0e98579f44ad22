"""The step ``commit``: storage commitment, with the answer for every instance kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from scenario_runner.api import (
    CommitResult,
    Duration,
    Saved,
    Selection,
    Step,
    StepContext,
    StepResult,
    TargetName,
)
from scenario_runner.checks.settling import await_stored
from scenario_runner.dicom import statuses
from scenario_runner.dicom.dictionary import uid_name
from scenario_runner.steps.problems import in_words, problems, sentence
from scenario_runner.steps.without import without

_REASONS = {
    statuses.PROCESSING_FAILURE: "processing failure",
    statuses.NO_SUCH_SOP_INSTANCE: "no such object instance",
    statuses.CLASS_INSTANCE_CONFLICT: "class / instance conflict",
    statuses.SOP_CLASS_NOT_SUPPORTED: "referenced SOP class not supported",
    statuses.DUPLICATE_TRANSACTION_UID: "duplicate transaction UID",
    statuses.RESOURCE_LIMITATION: "resource limitation",
}
"""Failure Reason (0008,1197), PS3.3 C.14.1.1."""
_ALL_COMMITTED, _FAILURES_EXIST = 1, 2
"""Event types of a report (PS3.4 table J.3.3-1)."""


class Commit(Step):
    """Ask a PACS to take responsibility for instances: storage commitment (PS3.4 annex J).

    The report is taken on the same association, on a later one, or on one that the PACS opens to the
    site's ``receiver``. Fails unless every instance is committed. ``save_as`` gives a list of
    ``{sop_instance_uid, status, class, comment}``; the status of an instance that is not committed
    is its Failure Reason. Skipped where the site file says that there is none (``expects: {commitment: none}``); the report
    is awaited where the site file says that it comes, and otherwise wherever it may.
    """

    name: ClassVar[str] = "commit"
    saves: ClassVar[frozenset[Saved] | None] = frozenset(["statuses"])
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = "commit: {to: pacs, timeout: 30s}"

    to: TargetName
    """The PACS to ask."""
    what: Selection | None = None
    """What ``generate`` or ``send`` saved; by default everything this PACS acknowledged or was moved, and
    where nothing was, everything this case sent anywhere."""
    timeout: Duration = 60.0
    """How long the report may take; a PACS that tells nothing by then is an error."""

    def run(self, context: StepContext) -> StepResult:
        """Ask, wait for the report, and compare it with what was asked."""
        instances = self._instances(context)
        if not instances:
            return StepResult(
                outcome="failed",
                message=f"nothing to commit: nothing of this case is stored on '{self.to}'",
                value=[],
            )
        if skipped := without(context, self.to, "storage commitment", "commitment"):
            return skipped
        target = context.target(self.to)
        waited = await_stored(context, self.to)
        unanswered = [_plain(uid, None, "unknown") for uid in instances]
        context.capture(
            unanswered, {"instances": len(instances)}, "nothing is known to be committed"
        )
        pairs = [(sop_class, uid) for uid, sop_class in instances.items()]
        result = target.commit(pairs, context.deadline, patience=self.timeout)
        judged = self._judge(instances, result)
        return dataclasses.replace(judged, message=judged.message + waited)

    def _instances(self, context: StepContext) -> dict[str, str]:
        """SOP instance UID to SOP class UID, as they were sent."""
        sent = {one.image.uid: one.status for one in context.ledger.expected(self.to)}
        if self.what is None:
            return {one.sop_instance_uid: one.sop_class_uid for one in sent.values()}
        planned = (
            (image.uid, series.sop_class_uid)
            for series in context.selection(self.what)
            for image in series.images
            if not context.ledger.is_left_out(image, self.to)
        )
        return {
            sent[uid].sop_instance_uid if uid in sent else uid: (
                sent[uid].sop_class_uid if uid in sent else sop_class
            )
            for uid, sop_class in planned
        }

    def _judge(self, asked: Mapping[str, str], result: CommitResult) -> StepResult:
        """asked: SOP instance UID to SOP class UID."""
        told = [_told(uid, sop_class, result) for uid, sop_class in asked.items()]
        good = sum(1 for status in told if status["class"] == "success")
        others = (result.committed.keys() | result.failed.keys()) - asked.keys()
        message = f"{good} of {len(asked)} committed in {result.seconds:.2f} s"
        bad = problems(status for status in told if status["class"] != "success")
        message += sentence(bad)
        doubt = _doubt(result) if not bad else ""
        message += doubt
        if others:
            message += f"; {len(others)} reported that {'was' if len(others) == 1 else 'were'} not asked for"
        facts: dict[str, Any] = {
            "instances": len(asked),
            "committed": good,
            "transaction_uid": result.transaction_uid,
            "delivery": result.delivery,
            "event_type": result.event_type,
            "not_asked_for": len(others),
            "problems": bad,
            "association": dict(result.association),
        }
        return StepResult(
            outcome="failed" if bad or doubt else "passed",
            message=message,
            value=told,
            facts=facts,
            reasons=in_words(bad),
        )


def _doubt(result: CommitResult) -> str:
    """What a report says of itself though it names no failure (PS3.4 table J.3.3-1); empty when all is well."""
    if result.event_type == _ALL_COMMITTED or result.failed:
        return ""
    if result.event_type == _FAILURES_EXIST:
        return ", though the report says that failures exist (event type 2) and names none"
    return f", though the report is of event type {result.event_type}, which there is not"


def _told(uid: str, sop_class: str, result: CommitResult) -> dict[str, Any]:
    """What was reported of one instance; a commitment for another SOP class is none for it."""
    if uid in result.failed:
        reason = result.failed[uid]
        unexplained = {} if reason else {"comment": "failed, without a FailureReason"}
        return {**_plain(uid, reason, "failure"), **unexplained}
    named = result.committed.get(uid)
    if named is None:
        return _plain(uid, None, "unknown")
    if named != sop_class:
        words = f"committed as {uid_name(named) or 'no SOP class'}, not as {uid_name(sop_class)}"
        return {**_plain(uid, None, "failure"), "comment": words}
    return _plain(uid, statuses.SUCCESS, "success")


def _plain(uid: str, status: int | None, status_class: str) -> dict[str, Any]:
    """One instance. A failure without a reason has no status, for 0000 would mean success."""
    reason = status if status or status_class == "success" else None
    return {
        "sop_instance_uid": uid,
        "status": None if reason is None else f"{reason:04X}",
        "class": status_class,
        "comment": _REASONS.get(status or 0, "") if status else "",
    }

"""What C-MOVE sends on to another target of the site: no more than that target is declared to take."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from scenario_runner.amounts import amount, some
from scenario_runner.api import StepResult, status_class
from scenario_runner.api.accepted import LeftOut, not_taken, sentence
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.steps.problems import in_words
from scenario_runner.steps.retrieve_facts import warned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenario_runner.api import RetrieveResult, StepContext
    from scenario_runner.dicom.retrieve_keys import Keys
    from scenario_runner.planning.plan import PlannedSeries


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """The requests of a C-MOVE of all that a case has on a PACS, and what they leave out."""

    requests: Sequence[Keys]
    left_out: Sequence[LeftOut] = ()
    count: int = 0
    """Instances that are to be sent."""

    @property
    def words(self) -> str:
        """What a message adds: nothing, or what is left out and why."""
        return f"; {sentence(self.left_out)}" if self.left_out else ""

    def facts(self) -> Mapping[str, Any]:
        """The same for the report."""
        return {"left_out": [one.plain() for one in self.left_out]} if self.left_out else {}


def on_the_way(
    context: StepContext, source: str, destinations: Sequence[str], studies: Sequence[str]
) -> OnTheWay:
    """What to ask a PACS to send on.

    destinations: targets with the AE title it is sent to; what one of them does not take (``expects``) is left
    out for each. Of a study of which something is left out, the series that remain are named.
    """
    reasons = [
        not_taken(name, context.target(name).expects, transcode=True) for name in destinations
    ]
    images = [one.image for one in context.ledger.expected(source)]
    series = {image.series.id: image.series for image in images}
    left_out = {
        one.id: LeftOut(one, why)
        for one in series.values()
        for reason in reasons
        if (why := reason(one.sop_class_uid, one.transfer_syntax_uid))
    }
    for name in destinations:
        context.ledger.leave_out(name, [one.series for one in left_out.values()])
    requests = [
        keys
        for study in studies
        for keys in _requests(
            study, [one for one in series.values() if one.study.uid == study], left_out
        )
    ]
    count = sum(image.series.id not in left_out for image in images)
    return OnTheWay(requests, tuple(left_out.values()), count)


def _requests(
    study: str, series: Sequence[PlannedSeries], left_out: Mapping[str, LeftOut]
) -> list[Keys]:
    remaining = [one.uid for one in series if one.id not in left_out]
    if len(remaining) == len(series):
        return [{"StudyInstanceUID": study}]
    return [{"StudyInstanceUID": study, "SeriesInstanceUID": uid} for uid in remaining]


@dataclass(frozen=True, slots=True)
class SentOn:
    """What was to be sent on, as far as that is known: the counts of the PACS are all there is to judge by."""

    source: str
    destination: str
    expect: Literal["success", "failure", "any"]
    wanted: int | None
    """How many instances of the case are there, where everything was asked for."""
    onward: OnTheWay | None
    without: Sequence[str] = ()
    """What the step names by UID or PatientID, and of which nothing was sent."""

    def judged(
        self,
        results: Sequence[RetrieveResult],
        names: Sequence[str],
        value: Sequence[Mapping[str, Any]],
        counts: Mapping[str, Any],
    ) -> StepResult:
        """The step's result. names: targets that it went to. value, counts: the results in plain values."""
        onward = self.onward or OnTheWay([])
        wanted = self.wanted if self.onward is None else onward.count
        if onward.left_out and not onward.requests:
            message = onward.words.removeprefix("; ")
            return StepResult(outcome="skipped", message=message, facts=onward.facts())
        classes = Counter(status_class(result.status) for result in results)
        failed = sum(result.failed for result in results)
        told = sum(result.completed + result.warning for result in results)
        kept = bool(results) and all(one.all_kept for one in results)
        ok = kept and told > 0 and wanted in (None, told) and not self.without
        fits = {
            "success": ok,
            "failure": set(classes) == {"failure"} and not told,
            "any": bool(results),
        }[self.expect]
        message = f"{amount(told, 'instance')} sent to {self.destination}"
        if not results:
            message = f"'{self.source}' has nothing to send to {self.destination}"
        elif not kept:
            worst = next((r for r in results if status_class(r.status) != "success"), results[-1])
            message += f", {failed} failed; status {worst.status:04X} {worst.comment}".rstrip()
        elif wanted not in (None, told):
            message += f", though {wanted} of this case are stored"
        else:
            message += warned(results)
        if told and self.without:
            message += f"; nothing of {some(self.without)}, which the step names"
        message += onward.words
        if told and not names:
            message += "; it is no target of the site, so nothing can be compared or deleted there"
        return StepResult(
            outcome="passed" if fits else "failed",
            message=message,
            value=list(value),
            facts={
                "destination": self.destination,
                "targets": list(names),
                **counts,
                **onward.facts(),
            },
            reasons=in_words(counts["problems"]),
        )

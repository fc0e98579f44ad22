"""A PACS asked from beginning to end: studies go there, questions are put, the studies are deleted again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.api import FindRequest
from scenario_runner.app.learning.asking import Asking, short
from scenario_runner.app.learning.findings import Exchange, Finding
from scenario_runner.app.learning.kept import learn_kept
from scenario_runner.app.learning.keys import learn_keys
from scenario_runner.app.learning.names import learn_names
from scenario_runner.app.learning.services import learn_services
from scenario_runner.app.learning.studies import Studies
from scenario_runner.app.learning.taken import learn_taken
from scenario_runner.deadline import Deadline
from scenario_runner.errors import StepTimeout, TargetError
from scenario_runner.language.site_model import Expectations
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.api import Target
    from scenario_runner.planning.plan import PlannedSeries

_UNTIL_STORED: Final = 30.0
_PAUSE: Final = 0.2
_CLEANING: Final = 60.0
"""Seconds for deleting, whatever else ran out."""
_SUBJECTS: Final = (learn_names, learn_keys, learn_taken, learn_kept, learn_services)


@dataclass(slots=True)
class Learned:
    """What is known now, and what became of the studies that it was asked with."""

    findings: list[Finding] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """UIDs of studies that are still there."""

    @property
    def expects(self) -> dict[str, Any]:
        """What a site file has to say."""
        return {one.subject: one.value for one in self.findings if one.declares}


def learn(
    target: Target, deadline: Deadline, learned: Learned, telling: Callable[[str], None]
) -> None:
    """Ask a target what it does. learned: what becomes known, also where it is cut short. telling: told in a few words what is asked next.

    Raises TargetError when it takes nothing at all, StepTimeout, Interrupted; what was sent is deleted all the same,
    as far as the target can.
    """
    studies = Studies()
    asking = Asking(target, studies, deadline)
    try:
        telling("sending small studies")
        _send(asking)
        for subject in _SUBJECTS:
            telling(f"asking about {subject.__name__.removeprefix('learn_')}")
            learned.findings += subject(asking)
    finally:
        telling("deleting them")
        _clean(asking, learned)


def _send(asking: Asking) -> None:
    """What has to be there first; then what may be refused, a series each, for an archive may end the association."""
    studies = asking.studies
    plain = [
        one for study in (studies.latin, studies.accented, studies.cyrillic) for one in study.series
    ]
    asking.store(plain)
    if not any(one.stored for one in asking.statuses.values()):
        raise TargetError(
            f"'{asking.target.name}' takes none of the small studies, so that nothing can be learned",
            reason=asking.told(plain[0]),
        )
    _store_each(asking, studies.syntaxes.series, transcode=False)
    _store_each(asking, studies.kinds.series, transcode=True)
    asking.stored_after = _await_all(asking)


def _store_each(asking: Asking, series: Sequence[PlannedSeries], *, transcode: bool) -> None:
    """Together, and alone what had no answer since the association ended over another."""
    try:
        asking.store(series, transcode=transcode)
    except TargetError:
        for one in series:
            if (status := asking.status(one)) is None or status.status is None:
                _store_alone(asking, one, transcode=transcode)


def _store_alone(asking: Asking, series: PlannedSeries, *, transcode: bool) -> None:
    try:
        asking.store([series], transcode=transcode)
    except TargetError as error:
        asking.note(series, short(error))


def _await_all(asking: Asking) -> float | None:
    """Seconds until every study that was acknowledged is found."""
    if not asking.can_find:
        return None
    waiting = [
        study
        for study in asking.studies.all
        if any((status := asking.status(one)) and status.stored for one in study.series)
    ]
    begun = monotonic()
    polls = 0
    while True:
        polls += 1
        waiting = [
            one
            for one in waiting
            if not asking.find("study", {"StudyInstanceUID": one.uid}).has(one)
        ]
        took = monotonic() - begun
        if not waiting:
            asking.stored_at_once = polls == 1
            return took
        if took > _UNTIL_STORED:
            return None
        asking.deadline.sleep(_PAUSE)


def _clean(asking: Asking, learned: Learned) -> None:
    """Delete what was sent. Over DICOMweb it is tried, for then it is known, too."""
    target = asking.target
    deadline = Deadline(_CLEANING)
    able = target
    if "delete" not in target.capabilities and "stow" in target.ways:
        able = target.expecting(
            Expectations.defaults().model_copy(update={"dicomweb_delete": True})
        )
    sent = {uid for uid, status in asking.statuses.items() if status.stored or status.maybe_stored}
    there = [
        study.uid
        for study in asking.studies.all
        if any(image.uid in sent for series in study.series for image in series.images)
    ]
    learned.left = there
    if "delete" not in able.capabilities:
        return
    trouble = ""
    try:
        able.delete(there, deadline)
        learned.left = _still(able, there, deadline)
    except (TargetError, StepTimeout) as error:
        trouble = str(error)
    learned.deleted = [uid for uid in there if uid not in learned.left]
    if able is not target:
        words = trouble or f"{len(learned.deleted)} of {len(there)} studies are gone"
        learned.findings.append(
            Finding(
                subject="dicomweb_delete",
                value=bool(there) and not learned.left,
                evidence=[Exchange("DELETE of the studies over DICOMweb", words)],
            )
        )


def _still(target: Target, uids: Sequence[str], deadline: Deadline) -> list[str]:
    """Which of these studies can still be found a few seconds later."""
    if "find" not in target.capabilities:
        return []
    left = list(uids)
    for _ in range(10):
        requests = (FindRequest(level="study", match={"StudyInstanceUID": uid}) for uid in left)
        left = [
            uid
            for uid, found in zip(list(left), target.find_each(requests, deadline), strict=True)
            if found
        ]
        if not left:
            break
        deadline.sleep(0.5)
    return left

"""One PACS with the studies that it was sent: questions to it, and their answers in a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.amounts import amount
from scenario_runner.api import (
    FindRequest,
    QueryLevel,
    Received,
    RetrieveRequest,
    StoreOptions,
    StoreStatus,
    Target,
)
from scenario_runner.app.learning.findings import Exchange
from scenario_runner.app.learning.studies import Studies
from scenario_runner.deadline import Deadline
from scenario_runner.dicom.datasets import decode_texts, read_file
from scenario_runner.dicom.levels import UIDS
from scenario_runner.dicom.part10 import file_of
from scenario_runner.dicom.syntaxes import PLAIN, transfer_syntax_name
from scenario_runner.dicom.unreadable import UnreadableError, readable
from scenario_runner.errors import TargetError
from scenario_runner.imaging.factory import contexts
from scenario_runner.language.site_model import Expectations
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.ul.contexts import ACCEPTED as ACCEPTED_RESULT
from scenario_runner.ul.contexts import MAX_CONTEXTS, reason_of

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.dicom.characters import UndeclaredText
    from scenario_runner.planning.plan import PlannedSeries, PlannedStudy

ACCEPTED: Final = reason_of(ACCEPTED_RESULT)
_WORDS: Final = 160
"""Characters of what a PACS says that are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of a query. trouble: why nothing did, where it failed."""

    asked: str
    matches: Sequence[Mapping[str, Any]] = ()
    undeclared: frozenset[str] = frozenset()
    """Attributes of which an answer has text without saying its character set."""
    trouble: str = ""

    def has(self, study: PlannedStudy) -> bool:
        """Whether a study is among the answers."""
        return any(one.get("StudyInstanceUID") == study.uid for one in self.matches)

    def __str__(self) -> str:
        if self.trouble:
            return self.trouble
        return amount(len(self.matches), "match") if self.matches else "no match"

    @property
    def exchange(self) -> Exchange:
        """The same as evidence."""
        return Exchange(self.asked, str(self))


@dataclass(frozen=True, slots=True)
class Back:
    """What a retrieval brought: data sets as they came, and the transfer syntaxes they came in."""

    datasets: Sequence[Dataset]
    syntaxes: Sequence[str]
    trouble: str = ""


class Asking:
    """A target of which nothing is known yet, and what it was sent. Raises only what the deadline raises."""

    def __init__(self, target: Target, studies: Studies, deadline: Deadline) -> None:
        self.target = target.expecting(Expectations.defaults())
        self.studies = studies
        self.deadline = deadline
        self.statuses: dict[str, StoreStatus] = {}
        """What became of each instance, by its UID."""
        self.reasons: dict[tuple[str, str], str] = {}
        """What became of each proposed SOP class and transfer syntax, in words."""
        self.stored_after: float | None = None
        """Seconds from the last answer to C-STORE until all was found; None where it was not."""
        self.stored_at_once = False
        """Whether the first question found all."""

    @property
    def can_find(self) -> bool:
        """Whether it can be asked what it has."""
        return "find" in self.target.capabilities

    def store(self, series: Sequence[PlannedSeries], *, transcode: bool = True) -> None:
        """Send all images of some series. transcode: as of ``StoreOptions``. Raises TargetError."""
        options = StoreOptions(
            contexts=contexts(series), transcode=transcode, resumes=2, skips=True
        )
        instances = self.studies.instances(series)
        for status in self.target.watched(self._see).store(instances, options, self.deadline):
            self.statuses[status.sop_instance_uid] = status

    def proposed(self, pairs: Sequence[tuple[str, str]]) -> tuple[set[tuple[str, str]], str]:
        """Which SOP classes in which transfer syntaxes are accepted where nothing is sent; and what went wrong."""
        target = self.target.watched(self._see)
        trouble = ""
        for start in range(0, len(pairs), MAX_CONTEXTS):
            some = pairs[start : start + MAX_CONTEXTS]
            try:
                options = StoreOptions(contexts=some, transcode=False)
                list(target.store((), options, self.deadline))
            except TargetError as error:
                trouble = short(error)
        return {pair for pair in pairs if self.reasons.get(pair) == ACCEPTED}, trouble

    def _see(self, facts: Mapping[str, Any]) -> None:
        for context in facts["contexts"]:
            for syntax in context.get("offered", ()):
                self.reasons[context["sop_class"], syntax] = context["reason"]

    def status(self, series: PlannedSeries) -> StoreStatus | None:
        """What became of the first image of a series; None when it was never sent."""
        return self.statuses.get(series.images[0].uid)

    def note(self, series: PlannedSeries, trouble: str) -> None:
        """Keep that a series could not be sent at all."""
        uid = series.images[0].uid
        self.statuses[uid] = StoreStatus(
            sop_instance_uid=uid,
            sop_class_uid=series.sop_class_uid,
            status=None,
            comment=trouble,
            maybe_stored=True,
        )

    def told(self, series: PlannedSeries) -> str:
        """What became of the first image of a series, in words."""
        status = self.status(series)
        if status is None:
            return "not sent"
        if status.stored:
            kind = "" if status.kind == "success" else f" with status {status.status:04X}"
            sent = f", as {transfer_syntax_name(status.sent_as)}" if status.sent_as else ""
            return f"taken{kind}{sent}"
        if status.status is not None:
            return f"status {status.status:04X} {status.comment}".strip()
        reason = self.reasons.get((series.sop_class_uid, series.transfer_syntax_uid), "")
        return reason if reason and reason != ACCEPTED else status.comment

    def find(
        self,
        level: QueryLevel,
        match: Mapping[str, Any],
        returned: Sequence[str] = (),
        *,
        how: str = "",
        **expects: Any,
    ) -> Answered:
        """One query. how: what is special about it, in words. expects: what is taken for known for it alone."""
        target = self.target
        if expects:
            target = target.expecting(Expectations.defaults().model_copy(update=expects))
        undeclared: list[UndeclaredText] = []
        request = FindRequest(
            level=level, match=match, returned=returned, undeclared=undeclared.append
        )
        named = [key if key in UIDS else f"{key}={value}" for key, value in match.items()]
        asked = f"{level} by {', '.join(named)}{how}"
        try:
            matches = target.find(request, self.deadline)
        except TargetError as error:
            return Answered(asked=asked, trouble=short(error))
        return Answered(
            asked=asked, matches=matches, undeclared=frozenset(one.keyword for one in undeclared)
        )

    def bring(
        self,
        study: PlannedStudy,
        syntaxes: Sequence[str] = PLAIN,
        series: PlannedSeries | None = None,
    ) -> Back:
        """Fetch a study back, or one series of it, in one of these transfer syntaxes."""
        classes = {one.sop_class_uid for one in ([series] if series else study.series)}
        keys = {"StudyInstanceUID": study.uid}
        request = RetrieveRequest(
            level="series" if series else "study",
            keys={**keys, "SeriesInstanceUID": series.uid} if series else keys,
            contexts=[(one, syntax) for one in sorted(classes) for syntax in syntaxes],
        )
        came: list[Received] = []
        troubles = []
        for way in ("retrieve", "move"):
            if way not in self.target.capabilities:
                continue
            try:
                result = getattr(self.target, way)(request, came.append, self.deadline)
            except TargetError as error:
                troubles.append(short(error))
                continue
            if came:
                try:
                    with readable():
                        datasets = [_dataset(one) for one in came]
                except UnreadableError as error:
                    return Back((), (), f"what comes cannot be read: {error}")
                return Back(datasets, [one.transfer_syntax_uid for one in came])
            troubles.append(f"status {result.status:04X} {result.comment}".strip()[:_WORDS])
        return Back((), (), "; ".join(dict.fromkeys(troubles)))


def short(error: TargetError) -> str:
    """An error as evidence."""
    words = " ".join(": ".join(filter(None, (error.message, error.reason))).split())
    return words if len(words) <= _WORDS else words[: _WORDS - 1] + "…"


def _dataset(received: Received) -> Dataset:
    return decode_texts(read_file(BytesIO(b"".join(file_of(received)))))

"""Which studies two PACS have, in portions: an archive of a million is never listed as a whole."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.api import FindRequest
from scenario_runner.api.asking import CUT, ask
from scenario_runner.api.timing import operation
from scenario_runner.dicom.matching import date_range
from scenario_runner.errors import OperationFailed
from scenario_runner.language.dicom_text import as_key
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.api import Deadline, Target

MOST: Final = 2000
"""Studies that are listed at a time, as far as dates tell them apart."""
_RETURNED: Final = ("StudyInstanceUID", "AccessionNumber", "PatientID", "StudyDate")
_FIRST: Final = dt.date(1900, 1, 1)
_OPEN_LOW: Final = "0" * 8
_OPEN_HIGH: Final = "9" * 8

Study = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Portion:
    """The studies of some days on both sides, by study instance UID."""

    source: Mapping[str, Study]
    target: Mapping[str, Study]
    repeated: tuple[Mapping[str, int], Mapping[str, int]]
    """On the source and on the target: studies that were answered more than once, and how often."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """What one side answered."""

    studies: Mapping[str, Study]
    repeated: Mapping[str, int]
    more: bool
    """Whether there are more than were wanted."""


class StudyLists:
    """Asks two targets for what fits ``match``, day by day where there are many.

    Raises TargetError, OperationFailed for a PACS that does not answer what it was asked.
    """

    def __init__(
        self,
        source: Target,
        target: Target,
        match: Mapping[str, Any],
        today: dt.date,
        deadline: Deadline,
    ) -> None:
        self._source, self._target = source, target
        self._match = match
        self._last = today + dt.timedelta(days=366)
        self._deadline = deadline
        self._divided = False
        self._at_most: dict[str, int] = {}
        """So many studies a side lists of more without a word of them, by its name."""
        self._open: tuple[dt.date | None, dt.date | None] = (None, None)
        """The first and the last day where ``match`` goes on before and after them."""
        self.split = False
        """Whether they were asked by date though ``match`` has none, so that studies without one were not listed."""

    def portions(self) -> Iterator[Portion]:
        """All of them, the earliest first."""
        found = self._few(self._match)
        days = self._days()
        if found is not None and not (days and self._is_a_part(found, *days)):
            yield found
        elif days is None:
            yield self._all(self._match)
        else:
            self._divided = True
            self.split = "StudyDate" not in self._match
            yield from self._between(*days)

    def _is_a_part(self, found: Portion, first: dt.date, last: dt.date) -> bool:
        """Whether a list over QIDO-RS that looks whole lacks what is listed of some of its days: then there is a limit.

        A C-FIND gives all matches or ends with another status (PS3.4 C.4.1.2). Within one day nobody can tell, and nobody of
        a side that cannot be asked by days.
        """
        for side, studies in ((self._source, found.source), (self._target, found.target)):
            if operation(side, "c-find", "qido") != "QIDO-RS":
                continue
            middle = _middle(studies.values(), first, last)
            if middle is None:
                continue
            after = middle + dt.timedelta(days=1)
            parts = (self._within(first, middle), self._within(after, last))
            with contextlib.suppress(OperationFailed):
                if any(self._has_others(side, days, studies) for days in parts):
                    self._at_most[side.name] = len(studies)
        return bool(self._at_most)

    def _has_others(
        self, side: Target, days: Mapping[str, Any], listed: Mapping[str, Study]
    ) -> bool:
        """Whether a side has studies of some days that it did not list, nor lists by now, as it would what came meanwhile."""
        others = self._ask(side, days, MOST + 1).studies.keys() - listed.keys()
        return bool(others and others - self._ask(side, self._match, MOST + 1).studies.keys())

    def elsewhere(self, side: Target, study: str) -> bool:
        """Whether a side has a study after all: under another date or none, or with values that do not match."""
        return (self._divided or bool(self._match)) and self._has(side, study, {})

    def matches(self, side: Target, study: str) -> bool:
        """Whether a side, which has this study, lists it in one of its portions."""
        if not self._divided and not self._match:
            return True
        dated = {"StudyDate": _days_between(_FIRST, self._last)} if self.split else {}
        return self._has(side, study, {**dated, **self._match})

    def _has(self, side: Target, study: str, match: Mapping[str, Any]) -> bool:
        found = self._ask(side, {**match, "StudyInstanceUID": study}, None)
        return study in found.studies

    def _days(self) -> tuple[dt.date, dt.date] | None:
        """The days that the studies are of; None where days tell nothing apart."""
        if any("StudyDate" in side.expects.lacking for side in (self._source, self._target)):
            return None
        if "StudyDate" not in self._match:
            return _FIRST, self._last
        try:
            low, high = date_range(str(as_key("StudyDate", self._match["StudyDate"])))
            first = _FIRST if low == _OPEN_LOW else _day(low)
            last = self._last if high == _OPEN_HIGH else _day(high)
        except ValueError:
            return None
        self._open = (
            first if low == _OPEN_LOW else None,
            last if high == _OPEN_HIGH else None,
        )
        return (first, last) if first < last else None

    def _between(self, first: dt.date, last: dt.date) -> Iterator[Portion]:
        match = self._within(first, last)
        found = self._few(match)
        if found is not None:
            yield found
        elif first == last:
            yield self._all(match)
        else:
            middle = first + (last - first) // 2
            yield from self._between(first, middle)
            yield from self._between(middle + dt.timedelta(days=1), last)

    def _within(self, first: dt.date, last: dt.date) -> Mapping[str, Any]:
        """The keys for some days."""
        low, high = self._open
        dates = _days_between(None if first == low else first, None if last == high else last)
        return {**self._match, "StudyDate": dates}

    def _few(self, match: Mapping[str, Any]) -> Portion | None:
        """None when there are too many."""
        source = self._ask(self._source, match, MOST + 1)
        if source.more:
            return None
        target = self._ask(self._target, match, MOST + 1)
        return None if target.more else _portion(source, target)

    def _all(self, match: Mapping[str, Any]) -> Portion:
        return _portion(self._ask(self._source, match, None), self._ask(self._target, match, None))

    def _ask(self, side: Target, match: Mapping[str, Any], limit: int | None) -> _Listed:
        self._deadline.check()
        request = FindRequest(level="study", match=match, returned=_RETURNED, limit=limit)
        answers = ask(side, request, self._deadline)
        cut = limit is not None and not answers.remarks.isdisjoint(CUT)
        if cut:  # fewer days are listed whole, perhaps
            answers.remarks -= CUT
        answers.repeats = 0  # what is there twice is a finding, and no reason to look no further
        if answers.problem:
            raise OperationFailed(
                "its studies cannot be listed", reason=answers.problem, target=side.name
            )
        named = [
            (uid, one)
            for one in answers.matches
            if isinstance(uid := one.get("StudyInstanceUID"), str) and uid
        ]
        often = Counter(uid for uid, _ in named)
        # Counted as they came: answers that are sorted out or repeat others took their place within the limit.
        came = answers.count + answers.repeated
        most = self._at_most.get(side.name, came + 1)
        if limit is None and came >= most and "StudyInstanceUID" not in match:
            raise OperationFailed(
                "its studies cannot be listed",
                reason=f"it lists {came} studies at most, without a word of others, and so many of one day",
                target=side.name,
            )
        return _Listed(
            {uid: {key: one.get(key) for key in _RETURNED} for uid, one in named},
            {uid: count for uid, count in often.items() if count > 1},
            more=cut or answers.more or came >= min(limit or came + 1, most),
        )


def _portion(source: _Listed, target: _Listed) -> Portion:
    return Portion(source.studies, target.studies, (source.repeated, target.repeated))


def _middle(studies: Iterable[Study], first: dt.date, last: dt.date) -> dt.date | None:
    """A day between those of studies, as far as these tell; None where there is but one day."""
    try:
        days = sorted({_day(text) for one in studies if (text := str(one.get("StudyDate") or ""))})
    except ValueError:
        return None
    middle = days[(len(days) - 1) // 2] if days else first
    return max(first, min(middle, last - dt.timedelta(days=1))) if first < last else None


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _days_between(first: dt.date | None, last: dt.date | None) -> str:
    """As a key; None for an open end (PS3.4 C.2.2.2.5.1)."""
    low, high = ("" if day is None else day.isoformat().replace("-", "") for day in (first, last))
    return f"{low}-{high}"

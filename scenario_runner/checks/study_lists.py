"""Which studies two PACS have, in portions: an archive of a million is never listed as a whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.api import FindRequest
from scenario_runner.api.asking import ask
from scenario_runner.errors import OperationFailed
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.api import Deadline, Target

MOST: Final = 2000
"""Studies that are listed at a time, as far as dates tell them apart."""
_RETURNED: Final = ("StudyInstanceUID", "AccessionNumber", "PatientID", "StudyDate")
_FIRST: Final = dt.date(1900, 1, 1)

Study = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Portion:
    """The studies of some days on both sides, by study instance UID."""

    source: Mapping[str, Study]
    target: Mapping[str, Study]


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
        self.split = False
        """Whether they were asked by date, so that studies without one were not listed."""

    def portions(self) -> Iterator[Portion]:
        """All of them, the earliest first."""
        found = self._few(self._match)
        if found is not None:
            yield found
        elif "StudyDate" in self._match:
            yield self._all(self._match)
        else:
            self.split = True
            yield from self._between(_FIRST, self._last)

    def elsewhere(self, side: Target, study: str) -> bool:
        """Whether a side has a study after all, under another date or none."""
        return self.split and study in self._ask(side, {"StudyInstanceUID": study}, None)

    def _between(self, first: dt.date, last: dt.date) -> Iterator[Portion]:
        match = {**self._match, "StudyDate": f"{first:%Y%m%d}-{last:%Y%m%d}"}
        found = self._few(match)
        if found is not None:
            yield found
        elif first == last:
            yield self._all(match)
        else:
            middle = first + (last - first) // 2
            yield from self._between(first, middle)
            yield from self._between(middle + dt.timedelta(days=1), last)

    def _few(self, match: Mapping[str, Any]) -> Portion | None:
        """None when there are too many."""
        source = self._ask(self._source, match, MOST + 1)
        if len(source) > MOST:
            return None
        target = self._ask(self._target, match, MOST + 1)
        return None if len(target) > MOST else Portion(source, target)

    def _all(self, match: Mapping[str, Any]) -> Portion:
        return Portion(self._ask(self._source, match, None), self._ask(self._target, match, None))

    def _ask(self, side: Target, match: Mapping[str, Any], limit: int | None) -> dict[str, Study]:
        self._deadline.check()
        request = FindRequest(level="study", match=match, returned=_RETURNED, limit=limit)
        answers = ask(side, request, self._deadline)
        if answers.problem:
            raise OperationFailed(
                "its studies cannot be listed", reason=answers.problem, target=side.name
            )
        return {
            uid: {key: one.get(key) for key in _RETURNED}
            for one in answers.matches
            if isinstance(uid := one.get("StudyInstanceUID"), str) and uid
        }

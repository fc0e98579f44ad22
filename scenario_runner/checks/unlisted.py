"""What a list of a PACS leaves out: asked for by its UID before it is called lost.

A service may give the first of its matches alone, as Orthanc does beyond its ``LimitFindInstances``, and QIDO-RS of some
says nothing of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from scenario_runner.api import Deadline, FindRequest, Target
from scenario_runner.api.asking import PARTLY, Answers, ask_each
from scenario_runner.api.timing import operation
from scenario_runner.errors import OperationFailed

_PROBES: Final = 3
"""UIDs that are asked for, spread over what is missing, before a list that looks whole is taken for a part."""
_AT_ONCE: Final = 50
"""UIDs in one query, which fit into any URL."""


def look_behind(
    answer: Answers,
    target: Target,
    request: FindRequest,
    key: str,
    uids: Sequence[str],
    deadline: Deadline,
) -> int:
    """Add to an answer what it leaves out and is found by its UID; returns how many that are.

    request: what the answer is to. key: the unique key of its level. uids: what is expected there. Where the exchange said
    nothing of a part, a few are asked for first, and over DIMSE none: a C-FIND gives all matches or ends with another status
    (PS3.4 C.4.1.2). All are asked for in lists as far as the PACS takes these, of one that is known to be there and others.
    """
    known = [str(match.get(key)) for match in answer.matches]
    there = frozenset(known)
    left = [uid for uid in dict.fromkeys(uids) if uid not in there]
    if not (known and left):
        return 0
    asking = _Asking(target, request, key, deadline)
    found: dict[str, Mapping[str, Any]] = {}
    if not answer.remarks & PARTLY:
        if operation(target, "c-find", "qido") != "QIDO-RS":
            return 0
        probes = left[:: max(1, len(left) // _PROBES)][:_PROBES]
        found = dict(asking.one_by_one(probes))
        if not found:
            return 0
        # What comes while it is asked for is in the list by now.
        [later] = ask_each(target, [request], deadline)
        listed = asking.by_uid(later)
        answer.matches += [dict(listed[uid]) for uid in left if uid in listed]
        found = {uid: match for uid, match in found.items() if uid not in listed}
        left = [uid for uid in left if uid not in listed and uid not in probes]
        if not found:
            return 0
    found |= asking.all(left, known)
    answer.matches += [dict(match) for match in found.values()]
    return len(found)


class _Asking:
    """Queries like another one, for what is known by its UID."""

    def __init__(self, target: Target, request: FindRequest, key: str, deadline: Deadline) -> None:
        self._target, self._request, self._key = target, request, key
        self._deadline = deadline

    def one_by_one(self, uids: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Those that are found, with their matches: an answer that names another is none."""
        answers = ask_each(self._target, map(self._for, uids), self._deadline)
        for uid, answer in zip(uids, answers, strict=True):
            if (match := self.by_uid(answer).get(uid)) is not None:
                yield uid, match

    def all(self, uids: Sequence[str], known: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """The same of many. known: what is there; as many as were answered at once are answered again."""
        found: dict[str, Mapping[str, Any]] = {}
        left = list(uids)
        size = min(_AT_ONCE, len(known)) - 1
        if size > 1 and self._target.expects.uid_lists:
            witness = known[0]
            portions = [left[at : at + size] for at in range(0, len(left), size)]
            requests = (self._for([witness, *portion]) for portion in portions)
            try:
                for portion, answer in zip(
                    portions, ask_each(self._target, requests, self._deadline), strict=True
                ):
                    came = self.by_uid(answer)
                    if witness not in came:
                        break  # it takes no lists, whatever the site file says
                    found |= {uid: came[uid] for uid in portion if uid in came}
                    left = left[len(portion) :]
            except OperationFailed:
                pass  # so does one that refuses them
        return found | dict(self.one_by_one(left))

    def _for(self, uids: str | Sequence[str]) -> FindRequest:
        return dataclasses.replace(self._request, match={**self._request.match, self._key: uids})

    def by_uid(self, answer: Answers) -> dict[str, Mapping[str, Any]]:
        """The matches of an answer by the unique key."""
        return {str(match.get(self._key)): match for match in answer.matches}

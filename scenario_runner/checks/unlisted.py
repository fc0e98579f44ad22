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
    (PS3.4 C.4.1.2). All are asked for in lists as far as the PACS takes these.
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
        found, listed = asking.not_listed(left)
        answer.matches += [dict(listed[uid]) for uid in left if uid in listed]
        if not found:
            return 0
        left = [uid for uid in left if uid not in listed and uid not in found]
    found |= asking.all(left, known)
    answer.matches += [dict(match) for match in found.values()]
    return len(found)


def left_out(
    answer: Answers,
    target: Target,
    request: FindRequest,
    key: str,
    uids: Sequence[str],
    deadline: Deadline,
) -> list[str]:
    """Of UIDs that an answer does not list, some that are found with the same keys by themselves; as ``look_behind``."""
    there = {str(match.get(key)) for match in answer.matches}
    left = [uid for uid in dict.fromkeys(uids) if uid not in there]
    if not left:
        return []
    found, _ = _Asking(target, request, key, deadline).not_listed(left)
    return list(found)


class _Asking:
    """Queries like another one, for what is known by its UID."""

    def __init__(self, target: Target, request: FindRequest, key: str, deadline: Deadline) -> None:
        self._target, self._request, self._key = target, request, key
        self._deadline = deadline

    def not_listed(
        self, left: Sequence[str]
    ) -> tuple[dict[str, Mapping[str, Any]], Mapping[str, Mapping[str, Any]]]:
        """Of a few UIDs, spread over those that a list leaves out, what is found; and the list as it is by now.

        What came while it was asked for is in the list by now, and is not among what is found. Where nothing was found, there is no list.
        """
        found = dict(self.one_by_one(_spread(left)))
        if not found:
            return found, {}
        [later] = ask_each(self._target, [self._request], self._deadline)
        listed = self.by_uid(later)
        return {uid: match for uid, match in found.items() if uid not in listed}, listed

    def one_by_one(self, uids: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Those that are found, with their matches: an answer that names another is none."""
        answers = ask_each(self._target, map(self._for, uids), self._deadline)
        for uid, answer in zip(uids, answers, strict=True):
            if not answer.unmet and (match := self.by_uid(answer).get(uid)) is not None:
                yield uid, match

    def all(self, uids: Sequence[str], known: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """The same of many. known: what is there; as many as were answered at once are answered again.

        Whatever the site file says, some take no lists, match the first of one alone, or pass it over: what a list does
        not find is asked for by itself where a few of it are found so.
        """
        found: dict[str, Mapping[str, Any]] = {}
        size = min(_AT_ONCE, len(known))
        if size > 1 and self._target.expects.uid_lists:
            requests = (self._for(uids[at : at + size]) for at in range(0, len(uids), size))
            wanted = frozenset(uids)
            try:
                for answer in ask_each(self._target, requests, self._deadline):
                    came = self.by_uid(answer).items()
                    found |= {uid: match for uid, match in came if uid in wanted}
            except OperationFailed:
                pass  # it refuses them
            left = [uid for uid in uids if uid not in found]
            more = dict(self.one_by_one(_spread(left)))
            if not more:
                return found
            found |= more
        return found | dict(self.one_by_one([uid for uid in uids if uid not in found]))

    def _for(self, uids: str | Sequence[str]) -> FindRequest:
        return dataclasses.replace(self._request, match={**self._request.match, self._key: uids})

    def by_uid(self, answer: Answers) -> dict[str, Mapping[str, Any]]:
        """The matches of an answer by the unique key."""
        return {str(match.get(self._key)): match for match in answer.matches}


def _spread(uids: Sequence[str]) -> Sequence[str]:
    """A few of them."""
    return uids[:: max(1, len(uids) // _PROBES)][:_PROBES]

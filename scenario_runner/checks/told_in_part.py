"""Whether a list over QIDO-RS, which looks whole, is a part of what the PACS has.

A service that gives fewer matches than it has, says so in no warning and has nothing at a further offset, is found out by
what it counts, and by what it has and does not list.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from scenario_runner.api import Deadline, FindRequest, Target
from scenario_runner.api.asking import CUT, Answers, ask_each
from scenario_runner.api.operations import Level
from scenario_runner.api.timing import operation
from scenario_runner.checks.unlisted import left_out
from scenario_runner.dicom.levels import UIDS, unique_key, unique_keys
from scenario_runner.dicom.retrieve_keys import is_plain, listed
from scenario_runner.errors import OperationFailed
from scenario_runner.planning.plan import PlannedImage

_COUNTS: Final[Mapping[tuple[str, str], str]] = {
    ("study", "series"): "NumberOfStudyRelatedSeries",
    ("study", "image"): "NumberOfStudyRelatedInstances",
    ("series", "image"): "NumberOfSeriesRelatedInstances",
}
"""What counts the objects of the second level in one of the first (PS3.4 C.3.4)."""


def told_in_part(
    answers: Answers,
    target: Target,
    request: FindRequest,
    deadline: Deadline,
    sent: Callable[[], Iterable[PlannedImage]] = tuple,
) -> str:
    """In words, why the list that answers a request is not all; empty where nothing says so.

    sent: what the PACS has been sent, as far as that is known. Only over QIDO-RS, of a list that was not cut off by a
    limit that was asked for: a C-FIND gives all matches or ends with another status (PS3.4 C.4.1.2).
    """
    level = request.level
    if (
        not answers.matches
        or answers.problem
        or answers.more
        or answers.remarks & CUT
        or level not in ("study", "series", "image")
        or operation(target, "c-find", "qido") != "QIDO-RS"
    ):
        return ""
    request = dataclasses.replace(request, opened=None)
    try:
        words = _counted(answers, target, request, deadline)
        if not words and len(answers.matches) > 1:  # nobody's limit is one
            uids = list(_named(level, request.match, sent()))
            if missing := left_out(answers, target, request, unique_key(level), uids, deadline):
                words = (
                    f"'{target.name}' lists {len(answers.matches)} and has more: asked for by its UID with the same "
                    f"keys, it finds {missing[0]} as well"
                )
    except OperationFailed:
        return ""  # what cannot be asked for accuses nobody
    return f"{words}; 'limit' takes no more than are wanted" if words else ""


def _counted(answers: Answers, target: Target, request: FindRequest, deadline: Deadline) -> str:
    """What the PACS counts, where a list is of all in a study or series and is shorter than that."""
    above = {key: uids for key, value in request.match.items() if (uids := listed(value))}
    if not all(len(uids) == 1 and is_plain(uids) for uids in above.values()):
        return ""
    level: Level
    if above.keys() == set(UIDS[:1]):
        level = "study"
    elif above.keys() == set(UIDS[:2]):
        level = "series"
    else:
        return ""
    count = _COUNTS.get((level, request.level))
    if count is None or count in target.expects.lacking:
        return ""
    of_all = FindRequest(level=level, match=dict(request.match), returned=(count,))
    [counted] = ask_each(target, [of_all], deadline)
    counts = [number for one in counted.matches if isinstance(number := one.get(count), int)]
    if len(counts) != 1 or counts[0] <= len(answers.matches):
        return ""
    # The list once more, for what came meanwhile is counted.
    [again] = ask_each(target, [request], deadline)
    if counts[0] <= len(again.matches):
        return ""
    return (
        f"'{target.name}' lists {len(answers.matches)} of {counts[0]} that it counts ({count}); if it counts "
        "wrong, the site file may say expects: {counts: false}"
    )


def _named(level: str, match: Mapping[str, Any], images: Iterable[PlannedImage]) -> Iterable[str]:
    """The UIDs at a level of the images that the keys for UIDs do not exclude; none where these are wrong on purpose."""
    given = {key: named for key in UIDS if (named := listed(match.get(key)))}
    if not all(map(is_plain, given.values())):
        return  # what a wildcard in a UID means nobody knows
    wanted = [(UIDS.index(key), frozenset(named)) for key, named in given.items()]
    own = UIDS.index(unique_keys(level)[-1])
    for image in images:  # there may be a million
        series = image.series
        uids = (series.study.uid, series.uid, image.uid)
        if all(uids[place] in named for place, named in wanted):
            yield uids[own]

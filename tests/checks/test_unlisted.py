"""A list that leaves something out is not believed, and a PACS that takes no lists of UIDs is not blamed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from scenario_runner.api import Deadline, FindRequest
from scenario_runner.api.asking import ask
from scenario_runner.checks.told_in_part import told_in_part
from scenario_runner.checks.unlisted import look_behind
from scenario_runner.dicom.retrieve_keys import listed
from scenario_runner.language.site_model import Expectations

KEY = "SOPInstanceUID"
ALL = [f"1.2.3.{number}" for number in range(12)]
REQUEST = FindRequest(
    level="image", match={"StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.2.3"}
)
LIMIT = 5


def pacs(
    lists: Callable[[list[str]], list[str]] = list, count: int | None = len(ALL), **expects: Any
) -> Any:
    """Over QIDO-RS, with a silent limit of answers. lists: which of several UIDs it looks for; count: what it says it has."""

    def answer(request: FindRequest) -> list[dict[str, Any]]:
        if request.level == "series":
            return [{"SeriesInstanceUID": "1.2.3", "NumberOfSeriesRelatedInstances": count}]
        wanted = listed(request.match.get(KEY))
        wanted = lists(wanted) if len(wanted) > 1 else wanted
        return [{**request.match, KEY: uid} for uid in ALL if not wanted or uid in wanted][:LIMIT]

    def find_each(requests: Iterable[FindRequest], _: object) -> Iterator[list[dict[str, Any]]]:
        return map(answer, requests)

    return SimpleNamespace(
        name="pacs",
        ways=frozenset({"qido"}),
        expects=Expectations.model_validate(expects),
        find_each=find_each,
    )


@pytest.mark.parametrize(
    "lists", [list, lambda uids: uids[:1], lambda uids: [uids[-1]], lambda _: []]
)
def test_what_a_list_leaves_out_is_found_however_a_pacs_takes_lists_of_uids(
    lists: Callable[[list[str]], list[str]],
) -> None:
    target, deadline = pacs(lists), Deadline(10)
    answers = ask(target, REQUEST, deadline)
    assert len(answers.matches) == LIMIT
    assert look_behind(answers, target, REQUEST, KEY, [*ALL, "1.2.3.99"], deadline) == 7
    assert {match[KEY] for match in answers.matches} == set(ALL)


@pytest.mark.parametrize(
    ("given", "more", "said"),
    [
        ({}, {}, "'pacs' lists 5 of 12 that it counts (NumberOfSeriesRelatedInstances)"),
        ({"count": 5}, {}, ""),
        ({"count": 3}, {}, ""),
        ({"count": None}, {}, ""),
        ({"counts": False}, {}, ""),
        ({}, {"limit": 5}, ""),
    ],
)
def test_a_list_that_is_shorter_than_what_is_counted_is_a_part(
    given: Mapping[str, Any], more: Mapping[str, Any], said: str
) -> None:
    target, deadline = pacs(**given), Deadline(10)
    request = FindRequest(level="image", match=REQUEST.match, **more)
    answers = ask(target, request, deadline)
    answers.more = bool(more)
    assert told_in_part(answers, target, request, deadline).startswith(said)
    assert bool(told_in_part(answers, target, request, deadline)) is bool(said)


def test_a_list_that_is_as_long_as_what_is_counted_is_asked_for_once() -> None:
    target, deadline = pacs(count=LIMIT), Deadline(10)
    answers = ask(target, REQUEST, deadline)
    asked: list[FindRequest] = []
    find_each = target.find_each

    def noting(requests: Iterable[FindRequest], deadline: object) -> Any:
        asked.extend(several := list(requests))
        return find_each(several, deadline)

    target.find_each = noting
    assert not told_in_part(answers, target, REQUEST, deadline)
    assert [one.level for one in asked] == ["series"]


def test_a_uid_that_is_wrong_on_purpose_is_not_made_right_to_accuse_a_pacs() -> None:
    """It matches no UID with a wildcard in it as text, so another study is none that it left out."""
    target, deadline = pacs(count=None), Deadline(10)
    request = FindRequest(
        level="image", match={**REQUEST.match, "SeriesInstanceUID": {"raw": "1.2.*"}}
    )
    answers = ask(target, request, deadline)
    of = SimpleNamespace(uid="1.2.3", study=SimpleNamespace(uid="1.2"))
    sent: Any = [SimpleNamespace(series=of, uid=uid) for uid in ALL]
    assert not told_in_part(answers, target, request, deadline, lambda: sent)

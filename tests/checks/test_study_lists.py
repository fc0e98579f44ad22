"""An archive is listed in portions that fit, also where the scenario asks for the studies of some days."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from scenario_runner.api import Deadline, FindRequest, Target
from scenario_runner.checks import study_lists
from scenario_runner.checks.study_lists import StudyLists
from scenario_runner.dicom.matching import date_range
from scenario_runner.errors import OperationFailed
from scenario_runner.language.dicom_text import as_key


class Archive(Target):
    """Has a study for each day of a leap year, one without a date, one of long ago and one of a day to come."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.most = 0
        days = [dt.date(2024, 1, 1) + dt.timedelta(days=number) for number in range(366)]
        self.studies = {f"1.2.{number}": f"{day:%Y%m%d}" for number, day in enumerate(days)}
        self.studies |= {"1.3": "", "1.4": "18951108", "1.5": "29991231"}

    def find(self, request: FindRequest, deadline: Deadline) -> list[dict[str, Any]]:
        """Single values and ranges of dates, as many as are wanted."""
        wanted = as_key("StudyDate", request.match.get("StudyDate"))
        first, last = date_range(wanted) if wanted else ("", "9" * 8)
        found = [
            {"StudyInstanceUID": uid, "StudyDate": day}
            for uid, day in self.studies.items()
            if first <= day <= last and request.match.get("StudyInstanceUID", uid) == uid
        ]
        found = found[: request.limit]
        self.most = max(self.most, len(found))
        return found


@pytest.mark.parametrize(
    ("dates", "studies", "split"),
    [
        (None, 366, True),
        ("20240101-20241231", 366, False),
        ("2024-02-01-2024-02-29", 29, False),
        ("20241201-", 32, False),
        ("-20240110", 11, False),
        ("18950101-20240110", 11, False),
        ("20240701", 1, False),
    ],
)
def test_many_studies_are_never_listed_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, dates: str | None, studies: int, split: bool
) -> None:
    monkeypatch.setattr(study_lists, "MOST", 7)
    source, target = Archive("old"), Archive("new")
    del target.studies["1.2.30"]
    match = {"StudyDate": dates} if dates else {}
    lists = StudyLists(source, target, match, dt.date(2026, 1, 1), Deadline(60))
    portions = list(lists.portions())
    assert sum(len(one.source) for one in portions) == studies
    assert max(len(one.source) for one in portions) <= 7
    assert (source.most, lists.split) == (min(8, studies), split)
    assert not lists.elsewhere(target, "1.2.30")
    assert lists.elsewhere(target, "1.3"), "a study without a date is asked for by its UID"
    assert not lists.matches(target, "1.3")


class Limited(Archive):
    """Tells 5 matches of a query, and that there are more only by its status, as Orthanc does."""

    def find(self, request: FindRequest, deadline: Deadline) -> list[dict[str, Any]]:
        found = super().find(dataclasses.replace(request, limit=None), deadline)
        if len(found) > 5 and request.remarked is not None:
            request.remarked("ended early")
        return found[:5]


def test_an_archive_with_a_limit_of_its_own_is_listed_in_portions_below_it() -> None:
    source, target = Limited("old"), Archive("new")
    lists = StudyLists(source, target, {}, dt.date(2026, 1, 1), Deadline(60))
    assert sum(len(one.source) for one in lists.portions()) == 366
    source.studies |= {f"1.2.1.{number}": "20240701" for number in range(5)}
    lists = StudyLists(source, target, {}, dt.date(2026, 1, 1), Deadline(60))
    with pytest.raises(OperationFailed, match="cannot be listed"):
        list(lists.portions())


class Silent(Limited):
    """The same over QIDO-RS, where nothing is said of the others."""

    ways = frozenset({"qido"})

    def find(self, request: FindRequest, deadline: Deadline) -> list[dict[str, Any]]:
        return super().find(dataclasses.replace(request, remarked=None), deadline)


@pytest.mark.parametrize("dates", [None, "20240101-20241231", "20241201-"])
def test_a_limit_without_a_word_is_found_out_by_what_is_listed_of_some_days(
    dates: str | None,
) -> None:
    """Two archives that list the same five of many would be alike."""
    source, target = Silent("old"), Silent("new")
    match = {"StudyDate": dates} if dates else {}
    lists = StudyLists(source, target, match, dt.date(2026, 1, 1), Deadline(60))
    listed = sum(len(one.source) for one in lists.portions())
    assert listed == (32 if dates and dates.endswith("-") else 366)
    source.studies |= {f"1.2.1.{number}": "20241212" for number in range(4)}
    lists = StudyLists(source, target, match, dt.date(2026, 1, 1), Deadline(60))
    with pytest.raises(OperationFailed, match="without a word of others"):
        list(lists.portions())


def test_a_list_that_is_whole_is_asked_for_once_more_in_two_parts_and_not_in_days() -> None:
    source, target = Archive("old"), Archive("new")
    source.ways = target.ways = frozenset({"qido"})
    lists = StudyLists(source, target, {}, dt.date(2026, 1, 1), Deadline(60))
    [portion] = lists.portions()
    assert (len(portion.source), lists.split) == (len(source.studies), False)


class Undated(Archive):
    """Over QIDO-RS, without queries by date, whose site file does not say so."""

    ways = frozenset({"qido"})

    def find(self, request: FindRequest, deadline: Deadline) -> list[dict[str, Any]]:
        if "StudyDate" in request.match:
            raise OperationFailed("the query failed", target=self.name)
        return super().find(request, deadline)


class Growing(Archive):
    """Over QIDO-RS, with all studies of one day, and another one each time that it was asked for them."""

    ways = frozenset({"qido"})

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.studies = {"1.2": "20240701"}

    def find(self, request: FindRequest, deadline: Deadline) -> list[dict[str, Any]]:
        found = super().find(request, deadline)
        self.studies[f"1.2.{len(self.studies)}"] = "20240701"
        return found


@pytest.mark.parametrize("kind", [Undated, Growing])
def test_a_whole_list_is_believed_where_days_tell_nothing_of_it(kind: type[Archive]) -> None:
    """Neither a query that a PACS does not know nor what it gets meanwhile is a limit."""
    lists = StudyLists(kind("old"), kind("new"), {}, dt.date(2026, 1, 1), Deadline(60))
    [portion] = lists.portions()
    assert portion.source
    assert not lists.split

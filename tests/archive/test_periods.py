"""A range of dates and one of times are one period where that is agreed, and zones are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scenario_runner.archive.archive import Archive
from scenario_runner.archive.periods import is_offset, moved
from scenario_runner.archive.query import Query
from scenario_runner.dicom.dictionary import tag_of
from tests.archive.samples import ask, identifier, put, sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.archive.conftest import Indexed

MOMENTS = {
    "1.1": ("20240111", "223000"),
    "1.2": ("20240111", "233000"),
    "1.3": ("20240112", "0030"),
    "1.4": ("20240112", "013000"),
    "1.5": ("20240112", "233000"),
    "1.6": ("20240111", ""),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, indexed: Indexed) -> Iterator[Archive]:
    with Archive(tmp_path_factory.mktemp("archive"), indexed()) as archive:
        for uid, (date, time) in MOMENTS.items():
            put(archive, sample(uid, StudyDate=date, StudyTime=time))
        yield archive


def found(archive: Archive, date: str, time: str, *, periods: bool) -> set[str]:
    keys = identifier(StudyInstanceUID="", StudyDate=date, StudyTime=time)
    query = Query.of("STUDY", "study", keys, periods=periods)
    return {str(one.dataset().StudyInstanceUID) for one in query.run(archive)}


@pytest.mark.parametrize(
    ("date", "time", "together", "apart"),
    [
        ("20240111-20240112", "2300-0100", {"1.2", "1.3"}, set()),
        ("20240111-20240112", "2300-2359", {"1.2", "1.3", "1.4", "1.5"}, {"1.2", "1.5"}),
        ("20240112-20240112", "0000-0100", {"1.3"}, {"1.3"}),
        ("20240111-", "2300-", {"1.2", "1.3", "1.4", "1.5"}, {"1.2", "1.5"}),
        ("-20240112", "-0100", {"1.1", "1.2", "1.3"}, {"1.3"}),
        ("20240111-", "-0100", {"1.1", "1.2", "1.3", "1.4", "1.5"}, {"1.3"}),
        ("20240111", "2300-2359", {"1.2"}, {"1.2"}),
        ("20240111-20240112", "2330", {"1.2", "1.5"}, {"1.2", "1.5"}),
    ],
)
def test_a_night_is_one_period_only_where_that_is_agreed(
    archive: Archive, date: str, time: str, together: set[str], apart: set[str]
) -> None:
    assert found(archive, date, time, periods=True) == together
    assert found(archive, date, time, periods=False) == apart


def test_a_moment_is_told_in_another_zone_with_its_date() -> None:
    date, time, other = map(tag_of, ("StudyDate", "StudyTime", "SeriesDate"))
    values = {date: ["20240111"], time: ["2330"], other: ["20240111"]}
    assert moved(values, "-0500", "+0100") == {**values, date: ["20240112"], time: ["0530"]}
    assert moved(values, "", "+0100") == moved(values, "+0100", "+0100") == values
    assert moved({date: ["20240111"], time: ["nonsense"]}, "-0500", "+0100")[time] == ["nonsense"]


@pytest.mark.parametrize(
    ("text", "right"),
    [("+0100", True), ("-1200", True), ("+1400", True), ("-1300", False), ("+1430", False), ("0100", False)],
)  # fmt: skip
def test_an_offset_is_within_what_there_is(text: str, right: bool) -> None:
    assert is_offset(text) is right


def test_keys_beyond_the_pixels_and_of_files(tmp_path: Path) -> None:
    one = sample()
    trailer = b"\xe1\x7f\x10\x00LO\x0a\x00FABRICATOR" + b"\xe1\x7f\x02\x10LO\x04\x00last"
    with Archive(tmp_path) as archive:
        archive.store(
            one.sop_class_uid, one.sop_instance_uid, one.transfer_syntax_uid, [one.data, trailer]
        )
        keys = identifier(StudyInstanceUID="")
        keys.add_new(0x7FE10010, "LO", "FABRICATOR")
        keys.add_new(0x7FE11002, "LO", "la*")
        (match,) = ask(archive, "STUDY", "study", keys)
        assert match.dataset()[0x7FE11002].value == "last"
        keys[0x7FE11002].value = "first"
        assert list(ask(archive, "STUDY", "study", keys)) == []
        # Of group 2 there is nothing in a data set: neither matched nor answered.
        from scenario_runner.archive.keys import keys_of
        from scenario_runner.dicom.elements import read_elements
        from scenario_runner.dicom.syntaxes import Encoding

        raw = b"\x02\x00\x10\x00UI\x04\x001.2\0" + b"\x10\x00\x20\x00LO\x00\x00"
        elements = read_elements(raw, Encoding(implicit=False))
        assert [key.tag for key in keys_of(elements, ())] == [0x00100020]

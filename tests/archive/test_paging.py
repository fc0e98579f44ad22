"""Pages of studies are the same by whichever way they are found."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from scenario_runner.archive import paging
from scenario_runner.archive.archive import Archive
from scenario_runner.archive.index import Entry, Sorting
from scenario_runner.archive.narrowing import Below, Condition, between, has_modality, name_contains

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.archive.conftest import Indexed

MODALITIES = ("CT", "MR", "CT\\PT")
NAMES = ("MÜLLER^ANNE=Mueller", "SMITH^JOHN", "SMITHERS^ANNE")
DAYS = ("20260101", "20260102", "20260103", "20260104")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, indexed: Indexed) -> Iterator[Archive]:
    with Archive(tmp_path_factory.mktemp("paged"), indexed()) as opened:
        with opened.index.transaction():
            for number, (kinds, name, day) in enumerate(itertools.product(MODALITIES, NAMES, DAYS)):
                for kind in kinds.split("\\"):
                    for image in range(2):
                        opened.index.add(entry(number, kind, name, day, image))
        yield opened


def entry(number: int, kind: str, name: str, day: str, image: int) -> Entry:
    study = f"1.2.{number}"
    known = {
        "PatientID": f"P{number}", "PatientName": name, "StudyInstanceUID": study, "StudyDate": day,
        "AccessionNumber": f"A{number}", "SeriesInstanceUID": f"{study}.{len(kind)}{kind == 'PT':d}",
        "Modality": kind, "SOPInstanceUID": f"{study}.{kind == 'PT':d}.{image}", "SOPClassUID": "1.2",
    }  # fmt: skip
    return Entry(known, "", "1.2.840.10008.1.2.1", f"objects/{number}/{kind}{image}", 1)


WANTED: list[tuple[list[Condition | Below], str, str, str]] = [
    ([], "", "", ""),
    ([has_modality("CT")], "CT", "", ""),
    ([has_modality("PT")], "PT", "", ""),
    ([has_modality("US")], "US", "", ""),
    ([name_contains("smith")], "", "SMITH", ""),
    ([name_contains("müller")], "", "MÜLLER", ""),
    ([has_modality("PT"), name_contains("anne")], "PT", "ANNE", ""),
    ([has_modality("CT"), between("studies.StudyDate", DAYS[0], DAYS[0])], "CT", "", DAYS[0]),
]


@pytest.mark.parametrize("few", [0, 3, 3_000])
@pytest.mark.parametrize("sorting", [None, Sorting("StudyDate", ascending=True)])
def test_a_page_has_what_is_asked_for_in_its_order_and_counts_all(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, few: int, sorting: Sorting | None
) -> None:
    monkeypatch.setattr(paging, "_FEW", few)
    studies = list(enumerate(itertools.product(MODALITIES, NAMES, DAYS)))
    for conditions, kind, name, day in WANTED:
        meeting = [
            (number, when)
            for number, (kinds, called, when) in studies
            if (not kind or kind in kinds.split("\\")) and name in called and day in when
        ]
        meeting.sort(key=(lambda one: (one[1], one[0])) if sorting else lambda one: -one[0])
        for offset in (0, 5):
            rows, total = archive.index.page(
                ["StudyInstanceUID"], [], 4, offset, conditions, sorting
            )
            assert total == len(meeting)
            assert [row[0] for row in rows] == [f"1.2.{n}" for n, _ in meeting[offset : offset + 4]]


def test_an_index_without_what_is_searched_by_today_gets_it_when_it_is_opened(
    tmp_path: Path,
) -> None:
    searched = "SELECT count(*) FROM sqlite_master WHERE name = 'series_Modality_parent'"
    with Archive(tmp_path) as archive, archive.index._connections.transaction() as writer:
        writer.execute("DROP INDEX series_Modality_parent")
    with Archive(tmp_path) as archive, archive.index._connections.reading() as reader:
        assert reader.execute(searched).fetchone() == (1,)

"""`fabricate pacs retrieve` from a PACS that sends other things than it was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset, dcmread

from tests.archive.samples import sample
from tests.peers.scripted import server
from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path


def instance(number: int, **attributes: Any) -> Dataset:
    return dcmread(BytesIO(sample(number=number, **attributes).file))


HELD = [instance(1), instance(2)]
AGAIN = instance(1, StudyDescription="another")
OTHER = instance(9, StudyInstanceUID="9.9", SeriesInstanceUID="9.9.1")


def find(event: Any) -> Iterator[tuple[int, Dataset]]:
    """What is held, by whatever it is asked for."""
    asked = event.identifier
    for one in HELD if asked.QueryRetrieveLevel == "IMAGE" else HELD[:1]:
        answer = Dataset()
        for element in asked:
            answer[element.tag] = one.get(element.tag, element)
        yield 0xFF00, answer


@pytest.mark.parametrize(
    ("sent", "told", "files"),
    [
        ([*HELD, AGAIN], "came again: 1.2.3.1.1\n", ["1.2.3.1.1", "1.2.3.1.1-000003", "1.2.3.1.2"]),
        ([*HELD, OTHER], "not asked for: 1.2.3.1.9\n", ["1.2.3.1.1", "1.2.3.1.2", "1.2.3.1.9"]),
        (HELD[:1], "found by C-FIND, and did not come: 1.2.3.1.2\n", ["1.2.3.1.1"]),
    ],
)
def test_what_comes_twice_unasked_or_not_at_all_is_told_and_all_that_came_is_kept(
    tmp_path: Path, sent: list[Dataset], told: str, files: list[str]
) -> None:
    """The first was exit 4, as if the disk had failed; the others passed."""

    def get(_: Any) -> Iterator[Any]:
        yield len(sent)
        for one in sent:
            yield 0xFF00, one

    got = tmp_path / "got"
    with server(find=find, get=get) as peer:
        address = f"{peer['ae_title']}@{peer['host']}:{peer['port']}"
        done = fabricate("pacs", "retrieve", address, "StudyInstanceUID=1.2.3", "--to", got).check(
            1
        )
    assert told in done.err
    assert sorted(file.stem for file in got.iterdir()) == files

"""Several processes on one archive: an owner and members, here each an ``Archive`` of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from scenario_runner.archive.archive import Archive
from scenario_runner.archive.options import ArchiveOptions
from tests.archive.samples import put, sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.archive.conftest import Indexed

OTHER = 0xABC
"""The number of a process that is not this one."""


@pytest.fixture
def owner(tmp_path: Path, indexed: Indexed) -> Iterator[Archive]:
    with Archive(tmp_path, indexed(sharing="owner")) as owner:
        yield owner


@pytest.fixture
def member(owner: Archive) -> Iterator[Archive]:
    with Archive(
        owner.folder, ArchiveOptions(sharing="member", index=owner.options.index)
    ) as member:
        yield member


def test_what_another_process_deleted_is_nobodys_study_any_more(
    owner: Archive, member: Archive
) -> None:
    put(member, sample(number=1))
    assert owner.delete_study("1.2.3")
    put(owner, sample("1.2.4", PatientID="PID2"))  # which is given the numbers that are free again
    put(member, sample(number=2))
    counts = owner.counts()
    assert (counts.patients, counts.studies, counts.instances) == (2, 2, 2)
    (there,) = member.instances(study_uids=["1.2.3"])
    assert there.sop_instance_uid == "1.2.3.1.2"


def test_instances_that_all_store_at_once_are_there_once(owner: Archive, member: Archive) -> None:
    def store(archive: Archive) -> int:
        return sum(put(archive, sample(number=n)).outcome == "new" for n in range(1, 60))

    with ThreadPoolExecutor(4) as pool:
        new = list(pool.map(store, [owner, member, owner, member]))
    assert sum(new) == 59
    counts = member.counts()
    assert (counts.patients, counts.series, counts.instances) == (1, 1, 59)
    assert len(list(owner.files.all())) == 59


def test_what_a_killed_member_left_goes_and_what_others_write_stays(
    owner: Archive, member: Archive
) -> None:
    put(member, sample(number=1))
    (kept,) = member.instances()
    files = owner.files
    left = files.incoming / f"{OTHER:x}-0.part"
    left.write_bytes(b"half")
    mine = files.write([b"under way"])
    gone = files.place_of("1.9.9")
    files.put(files.write([b"never told the index"]), "1.9.9")
    for note, named in (
        (files.note_addition([gone]), f"{OTHER:x}-1.json"),
        (files.note_removal("1.2.3", [kept.file]), f"{OTHER:x}-2.json"),
    ):
        note.rename(note.with_name(named))
    owner.clear_up_after(OTHER)
    assert not left.exists()
    assert mine.exists()
    assert list(files.all()) == [kept.file], "a deletion that was not acknowledged has been done"
    assert not files.additions()
    assert not files.removals()
    assert member.data(kept)

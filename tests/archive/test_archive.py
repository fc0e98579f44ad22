"""What is stored stays stored, byte for byte, and is found again."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from scenario_runner.archive import connections
from scenario_runner.archive.archive import Archive, rebuild
from scenario_runner.archive.description import MismatchError
from scenario_runner.archive.options import ArchiveOptions
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.errors import MachineError, UsageError
from tests.archive.samples import (
    CT_IMAGE,
    EXPLICIT,
    IMPLICIT,
    ask,
    encoded,
    identifier,
    put,
    sample,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.archive.conftest import Indexed


@pytest.fixture
def archive(tmp_path: Path, indexed: Indexed) -> Iterator[Archive]:
    with Archive(tmp_path / "archive", indexed()) as archive:
        yield archive


def only_file(archive: Archive) -> Path:
    (file,) = archive.folder.glob("objects/*/*.dcm")
    return file


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, ExplicitVRBigEndian])
def test_an_instance_comes_back_byte_for_byte(archive: Archive, syntax: str) -> None:
    one = sample(
        transfer_syntax=str(syntax), PatientName="MÜLLER^JÜRGEN", SpecificCharacterSet="ISO_IR 100"
    )
    assert put(archive, one).outcome == "new"
    (located,) = archive.instances(sop_uids=[one.sop_instance_uid])
    assert archive.data(located) == one.data
    assert located.transfer_syntax_uid == syntax
    (match,) = ask(archive, "STUDY", "study", identifier(PatientName="müller*"))
    found = match.dataset()
    assert found.PatientName == "MÜLLER^JÜRGEN"


def test_a_deflated_instance_is_indexed_and_kept_deflated(archive: Archive) -> None:
    plain = sample()
    packer = zlib.compressobj(wbits=-15)
    data = packer.compress(plain.data) + packer.flush()
    uid = plain.sop_instance_uid
    archive.store(CT_IMAGE, uid, str(DeflatedExplicitVRLittleEndian), [data])
    (located,) = archive.instances(study_uids=["1.2.3"])
    assert archive.data(located) == data


def test_a_stored_file_is_a_part_10_file_others_can_read(archive: Archive) -> None:
    one = sample()
    put(archive, one)
    ds = dcmread(only_file(archive))
    assert ds.file_meta.MediaStorageSOPInstanceUID == one.sop_instance_uid
    assert ds.file_meta.TransferSyntaxUID == EXPLICIT
    assert ds == dcmread(BytesIO(one.file))


def test_a_uid_that_looks_like_a_path_stays_inside_the_folder(archive: Archive) -> None:
    data = sample().data.replace(b"1.2.3.1.1", b"../../x/y")
    archive.store(CT_IMAGE, "../../x/y", EXPLICIT, [data])
    assert only_file(archive).is_relative_to(archive.folder / "objects")
    assert only_file(archive).resolve().parent.parent == (archive.folder / "objects").resolve()


def test_pieces_are_stored_as_if_they_were_one(archive: Archive) -> None:
    one = sample(size=600)
    pieces = [memoryview(one.data)[at : at + 16_382] for at in range(0, len(one.data), 16_382)]
    archive.store(CT_IMAGE, one.sop_instance_uid, EXPLICIT, pieces)
    (located,) = archive.instances()
    assert archive.data(located) == one.data


def test_a_header_longer_than_the_first_window_is_read_to_its_end(archive: Archive) -> None:
    ds = dcmread(BytesIO(sample(ImageComments="x" * 9_000).file))
    ds.add_new(0x00090010, "LO", "FABRICATOR TEST")
    ds.add_new(0x00091001, "OB", bytes(600_000))
    put(archive, encoded(ds))
    assert archive.counts().studies == 1
    keys = identifier(ImageComments="x*", StudyInstanceUID="")
    (match,) = ask(archive, "STUDY", "study", keys)
    found = match.dataset()
    assert found.StudyInstanceUID == "1.2.3"


def test_the_first_of_two_duplicates_is_kept_and_the_second_acknowledged(archive: Archive) -> None:
    put(archive, sample(PatientName="FIRST"))
    assert put(archive, sample(PatientName="SECOND")).outcome == "kept"
    (match,) = ask(archive, "STUDY", "study", identifier(PatientName=""))
    found = match.dataset()
    assert found.PatientName == "FIRST"
    assert archive.counts().instances == 1
    assert not list(archive.folder.glob("incoming/*"))


def test_overwriting_replaces_file_and_index(tmp_path: Path) -> None:
    with Archive(tmp_path, ArchiveOptions(duplicates="overwrite")) as archive:
        put(archive, sample(PatientName="FIRST"))
        for name in ("SECOND", "THIRD"):
            assert put(archive, sample(PatientName=name)).outcome == "overwritten"
        (match,) = ask(archive, "STUDY", "study", identifier(PatientName=""))
        found = match.dataset()
        assert found.PatientName == "THIRD"
        assert dcmread(only_file(archive)).PatientName == "THIRD"


def test_an_instance_announced_under_another_name_is_refused(archive: Archive) -> None:
    with pytest.raises(MismatchError, match="SOPInstanceUID"):
        archive.store(CT_IMAGE, "9.9.9", EXPLICIT, [sample().data])
    assert archive.counts().instances == 0


@pytest.mark.parametrize("data", [b"", b"\0" * 7, b"GET / HTTP/1.1\r\n\r\n", bytes(range(256))])
def test_bytes_that_are_no_data_set_are_refused(archive: Archive, data: bytes) -> None:
    with pytest.raises(DamagedDatasetError):
        archive.store(CT_IMAGE, "1.2.3.1.1", EXPLICIT, [data])
    assert not list(archive.folder.glob("incoming/*"))


def test_an_instance_without_a_study_is_refused(archive: Archive) -> None:
    with pytest.raises(DamagedDatasetError, match="StudyInstanceUID"):
        put(archive, sample(StudyInstanceUID=""))


def test_what_was_acknowledged_is_there_after_opening_again(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        for number in range(1, 6):
            put(archive, sample(number=number))
    with Archive(tmp_path) as again:
        assert again.counts().instances == 5


def describe_all(archive: Archive) -> list[str]:
    keys = identifier(
        PatientID="", PatientName="", StudyInstanceUID="", SeriesInstanceUID="", SOPInstanceUID="",
        StudyDate="", Rows=None, InstanceNumber="", NumberOfStudyRelatedInstances="",
    )  # fmt: skip
    found = ask(archive, "IMAGE", "study", keys, relational=True)
    return sorted(str(match.dataset()) for match in found)


def test_the_index_made_again_from_the_files_says_the_same(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        for study in ("1.2.3", "1.2.4"):
            for number in (1, 2):
                put(archive, sample(study, number=number, PatientID=f"P{study}"))
        before = describe_all(archive)
        assert archive.rebuild().instances == 4
        assert describe_all(archive) == before
        put(archive, sample("1.2.5"))
        assert archive.counts().studies == 3


@pytest.mark.parametrize("harm", ["missing", "garbage", "torn"])
def test_a_lost_or_damaged_index_is_made_again_when_the_archive_is_opened(
    tmp_path: Path, harm: str
) -> None:
    with Archive(tmp_path) as archive:
        for number in range(1, 101):
            put(archive, sample(number=number))
    if harm == "torn":
        pages = bytearray((tmp_path / "index.sqlite").read_bytes())
        pages[8192:] = bytes(len(pages) - 8192)
        (tmp_path / "index.sqlite").write_bytes(pages)
        (tmp_path / "index.sqlite-wal").write_bytes(b"not closed in good order")
    elif harm == "missing":
        (tmp_path / "index.sqlite").unlink()
    else:
        (tmp_path / "index.sqlite").write_bytes(b"this is no database" * 500)
    with Archive(tmp_path) as again:
        assert again.counts().instances == 100


def test_rebuilding_names_the_files_it_cannot_read_and_keeps_the_rest(archive: Archive) -> None:
    put(archive, sample())
    broken = archive.folder / "objects" / "00" / "broken-0.dcm"
    broken.parent.mkdir(exist_ok=True)
    broken.write_bytes(b"rubbish")
    report = archive.rebuild()
    assert [path for path, _ in report.unreadable] == [str(broken)]
    assert archive.counts().instances == 1


def test_rebuilding_a_folder_by_name_tells_what_was_found(tmp_path: Path) -> None:
    with Archive(tmp_path) as archive:
        for number in (1, 2, 3):
            put(archive, sample(number=number))
    (tmp_path / "index.sqlite").unlink()
    assert rebuild(tmp_path).instances == 3
    with pytest.raises(UsageError, match="no archive"):
        rebuild(tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_a_full_disk_while_rebuilding_is_told_as_that(tmp_path: Path) -> None:
    with Archive(tmp_path / "full") as full:
        for number in range(1, 101):
            put(full, sample(number=number))
    with Archive(tmp_path / "small") as small:
        put(small, sample())
        shutil.copytree(tmp_path / "full" / "objects", small.folder / "objects", dirs_exist_ok=True)
        database = small.index._db
        [pages] = database.execute("PRAGMA page_count").fetchone()
        database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(MachineError, match="disk is full"):
            small.rebuild()
        assert small.counts().instances == 1


def test_a_version_left_by_a_crash_in_overwriting_gives_way_to_the_newer(tmp_path: Path) -> None:
    with Archive(tmp_path, ArchiveOptions(duplicates="overwrite")) as archive:
        put(archive, sample(PatientName="OLD"))
        old = only_file(archive).read_bytes()
        old_path = only_file(archive)
        put(archive, sample(PatientName="NEW"))
        old_path.write_bytes(old)
        assert archive.rebuild().superseded == 1
        (match,) = ask(archive, "STUDY", "study", identifier(PatientName=""))
        found = match.dataset()
        assert found.PatientName == "NEW"


def test_half_written_files_of_a_killed_process_are_swept_away(tmp_path: Path) -> None:
    with Archive(tmp_path):
        pass
    (tmp_path / "incoming" / "1-1.part").write_bytes(b"half")
    with Archive(tmp_path):
        assert not list((tmp_path / "incoming").iterdir())


def test_a_deleted_study_is_gone_with_its_files_and_nothing_else(archive: Archive) -> None:
    for study in ("1.2.3", "1.2.4"):
        put(archive, sample(study))
    assert archive.delete_study("1.2.3") is True
    assert archive.delete_study("1.2.3") is False
    assert [one.sop_instance_uid for one in archive.instances()] == ["1.2.4.1.1"]
    assert only_file(archive).exists()
    assert archive.counts().patients == 1
    archive.delete_study("1.2.4")
    assert archive.counts().patients == 0


def test_a_file_that_cannot_be_removed_now_goes_later_and_takes_nothing_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows removes no file that somebody has open. What is stored again meanwhile stays."""

    def is_open(place: str) -> None:
        raise PermissionError(13, "in use", place)

    with Archive(tmp_path, ArchiveOptions(duplicates="overwrite")) as archive:
        for number in (1, 2):
            put(archive, sample(number=number))
        put(archive, sample("1.2.4"))
        monkeypatch.setattr(archive.files, "remove", is_open)
        again = sample("1.2.4", PatientName="AGAIN^JANE")
        assert put(archive, again).outcome == "overwritten"
        assert archive.delete_study("1.2.3") is True
        assert put(archive, sample(number=1)).outcome == "new"
        assert len(list(archive.files.all())) == 4
    with Archive(tmp_path) as archive:
        there = {one.sop_instance_uid: one.file for one in archive.instances()}
        assert sorted(there) == ["1.2.3.1.1", "1.2.4.1.1"]
        assert sorted(archive.files.all()) == sorted(there.values())
        assert not list((tmp_path / "removals").iterdir())
        assert archive.data(*archive.instances(study_uids=["1.2.4"])) == again.data


@pytest.mark.parametrize("killed_at", ["index", "first file", "second file"])
def test_a_killed_deletion_is_finished_and_no_rebuild_brings_parts_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    class Killed(BaseException):
        pass

    with Archive(tmp_path) as archive:
        for instance in ("1.2.3.1.1", "1.2.3.1.2"):
            put(archive, sample(SOPInstanceUID=instance))
        put(archive, sample("1.2.4"))
        left = {"index": 0, "first file": 0, "second file": 1}[killed_at]
        remove = archive.files.remove

        def killed(place: str) -> None:
            nonlocal left
            if left == 0:
                raise Killed
            left -= 1
            remove(place)

        monkeypatch.setattr(archive.files, "remove", killed)
        if killed_at == "index":
            # The note is there and the index knows nothing of it yet.
            places = [one.file for one in archive.instances(study_uids=["1.2.3"])]
            archive.files.note_removal("1.2.3", places)
        else:
            with pytest.raises(Killed):
                archive.delete_study("1.2.3")
    if killed_at == "first file":
        (tmp_path / "index.sqlite").unlink()
    with Archive(tmp_path) as archive:
        archive.rebuild()
        assert archive.counts().studies == 1
        assert len(list(tmp_path.rglob("*.dcm"))) == 1
        assert not list((tmp_path / "removals").iterdir())


def test_a_note_of_a_deletion_names_files_of_the_archive_only(tmp_path: Path) -> None:
    with Archive(tmp_path / "pacs"):
        pass
    precious = tmp_path / "precious.dcm"
    precious.write_bytes(b"keep")
    note = tmp_path / "pacs" / "removals" / "1-1.json"
    note.write_text('{"study": "1.2", "places": ["../precious.dcm", "/etc/hosts"]}')
    (tmp_path / "pacs" / "removals" / "cut.json").write_text('{"stu')
    with Archive(tmp_path / "pacs"):
        assert precious.exists()
        assert not list((tmp_path / "pacs" / "removals").iterdir())


def test_many_threads_store_at_once_and_nothing_is_lost(archive: Archive) -> None:
    def work(series: int) -> None:
        for number in range(1, 26):
            put(archive, sample(series=series, number=number))
            put(archive, sample(series=1, number=number))  # everybody also stores the same ones

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert archive.counts().instances == 100
    assert len(list(archive.folder.glob("objects/*/*.dcm"))) == 100


def test_a_failure_in_the_index_leaves_no_file_behind(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(archive.index, "add", full)
    with pytest.raises(MachineError, match="disk is full"):
        put(archive, sample())
    assert not [path for path in archive.folder.rglob("*") if path.suffix in (".dcm", ".part")]
    assert archive.counts().instances == 0


def test_an_archive_has_one_owner_at_a_time(archive: Archive) -> None:
    put(archive, sample())
    with pytest.raises(MachineError, match="another process has it open"):
        Archive(archive.folder, archive.options)
    with pytest.raises(MachineError, match="another process has it open"):
        rebuild(archive.folder, archive.options)
    put(archive, sample(number=2))
    archive.close()
    with Archive(archive.folder, archive.options) as again:
        assert again.counts().instances == 2


_OWNS = """
import sys, time
from pathlib import Path
from scenario_runner.archive.archive import Archive
archive = Archive(Path(sys.argv[1]))
def held():
    print("owned", flush=True)
    time.sleep(20)
{meanwhile}
"""


@pytest.mark.parametrize(
    "meanwhile",
    [
        "held()",
        pytest.param(
            # The child says it: before it runs it has the file its parent opened, as any child by fork.
            "import multiprocessing\n"
            "multiprocessing.get_context('fork').Process(target=held).start()\n"
            "time.sleep(60)",
            marks=pytest.mark.skipif(sys.platform == "win32", reason="has no fork"),
        ),
    ],
    ids=["alone", "with a child"],
)
def test_a_killed_owner_leaves_nothing_that_blocks_the_next(tmp_path: Path, meanwhile: str) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNS.format(meanwhile=meanwhile), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "owned\n"
        with pytest.raises(MachineError, match="another process has it open"):
            Archive(tmp_path)
        owner.kill()
        owner.wait()
        with Archive(tmp_path) as archive:
            put(archive, sample())


def test_who_asks_is_answered_while_something_is_being_stored(archive: Archive) -> None:
    put(archive, sample(number=1))
    with ThreadPoolExecutor(1) as other, archive.index.transaction():
        archive.index.remove(sample(number=1).sop_instance_uid)
        assert other.submit(archive.counts).result(10).instances == 1, "what was committed"
        assert archive.counts().instances == 0, "what this thread has done"
    assert archive.counts().instances == 0


def test_the_log_of_the_index_stays_short_while_somebody_always_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_LOOKED_AT_EVERY", 10)
    monkeypatch.setattr(connections, "_LONGEST_LOG", 1 << 16)
    log = tmp_path / "index.sqlite-wal"
    longest = 0
    with Archive(tmp_path) as archive:
        for number in range(1, 41):
            put(archive, sample(number=number))
            longest = max(longest, log.stat().st_size)
        assert longest > 1 << 16
        assert log.stat().st_size < longest
        assert archive.counts().instances == 40


def test_a_file_in_the_place_of_the_folder_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("not a folder", encoding="utf-8")
    with pytest.raises(MachineError, match="cannot keep an archive"):
        Archive(tmp_path / "archive")


def test_durability_against_power_loss_can_be_asked_for(tmp_path: Path) -> None:
    with Archive(tmp_path, ArchiveOptions(durability="power")) as archive:
        put(archive, sample())
        assert archive.counts().instances == 1


def test_an_instance_that_is_stored_again_during_its_deletion_stays(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = sample(StudyDescription="FIRST"), sample(StudyDescription="SECOND")
    put(archive, first)
    as_ever = archive.index.remove_study

    def slow(*given: Any) -> Any:
        gone = as_ever(*given)
        put(archive, second)
        return gone

    monkeypatch.setattr(archive.index, "remove_study", slow)
    assert archive.delete_study("1.2.3")
    (kept,) = archive.instances()
    assert archive.data(kept) == second.data

"""Studies in an object store: acknowledged when they are there, found again by whoever has the store alone."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING

import fsspec
import pytest

from scenario_runner.archive import connections, far_files
from scenario_runner.archive.archive import Archive, rebuild
from scenario_runner.archive.committing import commit
from scenario_runner.archive.files import newest_last
from scenario_runner.archive.object_store import ObjectStore, StoreError
from scenario_runner.archive.options import ArchiveOptions
from scenario_runner.archive.together import keep_all
from scenario_runner.errors import MachineError, UsageError
from tests.archive.samples import CT_IMAGE, EXPLICIT, ask, identifier, put, sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fsspec.spec import AbstractFileSystem


@pytest.fixture(params=["memory", "file"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An object store of its own, by each driver that needs no server."""
    if request.param == "file":
        yield (tmp_path / "bucket").as_uri()
        return
    yield f"memory://{tmp_path.name}/studies"
    system = fsspec.filesystem("memory")
    if system.exists(f"/{tmp_path.name}"):
        system.rm(f"/{tmp_path.name}", recursive=True)


def opened(folder: Path, url: str | None = None, **options: str) -> Archive:
    return Archive(folder, ArchiveOptions(store=url, **options))  # type: ignore[arg-type]


def in_store(url: str) -> list[str]:
    """The objects there are."""
    system, root = fsspec.core.url_to_fs(url)
    return sorted(str(one) for one in system.find(root))


def uids(archive: Archive) -> list[str]:
    return [one.sop_instance_uid for one in archive.instances()]


def test_what_is_acknowledged_is_in_the_store_and_nothing_else(tmp_path: Path, url: str) -> None:
    one = sample()
    with opened(tmp_path / "pacs", url) as archive:
        assert put(archive, one).outcome == "new"
        (lies,) = in_store(url)
        assert fsspec.open(url.partition("//")[0] + "//" + lies).open().read().endswith(one.data)
        assert not list(archive.folder.glob("objects/*/*"))
        assert put(archive, one).outcome == "kept"
        assert in_store(url) == [lies]


def test_whoever_has_lost_the_folder_has_all_of_it_from_the_store(tmp_path: Path, url: str) -> None:
    with opened(tmp_path / "first", url) as archive:
        for study in ("1.2.3", "1.2.4"):
            for number in range(3):
                put(archive, sample(study, number=number))
        expected = uids(archive)
    shutil.rmtree(tmp_path / "first")
    with opened(tmp_path / "second", url) as archive:
        assert sorted(uids(archive)) == sorted(expected)
        assert len(list(ask(archive, "STUDY", "study", identifier(AccessionNumber="A0001")))) == 2
        (found,) = archive.instances(sop_uids=["1.2.4.1.2"])
        assert archive.data(found) == sample("1.2.4", number=2).data
        assert bytes(archive.mapped_data(found)) == archive.data(found)


def test_a_rebuild_reads_no_more_than_headers_and_needs_no_address(
    tmp_path: Path, url: str
) -> None:
    large = sample(size=1024)
    with opened(tmp_path / "pacs", url) as archive:
        put(archive, large)
    shutil.rmtree(tmp_path / "pacs" / "near")
    report = rebuild(tmp_path / "pacs")
    assert (report.instances, report.unreadable) == (1, [])
    assert not list((tmp_path / "pacs").glob("near/*/*/*"))
    with opened(tmp_path / "pacs") as archive:
        (found,) = archive.instances()
        assert found.size == len(large.data)
        assert archive.data(found) == large.data


def test_a_damaged_object_is_named_by_its_address(tmp_path: Path, url: str) -> None:
    with opened(tmp_path / "pacs", url) as archive:
        put(archive, sample())
    (lies,) = in_store(url)
    shutil.rmtree(tmp_path / "pacs" / "near")
    system, _ = fsspec.core.url_to_fs(url)
    system.pipe_file(lies, b"no DICOM at all")
    ((place, _),) = rebuild(tmp_path / "pacs").unreadable
    assert place.startswith(url)


def test_a_deleted_study_is_gone_from_the_store_and_does_not_return(
    tmp_path: Path, url: str
) -> None:
    with opened(tmp_path / "pacs", url) as archive:
        for study in ("1.2.3", "1.2.4"):
            put(archive, sample(study))
        assert archive.delete_study("1.2.3")
        assert len(in_store(url)) == 1
        assert len(list(archive.folder.glob("near/*/*/*"))) == 1
    assert rebuild(tmp_path / "pacs").instances == 1


def test_of_two_versions_the_later_one_is_found(tmp_path: Path, url: str) -> None:
    first, second = sample(), sample(PatientName="SECOND^ONE")
    with opened(tmp_path / "pacs", url, duplicates="overwrite") as archive:
        put(archive, first)
        assert put(archive, second).outcome == "overwritten"
        assert len(in_store(url)) == 1
        (found,) = archive.instances()
        assert archive.data(found) == second.data
        assert archive.change(second.sop_instance_uid, lambda data, _: data + b"")
        assert len(in_store(url)) == 1
    shutil.rmtree(tmp_path / "pacs")
    with opened(tmp_path / "pacs", url) as archive:
        assert archive.data(*archive.instances()) == second.data


def test_of_one_instance_from_many_at_once_one_is_kept(tmp_path: Path, url: str) -> None:
    versions = [sample(PatientName=f"NUMBER^{number}") for number in range(8)]
    with opened(tmp_path / "pacs", url) as archive, ThreadPoolExecutor(8) as pool:
        outcomes = sorted(one.outcome for one in pool.map(lambda one: put(archive, one), versions))
        assert outcomes == ["kept"] * 7 + ["new"]
        assert len(in_store(url)) == 1
        (found,) = archive.instances()
        data = archive.data(found)
    shutil.rmtree(tmp_path / "pacs")
    with opened(tmp_path / "pacs", url) as archive:
        assert archive.data(*archive.instances()) == data


def test_two_that_come_at_the_same_moment_have_places_of_their_own(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clocks stand still for milliseconds, on Windows above all."""
    monkeypatch.setattr(
        "scenario_runner.archive.far_files.time.time_ns", lambda: 1_800_000_000_000_000_000
    )
    with opened(tmp_path / "pacs", url) as archive:
        first, second = (archive.take_in([sample().file]) for _ in range(2))
        assert commit(archive.files, archive.index, first, "keep").outcome == "new"
        assert commit(archive.files, archive.index, second, "keep").outcome == "kept"
        shutil.rmtree(archive.folder / "near")
        assert archive.data(*archive.instances()) == sample().data
        assert not list(archive.files.incoming.iterdir())


def test_a_clock_that_was_set_back_does_not_make_an_older_version_the_newer_one(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path / "pacs", url, duplicates="overwrite") as archive:
        put(archive, sample())
        (before,) = archive.instances()
        monkeypatch.setattr(
            "scenario_runner.archive.far_files.time.time_ns", lambda: 1_000_000_000_000_000_000
        )
        put(archive, sample(PatientName="SECOND^ONE"))
        (after,) = archive.instances()
    assert newest_last([after.file, before.file]) == [before.file, after.file]


def test_a_log_that_cannot_be_shortened_costs_nothing_that_was_stored(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_LOOKED_AT_EVERY", 1)
    with opened(tmp_path / "pacs", url) as archive:
        monkeypatch.setattr(archive.index._connections, "_log", tmp_path / "nowhere")
        assert put(archive, sample()).outcome == "new"
        shutil.rmtree(archive.folder / "near")
        assert archive.data(*archive.instances()) == sample().data


def test_what_is_gone_while_it_is_looked_at_is_gone_and_no_failure(
    tmp_path: Path, url: str
) -> None:
    with opened(tmp_path / "pacs", url) as archive:
        put(archive, sample(MedicalAlerts="HEAD"))
        system, root = fsspec.core.url_to_fs(url)
        system.rm(f"{root}/objects", recursive=True)
        shutil.rmtree(archive.folder / "near")
        keys = identifier(StudyInstanceUID="1.2.3", MedicalAlerts="")
        (match,) = ask(archive, "STUDY", "study", keys)
        assert match.dataset().MedicalAlerts in ("", None)
        with pytest.raises(FileNotFoundError, match="'"):
            archive.data(*archive.instances())


def test_several_may_look_at_once_whether_the_store_can_be_written(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = ObjectStore(url), ObjectStore(url)
    as_ever = one._fs.pipe_file

    def meanwhile(*given: object, **named: object) -> None:
        as_ever(*given, **named)
        monkeypatch.undo()
        other.check()

    monkeypatch.setattr(one._fs, "pipe_file", meanwhile)
    one.check()
    assert not [name for name in in_store(url) if "probe" in name]


def test_a_copy_that_cannot_be_kept_costs_no_more_than_the_copy(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path / "pacs", url) as archive:
        (tmp_path / "pacs" / "near").write_bytes(b"no folder")
        assert put(archive, sample()).outcome == "new"
        assert not list(archive.files.incoming.iterdir())


def test_many_are_kept_together(tmp_path: Path, url: str) -> None:
    samples = [sample(number=number) for number in range(3)]
    with opened(tmp_path / "pacs", url) as archive:
        keep_all(archive, [archive.take_in([one.file]) for one in samples])
        assert len(in_store(url)) == 3
        assert len(uids(archive)) == 3
        assert not list(archive.folder.glob("additions/*"))


def test_copies_take_no_more_room_than_they_may_and_are_fetched_again(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(far_files, "_NEAR", 1500)
    monkeypatch.setattr(far_files, "_IN_USE", 0.0)
    samples = [sample(number=number) for number in range(6)]
    with opened(tmp_path / "pacs", url) as archive:
        for one in samples:
            put(archive, one)
        copies = list(archive.folder.glob("near/*/*/*"))
        assert 0 < len(copies) < 6
        assert sum(one.stat().st_size for one in copies) <= 1500
        for one in samples:
            assert archive.data(*archive.instances(sop_uids=[one.sop_instance_uid])) == one.data
    with opened(tmp_path / "pacs") as archive:
        put(archive, sample(number=7))
        assert sum(one.stat().st_size for one in archive.folder.glob("near/*/*/*")) <= 1500


class Refusing(fsspec.get_filesystem_class("memory")):  # type: ignore[misc]
    """A store whose service refuses now and then, with an exception of its client's own."""

    protocol = "refusing"
    store: dict[str, object] = {}  # noqa: RUF012 - as the one it is derived from
    refuses = False
    gone_by = reads = 0
    """The read by which there is no service any more; 0 for never."""

    class ClientError(Exception):
        """Not an OSError, as those of most clients."""

    def put_file(self, *given: object, **named: object) -> None:
        """Refused as quotas do."""
        if self.refuses:
            raise self.ClientError("QuotaExceeded: no more for you")
        super().put_file(*given, **named)

    def rm_file(self, path: str) -> None:
        """Refused as well."""
        if self.refuses:
            raise self.ClientError("SlowDown")
        super().rm_file(path)

    def cat_file(self, path: str, *given: object, **named: object) -> bytes:
        """Refused where the service has gone away by the second object."""
        type(self).reads += 1
        if self.gone_by and self.reads >= self.gone_by:
            raise self.ClientError("EndpointConnectionError")
        return bytes(super().cat_file(path, *given, **named))


@pytest.fixture
def refusing() -> Iterator[type[AbstractFileSystem]]:
    fsspec.register_implementation("refusing", Refusing, clobber=True)
    Refusing.refuses = False
    Refusing.gone_by = Refusing.reads = 0
    Refusing.store.clear()
    yield Refusing
    Refusing.refuses = False
    Refusing.gone_by = 0


def test_what_the_store_refuses_is_not_acknowledged_and_told_in_words(
    tmp_path: Path, refusing: type[Refusing]
) -> None:
    with opened(tmp_path / "pacs", "refusing://a") as archive:
        put(archive, sample())
        refusing.refuses = True
        with pytest.raises(
            MachineError, match=r"cannot store in 'refusing://a': ClientError: QuotaExceeded"
        ):
            put(archive, sample(number=2))
        assert len(uids(archive)) == 1
        assert not list(archive.files.incoming.iterdir())
        refusing.refuses = False
        assert put(archive, sample(number=2)).outcome == "new"


def test_what_the_store_would_not_remove_goes_when_it_is_opened_again(
    tmp_path: Path, refusing: type[Refusing]
) -> None:
    with opened(tmp_path / "pacs", "refusing://a") as archive:
        put(archive, sample())
        refusing.refuses = True
        assert archive.delete_study("1.2.3")
        assert uids(archive) == []
    refusing.refuses = False
    opened(tmp_path / "pacs").close()
    assert refusing.store == {}


def test_an_index_of_a_part_is_not_taken_for_all_there_is(
    tmp_path: Path, refusing: type[Refusing]
) -> None:
    """The service goes away while the index is made again: whoever comes back finds all."""
    with opened(tmp_path / "pacs", "refusing://a") as archive:
        for number in range(3):
            put(archive, sample(number=number))
        everything = uids(archive)
        shutil.rmtree(archive.folder / "near")
        refusing.reads, refusing.gone_by = 0, 3
        with pytest.raises(MachineError, match="'refusing://a': ClientError: EndpointConn"):
            archive.rebuild()
        assert uids(archive) == everything
    refusing.reads = 0
    with pytest.raises(MachineError, match="'refusing://a': ClientError: EndpointConn"):
        opened(tmp_path / "other", "refusing://a")
    refusing.gone_by = 0
    with opened(tmp_path / "other", "refusing://a") as archive:
        assert sorted(uids(archive)) == sorted(everything)


def test_what_came_together_and_was_not_stored_does_not_return(
    tmp_path: Path, refusing: type[Refusing], monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path / "pacs", "refusing://a") as archive:

        def full(_: object) -> None:
            refusing.refuses = True  # nor can what is there be removed now
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr(archive.index, "add", full)
        with pytest.raises(MachineError, match="disk is full"):
            keep_all(archive, [archive.take_in([sample().file])])
        assert len(refusing.store) == 1
    refusing.refuses = False
    opened(tmp_path / "pacs").close()
    assert refusing.store == {}


def test_a_store_that_cannot_be_written_is_told_before_anything_is_stored(
    tmp_path: Path, refusing: type[Refusing]
) -> None:
    refusing.refuses = True
    with pytest.raises(MachineError, match=r"'refusing://a': ClientError: SlowDown"):
        opened(tmp_path / "pacs", "refusing://a")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("bucket/folder", "no address of an object store"),
        ("nothing-known://x", "no address of an object store: Protocol not known"),
        ("ftp://user:secret@host/x", "a password does not belong"),
    ],
)
def test_an_address_that_is_none_is_refused_in_words(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        opened(tmp_path / "pacs", url)
    assert "secret" not in str(raised.value)


def test_a_folder_and_its_store_stay_together(tmp_path: Path, url: str) -> None:
    opened(tmp_path / "pacs", url).close()
    with pytest.raises(UsageError, match="are in"):
        opened(tmp_path / "pacs", "memory://elsewhere")
    with Archive(tmp_path / "own") as archive:
        archive.store(CT_IMAGE, "1.2.3.1.1", EXPLICIT, [sample().data])
    with pytest.raises(UsageError, match="in that folder"):
        opened(tmp_path / "own", url)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://", "is no address of an object store"),  # s3: would be a folder here
        ("reference://x", "is no address of an object store: TypeError"),
        ("ftp://127.0.0.1:1/x", "'ftp://127.0.0.1:1/x': Connection refused"),
    ],
)
def test_an_address_that_leads_to_no_store_is_told_by_itself(url: str, told: str) -> None:
    with pytest.raises((UsageError, StoreError), match=re.escape(told)):
        ObjectStore(url)


@pytest.mark.parametrize("error", [SystemExit, asyncio.CancelledError, BaseException])
def test_whatever_a_driver_throws_is_an_error_of_the_store(
    monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def throw(*_: object, **__: object) -> None:
        raise error("within")

    store = ObjectStore("memory://thrown")
    monkeypatch.setattr(store, "_fs", SimpleNamespace(size=throw, ls=throw))
    for look in (store.size, store.names):
        with pytest.raises(StoreError, match="'memory://thrown': "):
            look("x")

"""A backup made while the service works is whole, and goes back only where nothing is."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import threading
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import pytest

from scenario_runner.archive.archive import Archive
from scenario_runner.archive.options import ArchiveOptions
from scenario_runner.database.engine import Database
from scenario_runner.database.location import DatabaseUrl, Location
from scenario_runner.errors import MachineError, UsageError
from scenario_runner.registry.people import People
from scenario_runner.service.accounts.accounts import Accounts
from scenario_runner.service.accounts.keys import Keys
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.trail import Trail
from scenario_runner.service.backup import back_up
from scenario_runner.service.permissions import LOCAL, Arrival, Caller, Role
from scenario_runner.service.restore import restore
from tests.archive.samples import put, sample
from tests.peers.postgres import PostgreSQL
from tests.registry.people import person

ROOT = Caller("root", frozenset({Role.ADMIN}), Arrival.COMMAND)


@pytest.fixture
def data(tmp_path: Path, location: Location) -> Path:
    """A data folder with three studies, and its database with an account, a key and a patient."""
    folder = tmp_path / "data"
    with Archive(folder / "archive") as archive:
        for number in range(3):
            put(archive, sample(f"1.2.{number}"))
    (folder / "notes").mkdir()
    (folder / "notes" / "one.txt").write_text("kept", "utf-8")
    (folder / "archive" / "incoming" / "half.part").write_bytes(b"half")
    with Database(location) as database:
        Accounts(database).add("joy", [Role.NURSE], None, ROOT)
        People(database).add([person("PID1")])
        for _ in range(5):
            Trail(database).record(LOCAL, Activity.VIEWED, "1.2.0")
    return folder


def test_all_comes_back_as_it_was_in_either_kind_of_database(
    data: Path, location: Location, tmp_path: Path
) -> None:
    with Database(location) as database:
        key = Keys(database).make("joy", "k", None, ROOT)
        before = [one.as_json() for one in Trail(database).entries()]
    file = tmp_path / "backup.tar"
    done = back_up(data, location, file, ROOT)
    other, where = tmp_path / "other", tmp_path / "other" / "registry.sqlite3"
    assert restore(file, other, where, ROOT).head == done.head
    with Database(where) as database:
        trail = Trail(database)
        found = [one.as_json() for one in trail.entries()]
        assert found[: len(before)] == before
        assert [one["what"] for one in found[len(before) :]] == ["backed-up", "restored"]
        assert trail.verify().broken is None
        assert Keys(database).caller(key) is not None
        assert [one.id for one in People(database).search("PID1")] == ["PID1"]
        # What is made from now on does not collide with what there is.
        Accounts(database).add("ann", [Role.NURSE], None, ROOT)
        People(database).add([person("PID2")])
    with Archive(other / "archive") as archive:
        assert archive.counts().studies == 3
    assert (other / "notes" / "one.txt").read_text("utf-8") == "kept"
    assert not list((other / "archive" / "incoming").iterdir())


@pytest.mark.peer
@pytest.mark.peer
def test_studies_whose_index_is_on_a_server_come_back_with_one_in_their_folder(
    data: Path, location: Location, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The copy is another archive: neither does it claim that database, nor is it refused for want of it."""
    server: PostgreSQL = request.getfixturevalue("server")
    index = DatabaseUrl(server.create(f"index{uuid.uuid4().hex}"))
    with Archive(data / "archive", ArchiveOptions(index=index)) as archive:
        assert archive.counts().studies == 3
    file, other = tmp_path / "backup.tar", tmp_path / "other"
    back_up(data, location, file, ROOT)
    restore(file, other, other / "registry.sqlite3", ROOT)
    with Archive(other / "archive") as archive:
        assert archive.counts().studies == 3
    with Archive(data / "archive", ArchiveOptions(index=index)) as archive:
        assert archive.counts().studies == 3


def test_a_backup_of_a_file_goes_into_a_postgresql(
    data: Path, location: Location, tmp_path: Path, server: object
) -> None:
    from scenario_runner.database.location import DatabaseUrl

    assert isinstance(server, PostgreSQL)
    file = tmp_path / "backup.tar"
    back_up(data, location, file, ROOT)
    url = DatabaseUrl(server.create(f"restored{abs(hash(tmp_path))}"))
    restore(file, tmp_path / "other", url, ROOT)
    with Database(url) as database:
        assert Trail(database).verify().broken is None
        assert [one.name for one in Accounts(database).all()] == ["joy"]
        Accounts(database).add("ann", [Role.NURSE], None, ROOT)
        People(database).add([person("PID2")])
    with pytest.raises(UsageError, match="left as it is"):
        restore(file, tmp_path / "third", url, ROOT)
    assert not (tmp_path / "third").exists()


def test_while_others_write_the_backup_is_one_moment(
    data: Path, location: Location, tmp_path: Path
) -> None:
    stop = threading.Event()

    def write() -> None:
        with Database(location) as database:
            while not stop.is_set():
                Trail(database).record(LOCAL, Activity.VIEWED, "1.2.0")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        done = back_up(data, location, tmp_path / "backup.tar", ROOT)
    finally:
        stop.set()
        thread.join()
    where = tmp_path / "other" / "registry.sqlite3"
    assert restore(tmp_path / "backup.tar", tmp_path / "other", where, ROOT).entries == done.entries
    with Database(where) as database:
        assert Trail(database).verify().broken is None


def test_nothing_that_exists_is_written_over(
    data: Path, location: Location, tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar"
    back_up(data, location, file, ROOT)
    with pytest.raises(UsageError, match="there already"):
        back_up(data, location, file, ROOT)
    with pytest.raises(UsageError, match="within"):
        back_up(data, location, data / "notes" / "b.tar", ROOT)
    with pytest.raises(UsageError, match="left as it is"):
        restore(file, data, tmp_path / "new.sqlite3", ROOT)
    with pytest.raises(UsageError, match="left as it is"):
        restore(file, tmp_path / "new", location, ROOT)
    assert not (tmp_path / "new.sqlite3").exists()
    assert not (tmp_path / "new").exists()


def test_a_damaged_backup_leaves_nothing_behind(tmp_path: Path) -> None:
    data, where = tmp_path / "data", tmp_path / "data" / "registry.sqlite3"
    with Archive(data / "archive") as archive:
        put(archive, sample("1.2.3"))
    with Database(where) as database:
        Trail(database).record(LOCAL, Activity.STARTED)
    file = tmp_path / "backup.tar"
    back_up(data, where, file, ROOT)
    with tarfile.open(file) as tar:
        (member,) = [one for one in tar.getmembers() if one.name.endswith(".dcm")]
        place = member.offset_data + member.size // 2
    content = bytearray(file.read_bytes())
    content[place] ^= 0xFF
    other = tmp_path / "other"
    for damaged, kind in (
        (bytes(content), MachineError),
        (bytes(content[: len(content) // 2]), UsageError),
        (b"no backup at all" * 100, UsageError),
        (b"", UsageError),
    ):
        bad = tmp_path / "bad.tar"
        bad.write_bytes(damaged)
        with pytest.raises(kind):
            restore(bad, other, other / "registry.sqlite3", ROOT)
        assert not other.exists()
    assert not [one for one in tmp_path.iterdir() if "restore" in one.name or "backup-" in one.name]


def repacked(file: Path, made: Path, **changes: Callable[[Any], object]) -> Path:
    """A backup again, its ``manifest``, ``database`` or ``files`` changed in place and the digests as they should be."""
    with tarfile.open(file) as tar:
        files = {one.name: reading(tar.extractfile(one)) for one in tar.getmembers()}
    manifest = json.loads(files.pop("manifest.json"))
    if "database" in changes:
        copy = made.with_suffix(".sqlite3")
        copy.write_bytes(files["database.sqlite3"])
        with closing(sqlite3.connect(copy)) as connection:
            changes["database"](connection)
            connection.commit()
        files["database.sqlite3"] = copy.read_bytes()
        copy.unlink()
    for one in manifest["files"]:
        one["size"] = len(files[one["name"]])
        one["sha256"] = hashlib.sha256(files[one["name"]]).hexdigest()
    changes.get("manifest", lambda _: None)(manifest)
    changes.get("files", lambda _: None)(files)
    files["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(made, "w") as tar:
        for name, content in files.items():
            told = tarfile.TarInfo(name)
            told.size = len(content)
            tar.addfile(told, io.BytesIO(content))
    return made


def reading(file: IO[bytes] | None) -> bytes:
    assert file is not None
    return file.read()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"manifest": lambda it: it.update(files=5)}, "its list of files is damaged"),
        ({"manifest": lambda it: it["files"].append({"size": 1})}, "its list of files is damaged"),
        ({"manifest": lambda it: it["files"][0].pop("sha256")}, "its list of files is damaged"),
        ({"manifest": lambda it: it["files"][0].pop("size")}, "its list of files is damaged"),
        ({"manifest": lambda it: it["files"][0].update(name=3)}, "its list of files is damaged"),
        ({"manifest": lambda it: it.pop("at")}, "its list of files is damaged"),
        ({"manifest": lambda it: it.update(files=[])}, "is not in its list"),
        ({"manifest": lambda it: it.update(schema="service-backup/v9")}, "of another kind"),
        ({"files": lambda it: it.update({"data/more.txt": b"more"})}, "'data/more.txt' is not in"),
        ({"files": lambda it: it.pop("database.sqlite3")}, "'database.sqlite3' is missing"),
        ({"files": lambda it: it.update({"database.sqlite3": b"none"})}, "is not as it was"),
        ({"database": lambda it: it.execute("PRAGMA user_version = 99")}, "cannot be used here"),
        ({"database": lambda it: it.execute("DROP TABLE audit_entry")}, "cannot be used here"),
    ],
)
def test_a_backup_that_somebody_changed_or_a_newer_version_made_is_refused_in_words(
    tmp_path: Path, changes: dict[str, Callable[[Any], object]], said: str
) -> None:
    where = tmp_path / "data" / "registry.sqlite3"
    with Database(where) as database:
        Trail(database).record(LOCAL, Activity.STARTED)
    back_up(where.parent, where, tmp_path / "backup.tar", ROOT)
    bad = repacked(tmp_path / "backup.tar", tmp_path / "bad.tar", **changes)
    other = tmp_path / "other"
    with pytest.raises((UsageError, MachineError), match=said):
        restore(bad, other, other / "registry.sqlite3", ROOT)
    assert {one.name for one in tmp_path.iterdir()} == {"data", "backup.tar", "bad.tar"}


@pytest.mark.peer
def test_what_could_not_be_copied_into_a_postgresql_does_not_stand_in_the_way(
    tmp_path: Path, server: object
) -> None:
    from scenario_runner.database.location import DatabaseUrl

    assert isinstance(server, PostgreSQL)
    where = tmp_path / "data" / "registry.sqlite3"
    with Database(where) as database:
        Trail(database).record(LOCAL, Activity.STARTED)
    good = tmp_path / "backup.tar"
    back_up(where.parent, where, good, ROOT)
    orphan = (
        "INSERT INTO login_session VALUES ('d', 7, '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
    )
    bad = repacked(good, tmp_path / "bad.tar", database=lambda it: it.execute(orphan))
    url, other = DatabaseUrl(server.create(f"failed{abs(hash(tmp_path))}")), tmp_path / "other"
    with pytest.raises(MachineError):
        restore(bad, other, url, ROOT)
    assert not other.exists()
    restore(good, other, url, ROOT)
    with pytest.raises(UsageError, match="left as it is"):
        restore(good, tmp_path / "third", url, ROOT)


def test_where_there_is_no_service_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no service"):
        back_up(tmp_path / "none", tmp_path / "none.sqlite3", tmp_path / "b.tar", ROOT)


def test_the_root_of_a_disk_is_backed_up_and_restored_without_what_is_the_disks(
    data: Path, location: Location, tmp_path: Path
) -> None:
    volume = tmp_path / "volume"
    for root in (data, volume):
        (root / "lost+found").mkdir(parents=True)
        (root / "lost+found" / "#12").write_text(root.name, "utf-8")
    file = tmp_path / "backup.tar"
    back_up(data, location, file, ROOT)
    restore(file, volume, volume / "registry.sqlite3", ROOT)
    assert (volume / "notes" / "one.txt").read_text("utf-8") == "kept"
    assert (volume / "lost+found" / "#12").read_text("utf-8") == "volume"


def test_the_folder_one_stands_in_is_backed_up_and_restored(
    data: Path, location: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data)
    done = back_up(Path(), location, tmp_path / "backup.tar", ROOT)
    with tarfile.open(tmp_path / "backup.tar") as tar:
        names = tar.getnames()
    assert "data/notes/one.txt" in names
    assert not [name for name in names if "backup" in name]
    assert not list(data.glob(".backup-*"))
    other = tmp_path / "other"
    other.mkdir()
    there = (
        other.stat().st_ino
    )  # as that of a disk or a container's volume, which cannot be replaced
    monkeypatch.chdir(other)
    assert restore(tmp_path / "backup.tar", Path(), other / "r.sqlite3", ROOT).head == done.head
    assert other.stat().st_ino == there
    assert {one.name for one in other.iterdir()} >= {"archive", "notes", "r.sqlite3"}
    assert not list(other.glob(".*"))


def test_a_folder_that_cannot_be_read_is_not_left_out_without_a_word(
    data: Path, location: Location, tmp_path: Path
) -> None:
    # Deeper than a path may be long: nobody can list it by its name, the administrator neither.
    handle = os.open(data / "notes", os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=handle)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)
    with pytest.raises(MachineError, match=r"^the backup cannot be made, '.*ddd': File name too"):
        back_up(data, location, tmp_path / "backup.tar", ROOT)
    assert not (tmp_path / "backup.tar").exists()


def test_a_broken_audit_trail_is_told_when_the_backup_is_made(tmp_path: Path) -> None:
    where = tmp_path / "data" / "registry.sqlite3"
    with Database(where) as database:
        Trail(database).record(LOCAL, Activity.STARTED)
    with closing(sqlite3.connect(where)) as connection:
        connection.execute("DROP TRIGGER audit_entry_no_update")
        connection.execute("UPDATE audit_entry SET what = 'stopped' WHERE number = 1")
        connection.commit()
    with pytest.raises(MachineError, match="the backup is made, and the audit trail in it is brok"):
        back_up(where.parent, where, tmp_path / "backup.tar", ROOT)
    assert (tmp_path / "backup.tar").exists()


def test_a_database_that_cannot_be_written_is_told_and_nothing_is_left(
    data: Path, location: Location, tmp_path: Path
) -> None:
    back_up(data, location, tmp_path / "backup.tar", ROOT)
    # SQLite cannot make its journal beside a name as long as that.
    other, where = tmp_path / "other", tmp_path / ("n" * 245)
    with pytest.raises(MachineError, match=r"the registry '.*' cannot be"):
        restore(tmp_path / "backup.tar", other, where, ROOT)
    assert not other.exists()
    assert not list(tmp_path.glob("n*"))

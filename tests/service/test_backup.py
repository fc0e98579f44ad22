"""A backup made while the service works is whole, and goes back only where nothing is."""

from __future__ import annotations

import tarfile
import threading
from pathlib import Path

import pytest

from scenario_runner.archive.archive import Archive
from scenario_runner.database.engine import Database
from scenario_runner.database.location import Location
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
def test_a_backup_of_a_file_goes_into_a_postgresql(
    data: Path, location: Location, tmp_path: Path, server: object
) -> None:
    from scenario_runner.database.location import DatabaseUrl
    from tests.peers.postgres import PostgreSQL

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


def test_where_there_is_no_service_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no service"):
        back_up(tmp_path / "none", tmp_path / "none.sqlite3", tmp_path / "b.tar", ROOT)

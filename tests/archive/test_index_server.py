"""An index in a PostgreSQL: of several machines at once, and when the server goes away in the middle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from scenario_runner.archive import server_line
from scenario_runner.archive.archive import Archive, rebuild
from scenario_runner.archive.index import Entry
from scenario_runner.archive.options import ArchiveOptions
from scenario_runner.archive.schema import VERSION
from scenario_runner.archive.server_error import ServerError
from scenario_runner.archive.server_line import SCHEMA, Line
from scenario_runner.archive.together import keep_all
from scenario_runner.database.location import DatabaseUrl
from scenario_runner.database.patience import PatientConnection
from scenario_runner.errors import FabricatorError, MachineError, UsageError
from tests.archive.samples import ask, identifier, put, sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.archive.conftest import Indexed
    from tests.peers.postgres import PostgreSQL

pytestmark = pytest.mark.peer

_END_ALL = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
"""Ends the connections of all others."""


@pytest.fixture
def options(database: DatabaseUrl) -> ArchiveOptions:
    """Of an archive whose index is new."""
    asked(database, f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    return ArchiveOptions(index=database)


@pytest.fixture
def machines(tmp_path: Path, options: ArchiveOptions) -> Iterator[tuple[Archive, Archive]]:
    """Two with folders of their own, one store and one index."""
    store = (tmp_path / "store").as_uri()
    shared = ArchiveOptions(index=options.index, store=store)
    with Archive(tmp_path / "a", shared) as first, Archive(tmp_path / "b", shared) as second:
        yield first, second


def asked(database: DatabaseUrl, sql: str) -> list[Any]:
    with psycopg.connect(database.url, autocommit=True) as connection:
        found = connection.execute(sql)
        return found.fetchall() if found.description else []


def stored(archive: Archive) -> list[str]:
    return sorted(one.sop_instance_uid for one in archive.instances())


def lie(archive: Archive) -> list[str]:
    return sorted(archive.files.all())


def test_what_one_machine_stores_the_other_finds_gives_and_deletes(
    machines: tuple[Archive, Archive],
) -> None:
    first, second = machines
    one = sample()
    put(first, one)
    (match,) = ask(second, "STUDY", "study", identifier(PatientName="citizen*"))
    assert match.dataset().PatientName == "CITIZEN^JANE"
    (there,) = second.instances()
    assert second.data(there) == one.data
    assert second.delete_study("1.2.3")
    assert stored(first) == lie(first) == []
    put(first, sample("1.2.4"))
    put(second, sample("1.2.4", number=2))
    assert (first.counts().studies, first.counts().instances) == (1, 2)


def test_instances_that_all_machines_store_at_once_are_there_once(
    machines: tuple[Archive, Archive],
) -> None:
    def store(archive: Archive) -> int:
        return sum(put(archive, sample(number=n)).outcome == "new" for n in range(1, 25))

    first, second = machines
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(store, [first, second, first, second])) == 24
    counts = second.counts()
    assert (counts.patients, counts.series, counts.instances) == (1, 1, 24)
    assert len(lie(first)) == 24


def test_a_machine_that_comes_later_has_all_that_was_stored_and_makes_nothing_again(
    tmp_path: Path, machines: tuple[Archive, Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(machines[0], sample())
    monkeypatch.setattr(Archive, "rebuild", None)
    with Archive(tmp_path / "c", machines[0].options) as third:
        assert stored(third) == ["1.2.3.1.1"]


def test_an_index_that_is_lost_is_made_again_from_the_files(
    tmp_path: Path, options: ArchiveOptions
) -> None:
    assert options.index is not None
    with Archive(tmp_path, options) as archive:
        for number in range(1, 4):
            put(archive, sample(number=number))
    asked(options.index, f"DROP SCHEMA {SCHEMA} CASCADE")
    with Archive(tmp_path, options) as archive:
        assert len(stored(archive)) == 3
    asked(options.index, f"DELETE FROM {SCHEMA}.patients")
    assert rebuild(tmp_path, options).instances == 3
    with Archive(tmp_path, options) as archive:
        assert len(stored(archive)) == 3


def test_what_is_stored_while_the_index_is_made_again_is_in_it_once(
    machines: tuple[Archive, Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = machines
    put(first, sample(number=1))
    put_there = first.files.put

    def and_then(written: Path, place: str) -> None:
        put_there(written, place)
        second.rebuild()  # which finds what is in the store, and is on its way into the index

    monkeypatch.setattr(first.files, "put", and_then)
    assert put(first, sample(number=2)).outcome == "new"
    assert len(stored(second)) == len(lie(second)) == 2


@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize("committed", [False, True])
def test_of_a_store_whose_end_was_never_told_file_and_index_agree(
    tmp_path: Path, options: ArchiveOptions, committed: bool, far: bool
) -> None:
    """The server ends the connection before it commits, or the answer to the commit is lost."""
    store = (tmp_path / "store").as_uri() if far else None
    with Archive(tmp_path / "pacs", ArchiveOptions(index=options.index, store=store)) as archive:
        put(archive, sample(number=1))
        with losing_the_connection(committed=committed), pytest.raises(MachineError):
            put(archive, sample(number=2))
        expected = ["1.2.3.1.1", "1.2.3.1.2"][: 1 + committed]
        assert stored(archive) == expected
        assert len(lie(archive)) == len(expected)
        assert all(archive.data(one) for one in archive.instances())
        assert put(archive, sample(number=2)).outcome == ("kept" if committed else "new")


@pytest.mark.parametrize("committed", [False, True])
def test_of_many_whose_end_was_never_told_files_and_index_agree_at_the_next_start(
    tmp_path: Path, options: ArchiveOptions, committed: bool
) -> None:
    with Archive(tmp_path, options) as archive:
        arrived = [archive.take_in([sample(number=number).file]) for number in (1, 2)]
        with losing_the_connection(committed=committed), pytest.raises(MachineError):
            keep_all(archive, arrived)
    with Archive(tmp_path, options) as archive:
        assert len(stored(archive)) == len(lie(archive)) == 2 * committed
        keep_all(archive, [archive.take_in([sample("1.2.4").file])])
        with losing_the_connection(committed=committed), pytest.raises(MachineError):
            archive.delete_study("1.2.4")
    with Archive(tmp_path, options) as archive:
        assert len(stored(archive)) == len(lie(archive)) == (2 if committed else 1)


class losing_the_connection:  # noqa: N801 - read as a verb
    """What is committed next is committed and not told, or told and not committed."""

    def __init__(self, *, committed: bool) -> None:
        self._committed = committed
        self._command = Line.command
        self._lost = False

    def __enter__(self) -> None:
        def command(line: Line, sql: str) -> Any:
            if sql == "COMMIT" and not self._lost:
                self._lost = True
                (number,) = line.row("SELECT pg_backend_pid()")
                if self._committed:
                    self._command(line, sql)
                assert line._connection is not None
                with psycopg.connect(line._connection.info.dsn, autocommit=True) as other:
                    other.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
                if self._committed:
                    raise ServerError("the answer is lost")
            return self._command(line, sql)

        Line.command = command  # type: ignore[assignment,method-assign]

    def __exit__(self, *_: object) -> None:
        Line.command = self._command  # type: ignore[method-assign]
        assert self._lost


def test_a_server_that_goes_away_is_said_in_words_and_used_again_when_it_is_back(
    tmp_path: Path, server: PostgreSQL, options: ArchiveOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_line, "_AGAIN", 0.0)
    with Archive(tmp_path, options) as archive:
        put(archive, sample(number=1))
        server.stop("immediate")
        try:
            for asking in (lambda: put(archive, sample(number=2)), archive.counts):
                with pytest.raises(MachineError, match="the database of the index does not answer"):
                    asking()
            (file,) = lie(archive)
            with pytest.raises(MachineError, match="does not answer") as caught:
                Archive(tmp_path / "another", options)
            assert caught.value.hint == "see that the server runs"
            # One of several processes, in the place of one that was killed.
            member = Archive(tmp_path, ArchiveOptions(index=options.index, sharing="member"))
            with pytest.raises(MachineError, match="does not answer"):
                put(member, sample(number=3))
        finally:
            server.start()
        assert put(archive, sample(number=2)).outcome == "new"
        assert put(member, sample(number=2)).outcome == "kept"
        member.close()
        assert stored(archive) == ["1.2.3.1.1", "1.2.3.1.2"]
        assert file in lie(archive)


def test_a_server_that_stands_still_is_told_and_nothing_is_stored_until_it_goes_on(
    tmp_path: Path, server: PostgreSQL, options: ArchiveOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PatientConnection, "silence", 0.5)
    monkeypatch.setattr(server_line, "_AGAIN", 0.0)
    assert options.index is not None
    hurried = DatabaseUrl(f"{options.index.url}?connect_timeout=2")
    with Archive(tmp_path, ArchiveOptions(index=hurried)) as archive:
        put(archive, sample(number=1))
        with server.frozen(), pytest.raises(MachineError, match="does not answer"):
            put(archive, sample(number=2))
        assert stored(archive) == ["1.2.3.1.1"]
        assert put(archive, sample(number=2)).outcome == "new"
        assert len(lie(archive)) == 2


def test_connections_that_the_server_has_ended_are_replaced_before_anybody_notices(
    tmp_path: Path, options: ArchiveOptions
) -> None:
    assert options.index is not None
    with Archive(tmp_path, options) as archive:
        put(archive, sample(number=1))
        asked(options.index, _END_ALL)
        assert put(archive, sample(number=2)).outcome == "new"
        assert archive.counts().instances == 2


@pytest.mark.parametrize("number", [1, 2], ids=["of a new patient", "of a series that is there"])
def test_a_store_takes_two_exchanges_with_the_server(
    tmp_path: Path, options: ArchiveOptions, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """While one machine writes all others wait, and every exchange is on the wire between."""
    said: list[str] = []
    execute = PatientConnection.execute

    def counted(connection: PatientConnection, query: Any, *more: Any, **named: Any) -> Any:
        said.append(str(query))
        return execute(connection, query, *more, **named)

    said_of_it = r"100% 'of'\; it? %s"
    with Archive(tmp_path, options) as archive:
        for before in range(1, number):
            put(archive, sample(number=before, StudyDescription=said_of_it))
        with archive.index.transaction():  # both connections are there
            archive.index.file_of("1.2.3")
        archive.index.file_of("1.2.3")
        with monkeypatch.context() as patched:
            patched.setattr(PatientConnection, "execute", counted)
            put(archive, sample(number=number, StudyDescription=said_of_it))
        assert len(said) == 2, said
        assert stored(archive) == [f"1.2.3.1.{one}" for one in range(1, number + 1)]
        keys = identifier(PatientName="CITIZEN^JANE", StudyDescription="")
        (match,) = ask(archive, "STUDY", "study", keys)
        assert "\\".join(match.dataset().StudyDescription) == said_of_it


def test_what_an_overwritten_instance_takes_along_is_not_taken_for_there(
    tmp_path: Path, options: ArchiveOptions
) -> None:
    """Its patient was there when the database was asked, and went with it."""
    overwriting = ArchiveOptions(index=options.index, duplicates="overwrite")
    with Archive(tmp_path, overwriting) as archive:
        put(archive, sample())
        assert put(archive, sample(StudyDescription="again")).outcome == "overwritten"
        assert archive.index.counts() == dict.fromkeys(archive.index.counts(), 1)
        (match,) = ask(archive, "STUDY", "study", identifier(StudyDescription=""))
        assert match.dataset().StudyDescription == "again"


def test_a_row_that_the_server_refuses_at_the_end_takes_all_of_its_transaction_along(
    tmp_path: Path, options: ArchiveOptions
) -> None:
    def add(archive: Archive, uid: str) -> None:
        named = {
            "PatientID": uid,
            "StudyInstanceUID": uid,
            "SeriesInstanceUID": uid,
            "SOPInstanceUID": "1.2",
        }
        archive.index.add(Entry(named, "", "1.2.840.10008.1.2", f"{uid}.dcm", 1))

    def twice(archive: Archive) -> None:
        with archive.index.transaction():
            add(archive, "1")
            add(archive, "2")

    with Archive(tmp_path, options) as archive:
        with pytest.raises(ServerError):
            twice(archive)
        assert archive.index.counts() == dict.fromkeys(archive.index.counts(), 0)
        with archive.index.transaction():  # in which nothing is asked
            pass
        assert put(archive, sample()).outcome == "new"


def _lose(archive: Archive, database: DatabaseUrl) -> None:
    with archive.index.transaction():
        archive.index.file_of("1.2.3")
        asked(database, _END_ALL)
        archive.index.clear()


def test_what_is_lost_with_its_connection_is_not_taken_back_on_another(
    tmp_path: Path, options: ArchiveOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To connect takes ten seconds where the server's machine has gone, and whoever stores waits."""
    begun: list[object] = []
    connected = server_line.Server.connected

    def counted(server: server_line.Server) -> Any:
        begun.append(server)
        return connected(server)

    monkeypatch.setattr(server_line.Server, "connected", counted)
    assert options.index is not None
    with Archive(tmp_path, options) as archive:
        begun.clear()
        with pytest.raises(ServerError):
            _lose(archive, options.index)
        assert not begun
        assert put(archive, sample(number=1)).outcome == "new"


def test_whoever_waits_too_long_for_another_writer_is_told_and_stores_nothing(
    tmp_path: Path, options: ArchiveOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert options.index is not None
    settled = server_line._SETTLED.replace("lock_timeout TO '30s'", "lock_timeout TO '100ms'")
    assert settled != server_line._SETTLED
    monkeypatch.setattr(server_line, "_SETTLED", settled)
    with Archive(tmp_path / "a", options) as archive:
        with psycopg.connect(options.index.url) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", [0x46414249])
            with pytest.raises(MachineError, match="cannot store: the database of the index"):
                put(archive, sample())
        assert stored(archive) == []
        assert put(archive, sample()).outcome == "new"


def made_newer(database: DatabaseUrl) -> None:
    asked(database, f"UPDATE {SCHEMA}.about SET version = {VERSION + 1}")


def made_for_others(database: DatabaseUrl) -> None:
    asked(database, f"UPDATE {SCHEMA}.about SET studies = 's3://others/studies'")


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (made_newer, MachineError, "was made by a newer version of this program"),
        (made_for_others, UsageError, "has the index of the studies in 's3://others/studies'"),
    ],
)
def test_an_index_that_is_not_to_be_used_is_refused_and_left_alone(
    tmp_path: Path,
    options: ArchiveOptions,
    change: Callable[[DatabaseUrl], None],
    kind: type[FabricatorError],
    words: str,
) -> None:
    assert options.index is not None
    with Archive(tmp_path, options) as archive:
        put(archive, sample())
    change(options.index)
    for _ in range(2):
        with pytest.raises(kind, match=words):
            Archive(tmp_path, options)
    assert asked(options.index, f"SELECT count(*) FROM {SCHEMA}.instances") == [(1,)]


def test_an_index_of_an_older_version_is_made_again(
    tmp_path: Path, options: ArchiveOptions
) -> None:
    assert options.index is not None
    with Archive(tmp_path, options) as archive:
        put(archive, sample())
    asked(options.index, f"UPDATE {SCHEMA}.about SET version = {VERSION - 1}")
    asked(options.index, f"ALTER TABLE {SCHEMA}.studies DROP COLUMN studydate")
    with Archive(tmp_path, options) as archive:
        assert list(ask(archive, "STUDY", "study", identifier(StudyDate="20260131")))


def test_a_folder_whose_index_is_on_a_server_is_not_served_without_it(
    tmp_path: Path, options: ArchiveOptions
) -> None:
    with Archive(tmp_path) as archive:
        put(archive, sample(number=1))
    with Archive(tmp_path, options) as archive:
        assert stored(archive) == ["1.2.3.1.1"]
        put(archive, sample(number=2))
    with pytest.raises(UsageError, match="is in the database 'postgresql://tester@") as caught:
        Archive(tmp_path)
    assert str(caught.value.hint).startswith("give --index postgresql://tester@")
    (tmp_path / "index.txt").unlink()
    with Archive(tmp_path) as archive:  # which is not the one of before
        assert len(stored(archive)) == 2


def test_an_index_that_others_have_stored_past_meanwhile_is_made_again(
    tmp_path: Path, options: ArchiveOptions, server: PostgreSQL
) -> None:
    """A database that is come back to was complete once."""
    another = ArchiveOptions(index=DatabaseUrl(server.create("another_index")))
    ways = (options, ArchiveOptions(), options, another, options)
    for number, way in enumerate(ways, start=1):
        if way.index is None:
            (tmp_path / "index.txt").unlink()
        with Archive(tmp_path, way) as archive:
            put(archive, sample(number=number))
            assert len(stored(archive)) == number
    renamed = ArchiveOptions(index=DatabaseUrl(server.url("another_index") + "?connect_timeout=5"))
    for noted in (None, b"postgresql://[", b"\xff"):  # as it was, and as somebody has edited it
        if noted is not None:
            (tmp_path / "index.txt").write_bytes(noted)
        with Archive(tmp_path, renamed) as archive:
            assert len(stored(archive)) == len(ways)


def test_two_folders_have_no_index_together(tmp_path: Path, options: ArchiveOptions) -> None:
    with Archive(tmp_path / "a", options) as archive:
        put(archive, sample())
        with pytest.raises(UsageError, match=r"has the index of the studies in '.*/a "):
            Archive(tmp_path / "b", options)
        assert archive.counts().instances == 1
    (tmp_path / "a").rename(tmp_path / "moved")
    with Archive(tmp_path / "moved", options) as archive:
        assert archive.counts().instances == 1


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:hidden%21@{}/there",
        "postgresql://me@{}/there?password=hidden!&sslmode=disable",
    ],
)
def test_a_password_is_never_shown(tmp_path: Path, server: PostgreSQL, address: str) -> None:
    index = DatabaseUrl(address.format(f"127.0.0.1:{server.port}"))
    with pytest.raises(MachineError) as caught:
        Archive(tmp_path, ArchiveOptions(index=index))
    assert "hidden" not in f"{caught.value} {caught.value.hint} {index!r} {index}"
    assert "•••" in str(caught.value)


def test_a_database_that_lacks_letters_is_refused(tmp_path: Path, server: PostgreSQL) -> None:
    url = server.create("latin_index", "-E", "LATIN1", "-T", "template0", "--locale=C")
    with pytest.raises(MachineError, match="keeps text as LATIN1"):
        Archive(tmp_path, ArchiveOptions(index=DatabaseUrl(url)))


def test_texts_of_any_length_and_with_zeros_are_kept_and_found(
    tmp_path: Path, indexed: Indexed
) -> None:
    long = "".join(chr(0x4E00 + n % 20000) for n in range(5000))
    with Archive(tmp_path, indexed()) as archive:
        put(
            archive,
            sample("1.2.1", SpecificCharacterSet="ISO_IR 192", PatientID=long, PatientName=long),
        )
        put(archive, sample("1.2.2", AccessionNumber="A\0B", PatientID=""))
        put(archive, sample("1.2.3", AccessionNumber="", PatientID=""))
        put(archive, sample("1.2.4", AccessionNumber="B\1\0C", PatientID=""))
        for keys, study in [
            ({"PatientID": long}, "1.2.1"),
            ({"PatientID": f"{long[:50]}*"}, "1.2.1"),
            ({"PatientName": f"{long[:50]}*"}, "1.2.1"),
            ({"AccessionNumber": "A\0B"}, "1.2.2"),
            ({"AccessionNumber": "A\0*"}, "1.2.2"),
            ({"AccessionNumber": "B\1\0C"}, "1.2.4"),
            ({"AccessionNumber": "*\1\0C"}, "1.2.4"),
        ]:
            (match,) = ask(archive, "STUDY", "study", identifier(StudyInstanceUID="", **keys))
            assert match.dataset().StudyInstanceUID == study
        (match,) = ask(
            archive, "STUDY", "study", identifier(AccessionNumber="", StudyInstanceUID="1.2.2")
        )
        assert match.dataset().AccessionNumber == "A\0B"

"""A backup is whole although files grow, and studies of the validator move on, while it is made."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from scenario_runner.database.engine import Database
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.trail import Trail
from scenario_runner.service.backup import back_up
from scenario_runner.service.permissions import LOCAL
from scenario_runner.service.restore import restore
from scenario_runner.service.validator.service import JOURNAL
from tests.service.validator.studies import IN_ORDER, file, names, running, sent

GROW = "import sys; file = open(sys.argv[1], 'ab', 0)\nwhile True: file.write(bytes(64))"


@contextmanager
def meanwhile(act: Callable[[], object], threads: int = 1) -> Iterator[None]:
    """Do something again and again; not before it was done once."""
    begun, stop = threading.Event(), threading.Event()

    def go_on() -> None:
        while not stop.is_set():
            act()
            begun.set()

    started = [threading.Thread(target=go_on) for _ in range(threads)]
    for one in started:
        one.start()
    try:
        assert begun.wait(60)
        yield
    finally:
        stop.set()
        for one in started:
            one.join()


def test_an_upload_that_grows_meanwhile_is_in_the_backup_as_far_as_it_had_come(
    tmp_path: Path,
) -> None:
    data, place = tmp_path / "data", tmp_path / "data" / "registry.sqlite3"
    with Database(place) as database:
        Trail(database).record(LOCAL, Activity.STARTED)
    growing = data / "resumable" / "one.data"
    growing.parent.mkdir()
    growing.touch()
    with subprocess.Popen([sys.executable, "-c", GROW, growing]) as writer:
        try:
            while not growing.stat().st_size:
                assert writer.poll() is None
            for number in range(4):  # it is a matter of microseconds
                done = back_up(data, place, tmp_path / f"{number}.tar", LOCAL)
                other = tmp_path / f"other{number}"
                back = restore(tmp_path / f"{number}.tar", other, other / place.name, LOCAL)
                assert back.bytes == done.bytes
                kept = (other / "resumable" / "one.data").stat().st_size
                assert 0 < kept < growing.stat().st_size
        finally:
            writer.kill()


def test_what_a_validator_was_at_work_on_goes_on_in_the_restored_one(tmp_path: Path) -> None:
    data, place = tmp_path / "data", tmp_path / "data" / "registry.sqlite3"
    with Database(place) as database:
        Trail(database).record(LOCAL, Activity.STARTED)
    content = file()
    with running(data / "validator") as service:
        for _ in range(40):
            sent(service, content)
        with meanwhile(lambda: sent(service, content), threads=8):
            back_up(data, place, tmp_path / "backup.tar", LOCAL)
    other = tmp_path / "other"
    restore(tmp_path / "backup.tar", other, other / place.name, LOCAL)
    folder = other / "validator"
    with closing(sqlite3.connect(folder / JOURNAL)) as journal:
        known = [study for (study,) in journal.execute("SELECT DISTINCT study FROM event")]
    assert len(known) > 40
    with running(folder) as service:
        until = time.monotonic() + 60
        for study in known:
            while names(service, study)[-1] != IN_ORDER[-1]:
                assert time.monotonic() < until, service.gateway.status(study)
                assert service.gateway.status(study)["status"] != "failed", study
                time.sleep(0.01)
            assert names(service, study) == IN_ORDER
            assert (folder / "studies" / study / "original.dcm").read_bytes() == content
        assert not list((folder / "work").iterdir())


def test_a_backup_is_for_nobody_but_who_made_it(tmp_path: Path) -> None:
    place = tmp_path / "data" / "registry.sqlite3"
    with Database(place) as database:
        Trail(database).record(LOCAL, Activity.STARTED)
    file = tmp_path / "backup.tar"
    back_up(place.parent, place, file, LOCAL)
    assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0
    assert {one.name for one in tmp_path.iterdir()} == {"data", "backup.tar"}

"""A PACS whose index is in a PostgreSQL: what its peers are told when that goes away, and two machines with one."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from io import BytesIO
from typing import TYPE_CHECKING

import psycopg
import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE

from scenario_runner.archive import server_line
from scenario_runner.archive.options import ArchiveOptions
from scenario_runner.database.location import DatabaseUrl, server_of
from scenario_runner.errors import UsageError
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import CT_IMAGE, EXPLICIT, Sample, sample
from tests.pacs.asking import only_asking
from tests.pacs.dicomweb.web import get
from tests.running import command, environment, fabricate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pynetdicom.association import Association

    from tests.peers.postgres import PostgreSQL

pytestmark = pytest.mark.peer

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
PATIENCE = 60.0


@contextlib.contextmanager
def asking(port: int) -> Iterator[Association]:
    ae = AE()
    ae.add_requested_context(CT_IMAGE, EXPLICIT)
    ae.add_requested_context(STUDY_ROOT_FIND)
    association = ae.associate("127.0.0.1", port)
    assert association.is_established
    with only_asking(association):
        yield association
    association.release()


def sent(association: Association, one: Sample) -> tuple[int, str]:
    """The status and comment of a C-STORE."""
    told = association.send_c_store(dcmread(BytesIO(one.file)))
    return told.Status, told.get("ErrorComment", "")


def found(association: Association) -> tuple[list[str], int, str]:
    """Studies by name, the last status, and its comment."""
    wanted = Dataset()
    wanted.QueryRetrieveLevel, wanted.StudyInstanceUID, wanted.PatientName = "STUDY", "", "CIT*"
    *matches, (last, _) = association.send_c_find(wanted, STUDY_ROOT_FIND)
    studies = [str(match.StudyInstanceUID) for _, match in matches if match is not None]
    return sorted(studies), last.Status, last.get("ErrorComment", "")


def test_a_server_that_goes_away_is_told_to_peers_and_nothing_is_acknowledged_meanwhile(
    tmp_path: Path, server: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_line, "_AGAIN", 0.0)
    index = DatabaseUrl(server.create("index_that_goes"))
    options = PacsOptions(archive=ArchiveOptions(index=index))
    with EmbeddedPacs(tmp_path, options=options) as pacs, asking(pacs.port) as association:
        url = pacs.open_web()
        assert sent(association, sample("1.2.3")) == (0x0000, "")
        server.stop("immediate")
        try:
            status, comment = sent(association, sample("1.2.4"))
            assert (status, comment[:55]) == (
                0xA700,
                "cannot store: the database of the index does not answer",
            )
            assert found(association)[:2] == ([], 0xA700)
            answer = get(url + "/studies")
            assert answer.status_code == 503
            assert "the database of the index does not answer" in answer.text
        finally:
            server.start()
        assert found(association) == (["1.2.3"], 0x0000, "")
        assert sent(association, sample("1.2.4")) == (0x0000, "")
        assert found(association) == (["1.2.3", "1.2.4"], 0x0000, "")
        assert get(url + "/studies").status_code == 200


@contextlib.contextmanager
def machine(folder: Path, *arguments: str) -> Iterator[tuple[int, Path]]:
    """``fabricate pacs serve`` with a folder of its own; gives its port, and what it has said."""
    log = folder.with_suffix(".log")
    with log.open("wb") as into:
        process = subprocess.Popen(
            command("pacs", "serve", "--folder", folder, "--port", "0", *arguments),
            env=environment(), stdout=into, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        until = time.monotonic() + PATIENCE
        while not (
            listens := re.search(r"listens on [\d.]+:(\d+), (.*)\n", log.read_text("utf-8"))
        ):
            assert process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < until, log.read_text("utf-8")
            time.sleep(0.05)
        yield int(listens[1]), log
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_two_machines_and_several_processes_have_one_index_and_one_store(
    tmp_path: Path, server: PostgreSQL
) -> None:
    server.admit_by_password("pacs", "not-to-be-shown")
    plain = server.create("index_of_two")
    with psycopg.connect(plain) as administrator:
        administrator.execute(f"CREATE SCHEMA {server_line.SCHEMA} AUTHORIZATION pacs")
    url = plain.replace("tester@", "pacs:not-to-be-shown@")
    shared = ("--store", (tmp_path / "store").as_uri(), "--index", url)
    with (
        machine(tmp_path / "a", *shared, "--processes", "2") as (first, log),
        machine(tmp_path / "b", *shared) as (second, _),
    ):
        with asking(first) as association:
            assert sent(association, sample("1.2.3")) == (0x0000, "")
        with asking(second) as association:
            assert found(association) == (["1.2.3"], 0x0000, "")
            assert sent(association, sample("1.2.4")) == (0x0000, "")
        with asking(first) as association:
            assert found(association) == (["1.2.3", "1.2.4"], 0x0000, "")
        said = log.read_text("utf-8")
        assert "not-to-be-shown" not in said
        assert f"their index in postgresql://pacs:•••@127.0.0.1:{server.port}/index_of_two" in said
    again = fabricate("pacs", "rebuild", tmp_path / "a", env={"FABRICATE_INDEX": url}).check()
    assert (again.out, again.err) == ("2 instances indexed\n", "")
    forgotten = fabricate("pacs", "rebuild", tmp_path / "b").check(2)
    assert "give --index postgresql://pacs:•••@" in forgotten.err
    assert "not-to-be-shown" not in forgotten.out + forgotten.err


@pytest.mark.parametrize("text", ["index.sqlite", "mysql://me@there/x", ":memory:"])
def test_an_index_elsewhere_than_on_a_postgresql_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        server_of(text, "--index")
    assert "postgresql://user@host/name" in str(caught.value.hint)

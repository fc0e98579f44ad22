"""C-MOVE to destinations of the table, asked for by movescu."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from pydicom import dcmread

from scenario_runner.pacs.options import Destination, PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import EXPLICIT, IMPLICIT, put, sample
from tests.peers.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.pacs.conftest import Dcmtk

pytestmark = pytest.mark.peer

STUDY = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3")


def pacs_knowing(folder: Path, **destinations: int) -> EmbeddedPacs:
    table = {title: Destination("127.0.0.1", port) for title, port in destinations.items()}
    return EmbeddedPacs(folder, options=PacsOptions(destinations=table))


@contextlib.contextmanager
def storescp(folder: Path, port: int, *options: str) -> Iterator[None]:
    """DCMTK's storescp, writing into a folder."""
    program = shutil.which("storescp")
    assert program is not None
    with subprocess.Popen([program, *options, "-od", str(folder), str(port)]) as server:
        time.sleep(0.3)
        try:
            yield
        finally:
            server.terminate()


def test_movescu_moves_a_study_to_itself(dcmtk: Dcmtk, tmp_path: Path) -> None:
    port = free_port()
    got = tmp_path / "got"
    got.mkdir()
    sent = [sample(number=n, series=n % 2 + 1) for n in range(1, 6)]
    with pacs_knowing(tmp_path / "pacs", WORKSTATION=port) as pacs:
        for one in sent:
            put(pacs.archive, one)
        run = dcmtk(
            "movescu", "-v", "-S", "-aet", "WORKSTATION", "-aem", "WORKSTATION", "+P", str(port),
            "-od", got, *STUDY, pacs.host, str(pacs.port),
        )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "Success" in run.stdout + run.stderr
    files = {str(ds.SOPInstanceUID): ds for ds in map(dcmread, got.iterdir())}
    assert len(files) == 5
    for one in sent:
        assert files[one.sop_instance_uid] == dcmread(BytesIO(one.file))


@pytest.mark.parametrize(("accepts", "stored"), [("+xi", EXPLICIT), ("+xe", IMPLICIT)])
def test_a_third_party_gets_what_it_can_read(
    dcmtk: Dcmtk, tmp_path: Path, accepts: str, stored: str
) -> None:
    port = free_port()
    got = tmp_path / "got"
    got.mkdir()
    one = sample(transfer_syntax=stored)
    with (
        pacs_knowing(tmp_path / "pacs", THIRD=port) as pacs,
        storescp(got, port, accepts),
    ):
        put(pacs.archive, one)
        run = dcmtk("movescu", "-S", "-aem", "THIRD", *STUDY, pacs.host, str(pacs.port))
        assert run.returncode == 0, run.stderr
    (file,) = got.iterdir()
    assert dcmread(file) == dcmread(BytesIO(one.file))


def test_an_unknown_destination_is_answered_with_a801(dcmtk: Dcmtk, tmp_path: Path) -> None:
    with pacs_knowing(tmp_path) as pacs:
        put(pacs.archive, sample())
        run = dcmtk("movescu", "-d", "-S", "-aem", "NOWHERE", *STUDY, pacs.host, str(pacs.port))
    told = (run.stdout + run.stderr).lower()
    assert "0xa801" in told
    assert "no destination is known as nowhere" in told


def test_a_destination_that_is_down_is_answered_with_the_failed_instances(
    dcmtk: Dcmtk, tmp_path: Path
) -> None:
    with pacs_knowing(tmp_path, DOWN=free_port()) as pacs:
        for number in (1, 2):
            put(pacs.archive, sample(number=number))
        run = dcmtk("movescu", "-d", "-S", "-aem", "DOWN", *STUDY, pacs.host, str(pacs.port))
    told = run.stdout + run.stderr
    assert "0xa702" in told.lower()
    assert "1.2.3.1.1\\1.2.3.1.2" in told


def test_one_pacs_moves_to_another(dcmtk: Dcmtk, tmp_path: Path) -> None:
    with (
        EmbeddedPacs(tmp_path / "b", ae_title="B") as b,
        pacs_knowing(tmp_path / "a", B=b.port) as a,
    ):
        for number in range(1, 21):
            put(a.archive, sample(number=number))
        run = dcmtk("movescu", "-S", "-aem", "B", *STUDY, a.host, str(a.port))
        assert run.returncode == 0, run.stderr
        assert b.archive.counts().instances == 20

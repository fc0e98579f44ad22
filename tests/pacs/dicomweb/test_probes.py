"""What a balancer asks of the embedded PACS: whether it answers, and whether it can work."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from scenario_runner.archive import server_line
from scenario_runner.archive.options import ArchiveOptions
from scenario_runner.database.location import DatabaseUrl
from scenario_runner.pacs import looking
from scenario_runner.pacs.fault_arguments import parse_faults
from scenario_runner.pacs.options import PacsOptions, WebOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.pacs.dicomweb.web import get

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.postgres import PostgreSQL


def test_a_probe_needs_no_login_and_is_told_nothing_else(tmp_path: Path) -> None:
    with EmbeddedPacs(tmp_path, options=PacsOptions(web=WebOptions(token="t0ken"))) as pacs:
        origin = pacs.open_web().removesuffix("/dicom-web")
        assert get(f"{origin}/dicom-web/studies").status_code == 401
        ready = get(f"{origin}/ready")
        assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
        assert ready.headers["cache-control"] == "no-store"
        assert get(f"{origin}/health").json() == {"status": "ok"}


def test_it_is_not_ready_while_nothing_can_be_stored_and_again_when_it_can(tmp_path: Path) -> None:
    with EmbeddedPacs(tmp_path) as pacs:
        origin = pacs.open_web().removesuffix("/dicom-web")
        incoming = pacs.archive.files.incoming
        away = incoming.rename(incoming.with_name("away"))
        told = get(f"{origin}/ready")
        assert (told.status_code, told.json()) == (503, {"status": "not-ready"})
        assert get(f"{origin}/health").status_code == 200
        away.rename(incoming)
        assert get(f"{origin}/ready").status_code == 200


def test_a_look_that_does_not_end_is_answered_and_had_once_for_all_who_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As at a database that stands still."""
    monkeypatch.setattr(looking, "PATIENCE", 0.05)
    looks: list[str] = []
    goes_on = threading.Event()
    with EmbeddedPacs(tmp_path) as pacs:
        origin = pacs.open_web().removesuffix("/dicom-web")
        check = pacs.archive.check

        def still() -> None:
            looks.append("look")
            assert goes_on.wait(60)
            check()

        try:
            with monkeypatch.context() as patched:
                patched.setattr(pacs.archive, "check", still)
                for _ in range(6):
                    assert get(f"{origin}/ready").status_code == 503
                assert looks == ["look"]
                assert get(f"{origin}/health").status_code == 200
        finally:
            goes_on.set()
        monkeypatch.setattr(looking, "PATIENCE", 60.0)
        assert get(f"{origin}/ready").status_code == 200


def test_it_is_not_ready_while_the_database_of_its_index_is_away(
    tmp_path: Path, server: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_line, "_AGAIN", 0.0)
    index = DatabaseUrl(server.create("index_that_is_probed"))
    options = PacsOptions(archive=ArchiveOptions(index=index))
    with EmbeddedPacs(tmp_path, options=options) as pacs:
        origin = pacs.open_web().removesuffix("/dicom-web")
        assert get(f"{origin}/ready").status_code == 200
        server.stop("immediate")
        try:
            assert get(f"{origin}/ready").status_code == 503
        finally:
            server.start()
        assert get(f"{origin}/ready").status_code == 200


def test_a_fault_on_purpose_does_not_take_it_out_of_service(tmp_path: Path) -> None:
    faults = parse_faults(["refuse=congestion"])
    with EmbeddedPacs(tmp_path, options=PacsOptions(faults=faults)) as pacs:
        origin = pacs.open_web().removesuffix("/dicom-web")
        assert get(f"{origin}/dicom-web/studies").status_code == 503
        assert get(f"{origin}/ready").status_code == 200

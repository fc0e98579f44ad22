"""What a balancer asks of the embedded PACS: whether it answers, and whether it can work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.pacs.fault_arguments import parse_faults
from scenario_runner.pacs.options import PacsOptions, WebOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.pacs.dicomweb.web import get

if TYPE_CHECKING:
    from pathlib import Path


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


def test_a_fault_on_purpose_does_not_take_it_out_of_service(tmp_path: Path) -> None:
    faults = parse_faults(["refuse=congestion"])
    with EmbeddedPacs(tmp_path, options=PacsOptions(faults=faults)) as pacs:
        origin = pacs.open_web().removesuffix("/dicom-web")
        assert get(f"{origin}/dicom-web/studies").status_code == 503
        assert get(f"{origin}/ready").status_code == 200

"""A PACS that goes away in the middle of work: each answer is in words, nothing is lost, nothing is there by half."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.peers.processes import Server, orthanc, orthanc_again
from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served
from tests.web.test_other_homes import site_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer

IMAGES = 80
PATIENCE = 120.0


def corrected(service: Served, name: str) -> Any:
    body = {"study_instance_uid": "1.6.70", "tags": {"PatientName": name}, "reason": "misspelt"}
    return service.client.post(f"{service.api}/modify-tags", json=body)


def killed_while_corrected(service: Served, peer: Server, name: str) -> Any:
    """The answer to a correction in whose middle, when it is written down as a whole, Orthanc is killed."""
    folder = service.data / "correcting"
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(corrected, service, name)
        until = time.monotonic() + PATIENCE
        while not [one for one in folder.iterdir() if one.suffix != ".part"]:
            assert not asked.done(), asked.result().text
            assert time.monotonic() < until
            time.sleep(0.002)
        os.kill(peer.pid, signal.SIGKILL)
        return asked.result(PATIENCE)


def test_a_correction_is_finished_when_the_pacs_is_back(tmp_path: Path) -> None:
    with orthanc(tmp_path) as peer:
        site = site_of(tmp_path, peer)
        with served(tmp_path / "data", "--site", site, "--pacs", "pacs") as service:
            files = [ct("1.6.70", number=number) for number in range(1, IMAGES + 1)]
            assert upload(service, *files).json()["status"] == "success"
            answer = killed_while_corrected(service, peer, "NOVAK^JANA")
            assert (answer.status_code, answer.json()["code"]) == (503, "correction-unfinished")
            for path in ("studies/1.6.70", "download/1.6.70", "thumbnail/1.6.70", "studies"):
                gone = service.client.get(f"{service.api}/{path}")
                assert (gone.status_code, gone.json()["code"]) == (502, "archive-failed"), path
            refused = service.client.delete(f"{service.api}/studies/1.6.70?reason=test")
            assert (refused.status_code, refused.json()["code"]) == (502, "archive-failed")
            with orthanc_again(peer):
                # Whoever asks first sees it whole.
                study = service.client.get(f"{service.api}/studies/1.6.70").json()
                assert study["number_of_instances"] == IMAGES
                assert study["patient_name"] == "NOVAK^JANA"
                assert [one["after"] for one in study["changes"]] == [{"PatientName": "NOVAK^JANA"}]
                again = corrected(service, "NOVAKOVA^JANA")
                assert (again.status_code, again.json()["instances"]) == (200, IMAGES)


def test_a_correction_is_finished_by_a_service_that_starts_before_the_pacs(tmp_path: Path) -> None:
    with orthanc(tmp_path) as peer:
        site = site_of(tmp_path, peer)
        options = ("--site", site, "--pacs", "pacs")
        with served(tmp_path / "data", *options) as service:
            files = [ct("1.6.70", number=number) for number in range(1, IMAGES + 1)]
            assert upload(service, *files).json()["status"] == "success"
            killed_while_corrected(service, peer, "NOVAK^JANA")
            service.kill()
        with served(tmp_path / "data", *options) as service:
            assert service.client.get(f"{service.url}/health").status_code == 200
            assert service.client.get(f"{service.url}/ready").status_code == 503
            with orthanc_again(peer):
                study = service.client.get(f"{service.api}/studies/1.6.70").json()
                assert (study["number_of_instances"], study["patient_name"]) == (
                    IMAGES, "NOVAK^JANA"
                )  # fmt: skip

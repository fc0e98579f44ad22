"""The server is killed in the middle of an upload: what was answered is whole, and no half study is listed."""

from __future__ import annotations

import http.client
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from scenario_runner.archive.archive import rebuild
from tests.web.imaging_files import ct, upload
from tests.web.served import served

if TYPE_CHECKING:
    from pathlib import Path

_FILES = 60
_BOUNDARY = "a-boundary-that-no-file-has"


def form(study: str) -> bytes:
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{n}"\r\n\r\n'.encode()
        + ct(study, number=n, size=128)
        + b"\r\n"
        for n in range(_FILES)
    ]
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


def post(url: str, body: bytes, kind: str) -> int | None:
    """Ask once; the status, or None where the connection broke before there was a whole answer."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    try:
        connection.request("POST", place.path, body, {"Content-Type": kind})
        with connection.getresponse() as response:
            response.read()
            return response.status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


@pytest.mark.timeout(600)
def test_after_a_kill_a_study_is_whole_or_not_there_and_the_log_says_which(tmp_path: Path) -> None:
    draw = random.Random(5)
    data = tmp_path / "data"
    acknowledged: list[str] = []
    seconds = 1.0
    for moment in range(8):
        study = f"1.7.{moment}"
        with served(data) as service:
            for earlier in acknowledged:
                found = service.client.get(f"{service.api}/studies/{earlier}").json()
                assert found["number_of_instances"] == _FILES
            for one in service.client.get(f"{service.api}/studies").json()["studies"]:
                assert one["number_of_instances"] == _FILES
            uploads = service.client.get(f"{service.api}/uploads").json()["uploads"]
            assert all(one["status"] != "receiving" for one in uploads)
            for one in uploads:
                kept = one["files"].get("success", 0)
                assert kept in (0, _FILES), one
            kind = f"multipart/form-data; boundary={_BOUNDARY}"
            with ThreadPoolExecutor(1) as sender:
                began = time.monotonic()
                status = sender.submit(post, f"{service.api}/upload-multiple", form(study), kind)
                if moment == 0:
                    status.result()
                    seconds = time.monotonic() - began
                else:
                    time.sleep(draw.uniform(0, 1.3) * seconds)
                service.kill()
            if status.result() == 201:
                acknowledged.append(study)
    assert acknowledged
    with served(data) as service:
        total = service.client.get(f"{service.api}/studies").json()["total"]
        for earlier in acknowledged:
            found = service.client.get(f"{service.api}/studies/{earlier}").json()
            assert found["number_of_instances"] == _FILES
    assert rebuild(data / "archive").instances == total * _FILES


@pytest.mark.timeout(600)
def test_after_a_kill_a_study_is_corrected_in_all_its_instances_or_in_none(tmp_path: Path) -> None:
    draw = random.Random(7)
    data = tmp_path / "data"
    with served(data) as service:
        upload(service, *(ct("1.7.99", number=n, size=256) for n in range(100)))
    seconds = 0.5
    for moment in range(4):
        with served(data) as service:
            (study,) = service.client.get(f"{service.api}/studies").json()["studies"]
            assert study["number_of_instances"] == 100
            logged = service.client.get(f"{service.api}/studies/1.7.99").json()["changes"]
            if logged:
                assert logged[-1]["after"]["PatientID"] == study["patient_id"]
            body = {"study_instance_uid": "1.7.99", "tags": {"PatientID": f"NEW{moment}"}}

            changed = json.dumps(body).encode()
            with ThreadPoolExecutor(1) as sender:
                began = time.monotonic()
                asked = sender.submit(
                    post, f"{service.api}/modify-tags", changed, "application/json"
                )
                if moment == 0:
                    assert asked.result() == 200
                    seconds = time.monotonic() - began
                else:
                    time.sleep(draw.uniform(0, 1.1) * seconds)
                service.kill()

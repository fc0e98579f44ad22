"""Whoever keeps the service running sees how it does, and sees nothing of patients."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import Response
from fastapi.routing import APIRoute

from scenario_runner.errors import MachineError
from scenario_runner.pacs import looking
from scenario_runner.service.meters import Meters
from scenario_runner.service.readiness import readiness
from scenario_runner.web.auth.allowed import anybody
from scenario_runner.web.operation.router import operation_router
from tests.web.auth.people import add, key, logged_in
from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("operation") / "data") as running:
        yield running


def number(metrics: str, name: str, **labels: str) -> float:
    """A number by its name and labels; 0 when it is not there."""
    told = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    line = "^" + re.escape(name + ("{" + told + "}" if told else "")) + r" (\S+)$"
    found = re.search(line, metrics, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_it_says_that_it_lives_and_can_do_its_work(service: Served) -> None:
    assert service.client.get(f"{service.url}/health").json() == {"status": "ok"}
    answer = service.client.get(f"{service.url}/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {"database": "ok", "archive": "ok", "disk": "ok"},
    }


def test_a_look_that_does_not_end_is_had_once_for_all_who_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Anybody may ask: were each to wait for a silent database, no thread would be left for anybody else."""
    monkeypatch.setattr(looking, "PATIENCE", 0.05)
    looks: list[str] = []
    goes_on = threading.Event()

    def silent() -> None:
        looks.append("look")
        assert goes_on.wait(60)

    router = operation_router(Meters(), {"database": silent}, observer=anybody())
    [route] = [one for one in router.routes if isinstance(one, APIRoute) and one.path == "/ready"]

    async def asked() -> list[Any]:
        return await asyncio.gather(*(route.endpoint(Response()) for _ in range(50)))

    try:
        answers = asyncio.run(asked())
    finally:
        goes_on.set()
    assert answers == [{"status": "not-ready", "checks": {"database": "failed"}}] * 50
    assert looks == ["look"]


def test_what_does_not_work_makes_it_not_ready_and_the_rest_is_asked_too() -> None:
    def broken() -> None:
        raise MachineError("the disk of Mr. CITIZEN is full")

    found = readiness({"database": broken, "archive": lambda: None, "broker": broken})
    assert not found.is_ready
    assert found.as_json() == {
        "status": "not-ready",
        "checks": {"database": "failed", "archive": "ok", "broker": "failed"},
    }


def test_an_archive_that_is_gone_is_told_by_ready_and_not_by_health(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with served(data) as service:
        data.rename(tmp_path / "elsewhere")
        answer = service.client.get(f"{service.url}/ready")
        assert answer.status_code == 503
        assert set(answer.json()["checks"].values()) == {"failed"}
        assert service.client.get(f"{service.api}/uploads").status_code == 503
        assert not data.exists(), "an empty one would be taken for all there was"
        assert service.client.get(f"{service.url}/health").status_code == 200
        (tmp_path / "elsewhere").rename(data)
        assert service.client.get(f"{service.url}/ready").status_code == 200


def test_a_database_that_is_gone_is_told_by_ready_and_no_empty_one_takes_its_place(
    tmp_path: Path,
) -> None:
    with served(tmp_path / "data") as service:
        assert upload(service, ct("1.2.3")).status_code == 201
        file, elsewhere = service.data / "registry.sqlite3", tmp_path / "elsewhere"
        file.rename(elsewhere)
        for _ in range(2):  # what is asked meanwhile makes it no better
            ready = service.client.get(f"{service.url}/ready")
            assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "failed")
            refused = upload(service, ct("1.2.4"))
            assert (refused.status_code, refused.json()["code"]) == (503, "cannot-be-kept")
        assert not file.exists()
        elsewhere.rename(file)
        assert service.client.get(f"{service.url}/ready").status_code == 200
        assert upload(service, ct("1.2.4")).status_code == 201


def test_the_numbers_count_uploads_bytes_errors_and_time(service: Served) -> None:
    file = ct("1.2.77")
    assert upload(service, file).status_code == 201
    upload(service, ("note.txt", b"no DICOM at all"))
    assert service.client.get(f"{service.api}/studies/9.9.9").status_code == 404
    answer = service.client.get(f"{service.url}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    text = answer.text
    assert number(text, "fabricator_uploads_total", status="success") >= 1
    assert number(text, "fabricator_uploads_total", status="failed") >= 1
    assert number(text, "fabricator_archive_instances") >= 1
    assert number(text, "fabricator_archive_bytes") >= len(file) / 2
    assert number(text, "fabricator_upload_received_bytes_total") >= len(file)
    assert number(text, "fabricator_errors_total", code="study-not-found") == 1
    route = "/api/v1/dicom/studies/{study_uid}"
    counted = number(
        text, "fabricator_http_requests_total", method="GET", route=route, status="404"
    )
    assert counted == 1
    for stage in ("receive", "keep", "match"):
        assert number(text, "fabricator_stage_seconds_count", stage=stage) >= 1
    assert "fabricator_judge_queue" in text
    assert "1.2.77" not in text


def test_paths_that_strangers_invent_do_not_become_labels(service: Served) -> None:
    for number_ in range(20):
        service.client.get(f"{service.url}/invented/{number_}")
    service.client.request("BREW", f"{service.url}/coffee")
    text = service.client.get(f"{service.url}/metrics").text
    assert "invented" not in text
    assert "BREW" not in text


def test_no_line_of_the_log_has_anything_of_a_patient_or_a_study(tmp_path: Path) -> None:
    data, secrets = tmp_path / "data", ("ZAPHOD", "BEEBLEBROX", "PID-4711", "ACC-4712", "1.2.9876")
    file = ct(
        "1.2.9876.5.4",
        PatientName="BEEBLEBROX^ZAPHOD",
        PatientID="PID-4711",
        AccessionNumber="ACC-4712",
    )
    with served(data, "--log-format", "json") as service:
        assert upload(service, ("BEEBLEBROX.dcm", file)).status_code == 201
        upload(service, ("BEEBLEBROX.dcm", file[:-40]))
        for path in (
            "studies/1.2.9876.5.4",
            "studies/patient/PID-4711",
            "studies/accession/ACC-4712",
            "studies/1.2.9876.5.5",
            "tags/1.2.9876.5.4",
            "studies?PatientName=BEEBLEBROX",
        ):
            service.client.get(f"{service.api}/{path}")
        service.client.get(f"{service.url}/dicom-web/studies?PatientID=PID-4711")
        service.client.get(f"{service.url}/dicom-web/studies/1.2.9876.5.4/metadata")
        service.client.get(f"{service.url}/BEEBLEBROX")
        service.client.delete(f"{service.api}/studies/1.2.9876.5.4?reason=BEEBLEBROX")
        assert service.stop() == 0
    log = (tmp_path / "data.log").read_text("utf-8")
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert len(lines) > 10
    assert {"at", "level", "logger", "message", "request", "route", "status"} <= set(lines[-1])
    for secret in secrets:
        assert secret not in log


def test_an_answer_can_be_found_in_the_log(tmp_path: Path) -> None:
    with served(tmp_path / "data", "--log-format", "json") as service:
        answer = service.client.get(f"{service.api}/studies")
        until = time.monotonic() + 60
        while answer.headers["x-request-id"] not in (tmp_path / "data.log").read_text("utf-8"):
            assert time.monotonic() < until
            time.sleep(0.02)


def test_what_is_under_way_ends_well_when_the_service_stops_and_nothing_new_begins(
    tmp_path: Path,
) -> None:
    with served(tmp_path / "data") as service:
        host, port = urlsplit(service.url).hostname or "", urlsplit(service.url).port or 0
        file = ct("1.2.88")
        body = (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.dcm"\r\n\r\n'
            + file
            + b"\r\n--x--\r\n"
        )
        connection = http.client.HTTPConnection(host, port, timeout=60)
        connection.putrequest("POST", "/api/v1/dicom/upload")
        connection.putheader("Content-Type", "multipart/form-data; boundary=x")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:500])
        _until_under_way(service)
        service.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                socket.create_connection((host, port), timeout=1).close()
            except OSError:
                break
            time.sleep(0.05)
        else:
            pytest.fail("it goes on taking connections")
        threading.Event().wait(0.3)
        connection.send(body[500:])
        answer = connection.getresponse()
        assert answer.status == 201
        assert json.loads(answer.read())["status"] == "success"
        connection.close()
        assert service.process.wait(30) == 0


def _until_under_way(service: Served) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        text = service.client.get(f"{service.url}/metrics").text
        if number(text, "fabricator_http_requests_under_way") >= 2:
            return
        time.sleep(0.02)
    pytest.fail("the upload does not begin")


def test_the_numbers_are_for_monitors_and_administrators_and_health_for_all(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    add(data, "boss", "admin")
    add(data, "joy", "nurse")
    add(data, "prometheus", "monitor")
    with served(data) as service:
        for path in ("/health", "/ready"):
            assert service.client.get(service.url + path).status_code == 200
        assert service.client.get(f"{service.url}/metrics").status_code == 401
        bearer = {"Authorization": f"Bearer {key(data, 'prometheus')}"}
        assert service.client.get(f"{service.url}/metrics", headers=bearer).status_code == 200
        assert service.client.get(f"{service.api}/studies", headers=bearer).status_code == 403
        with logged_in(service.url, "joy") as client:
            assert client.get("/metrics").status_code == 403

"""The validator of the imaging service asks the same people, and leaves the same trail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import fabricate
from tests.service.validator.studies import file
from tests.web.auth.people import add, logged_in
from tests.web.served import Served, served

MAY = {"boss": True, "doc": True, "tech": True, "joy": False, "ray": False}
ROLES = dict(zip(MAY, ("admin", "doctor", "technician", "nurse", "radiologist"), strict=True))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("roles") / "data"
    for name, role in ROLES.items():
        add(data, name, role)
    with served(data) as running:
        yield running


def test_without_a_login_nothing_is_taken_and_nothing_told(service: Served) -> None:
    answer = service.client.post(f"{service.url}/upload", files={"file": file()})
    assert answer.status_code == 401
    assert service.client.get(f"{service.url}/status/{'0' * 32}").status_code == 401


@pytest.mark.parametrize("name", MAY)
def test_who_may_upload_may_here_and_nobody_else(service: Served, name: str) -> None:
    with logged_in(service.url, name) as client:
        answer = client.post("/upload", files={"file": file()})
        assert answer.status_code == (201 if MAY[name] else 403), answer.text
        status = client.get(f"/status/{answer.json().get('study_id', '0' * 32)}").status_code
        assert status == (200 if MAY[name] else 404), "all of these may view"


def test_an_upload_is_in_the_audit_trail(service: Served) -> None:
    with logged_in(service.url, "tech") as client:
        study = client.post("/upload", files={"file": file(index=1)}).json()["study_id"]
    with logged_in(service.url, "boss") as client:
        document = client.get("/openapi.json").json()
    assert {"/upload", "/status/{study_id}"} <= set(document["paths"])
    data = service.data
    assert (data / "validator" / "studies" / study / "original.dcm").read_bytes() == file(index=1)
    trail = fabricate("audit", "list", "--data", data, "--format", "json")
    assert study in trail.out, trail


def test_the_metrics_tell_how_long_the_validator_took_and_what_waits(service: Served) -> None:
    with logged_in(service.url, "doc") as client:
        assert client.post("/upload", files={"file": file(index=2)}).status_code == 201
    with logged_in(service.url, "boss") as client:
        text = client.get("/metrics").text
    assert 'fabricator_stage_seconds_count{stage="validator_stored"}' in text
    assert "fabricator_validator_queue_descriptor 0.0" in text

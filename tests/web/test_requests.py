"""Requests as clients send them that have read no description: each is answered, and none is a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("imaging") / "data") as running:
        for study, patient, name, day in (
            ("1.8.1", "P1", "MÜLLER^ANNE", "20260131"),
            ("1.8.2", "P2", "SMITH^JOHN", "20260201"),
            ("1.8.3", "P3", "SMITH^ANNE", ""),
        ):
            data = ct(
                study,
                SpecificCharacterSet="ISO_IR 100",
                PatientID=patient,
                PatientName=name,
                StudyDate=day,
            )
            upload(running, data)
        yield running


@pytest.mark.parametrize("given", ["no-such-study", "1.2.3", "*", "1" * 200])
def test_a_study_nobody_knows_is_404_however_it_is_called(service: Served, given: str) -> None:
    api, client = service.api, service.client
    answers = [
        *(
            client.get(f"{api}/{one}/{given}")
            for one in ("studies", "tags", "download", "thumbnail", "viewer-url")
        ),
        client.delete(f"{api}/studies/{given}", params={"reason": "wrong patient"}),
        client.post(f"{api}/viewer-token", json={"study_instance_uid": given}),
        client.post(
            f"{api}/modify-tags", json={"study_instance_uid": given, "tags": {"PatientID": "A"}}
        ),
    ]
    assert [one.status_code for one in answers] == [404] * 8
    assert {one.json()["code"] for one in answers} == {"study-not-found"}


@pytest.mark.parametrize("text", ["\\ud800", "A\\u0000B"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("modify-tags", '{"study_instance_uid": "1.8.1", "tags": {"PatientID": "%s"}}'),
        ("modify-tags", '{"study_instance_uid": "1.8.1", "tags": {"%s": "A"}}'),
        (
            "modify-tags",
            '{"study_instance_uid": "1.8.1", "tags": {"PatientID": "A"}, "reason": "%s"}',
        ),
        ("../auth/login", '{"name": "%s", "password": "%s"}'),
    ],
)
def test_text_that_is_none_is_refused_and_fails_nobody(
    service: Served, path: str, body: str, text: str
) -> None:
    answer = service.client.post(
        f"{service.api}/{path}",
        content=body.replace("%s", text),
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


def test_a_text_that_is_too_long_is_called_that(service: Served) -> None:
    answer = service.client.get(f"{service.api}/studies", params={"patient_id": "x" * 1_001})
    assert answer.status_code == 422
    assert answer.json()["detail"] == "query.patient_id: String should have at most 1000 characters"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health", 200),
        ("/ready", 200),
        ("/metrics", 200),
        ("/docs", 200),
        ("/api/v1/dicom/studies", 200),
        ("/api/v1/dicom/download/1.8.1", 200),
        ("/api/v1/dicom/studies/nobody", 404),
        ("/api/v1/dicom/upload", 405),
    ],
)
def test_head_is_answered_as_get_without_a_body(service: Served, path: str, status: int) -> None:
    said = service.client.head(f"{service.url}{path}")
    told = service.client.get(f"{service.url}{path}")
    assert (said.status_code, told.status_code, said.content) == (status, status, b"")
    for name in ("content-type", "content-disposition"):
        assert said.headers.get(name) == told.headers.get(name)


@pytest.mark.parametrize(
    ("query", "studies"),
    [
        ({"patient_id": "P1"}, {"1.8.1"}),
        ({"patient_name": "smith"}, {"1.8.2", "1.8.3"}),
        ({"patient_name": "müller"}, {"1.8.1"}),
        ({"patient_name": "anne", "patient_id": "P3"}, {"1.8.3"}),
        ({"patient_name": "SMI*"}, {"1.8.2", "1.8.3"}),
        ({"patient_name": "%"}, set()),
        ({"modality": "ct"}, {"1.8.1", "1.8.2", "1.8.3"}),
        ({"modality": "MR"}, set()),
        ({"study_date": "20260131"}, {"1.8.1"}),
        ({"date_from": "2026-02-01"}, {"1.8.2"}),
        ({"date_to": "2026-01-31"}, {"1.8.1"}),
        ({"date_from": "2026-01-31", "date_to": "2026-02-01"}, {"1.8.1", "1.8.2"}),
        ({"date_from": "2026-02-01", "date_to": "2026-01-01"}, set()),
        ({"accession_number": "nobody's"}, set()),
        ({"patient_id": "", "modality": "", "date_from": ""}, {"1.8.1", "1.8.2", "1.8.3"}),
    ],
)
def test_studies_are_found_by_what_is_known_of_them(
    service: Served, query: dict[str, str], studies: set[str]
) -> None:
    found = service.client.get(f"{service.api}/studies", params=query).json()
    assert {one["study_instance_uid"] for one in found["studies"]} == studies
    assert found["total"] == len(studies)


def test_a_day_that_is_none_is_told_and_not_passed_over(service: Served) -> None:
    answer = service.client.get(f"{service.api}/studies", params={"date_from": "20260231"})
    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "query.date_from")


@pytest.mark.parametrize("path", ["modify-tags", "viewer-token"])
def test_a_form_where_json_is_read_is_told_so(service: Served, path: str) -> None:
    answer = service.client.post(f"{service.api}/{path}", data={"study_instance_uid": "1.8.1"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
    assert "application/json" in answer.json()["hint"]


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}])
def test_a_deletion_whose_body_has_no_reason_is_refused_for_that(
    service: Served, body: dict[str, Any]
) -> None:
    answer = service.client.request("DELETE", f"{service.api}/studies/1.8.1", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "reason-missing")


@pytest.mark.parametrize("tag", ["00080050", "(0008,0050)"])
def test_an_attribute_is_corrected_by_its_tag_too(service: Served, tag: str) -> None:
    body = {"study_instance_uid": "1.8.2", "tags": {tag: f"A{len(tag)}"}}
    told = service.client.post(f"{service.api}/modify-tags", json=body).json()
    assert told["after"] == {"AccessionNumber": f"A{len(tag)}"}
    assert told["study"]["accession_number"] == f"A{len(tag)}"


def test_a_file_in_another_field_of_the_validator_is_told_and_not_called_too_large(
    service: Served,
) -> None:
    answer = service.client.post(f"{service.url}/upload", files={"files": ("a.dcm", ct(size=300))})
    assert (answer.status_code, answer.json()["code"]) == (400, "no-file")
    assert "'files'" in answer.json()["detail"]


@pytest.mark.filterwarnings("ignore:.*VR UI")  # that is what it is about
@pytest.mark.parametrize("study", ["a1f3-hash_of.it", "1.02.3", "1." + "2" * 70])
def test_a_study_whose_uid_is_none_by_the_standard_is_reached_and_deleted(
    service: Served, study: str
) -> None:
    assert upload(service, ct(study)).json()["status"] == "success"
    api, client = service.api, service.client
    answers = [
        client.get(f"{api}/{one}/{study}")
        for one in ("studies", "tags", "download", "thumbnail", "viewer-url")
    ]
    answers.append(client.delete(f"{api}/studies/{study}", params={"reason": "a test"}))
    assert [one.status_code for one in answers] == [200] * 6


def test_who_asks_what_a_download_would_be_has_not_downloaded_the_study(service: Served) -> None:
    url = f"{service.api}/download/1.8.3"
    assert service.client.head(url).status_code == 200
    assert service.client.get(url).status_code == 200
    history = service.client.get(f"{service.api}/studies/1.8.3").json()["history"]
    assert [one["what"] for one in history] == ["uploaded", "viewed", "downloaded", "viewed"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "", 404, "not-found"),
        ("GET", "/nothing", 404, "not-found"),
        ("PUT", "/studies", 405, "method-not-allowed"),
        ("GET", "/studies/1.2.999/metadata", 404, "not-found"),
        ("GET", "/studies?limit=x", 400, "malformed-request"),
        ("POST", "/studies", 415, "unsupported-media-type"),
        ("DELETE", "/studies/1.8.3", 422, "reason-missing"),
    ],
)
def test_an_error_of_dicomweb_is_a_problem_with_a_code_as_any_other(
    service: Served, method: str, path: str, status: int, code: str
) -> None:
    answer = service.client.request(method, f"{service.url}/dicom-web{path}")
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
    assert told["detail"]

"""Requests as clients send them that have read no description: each is answered, and none is a failure."""

from __future__ import annotations

import gzip
import http.client
import json
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
        ("/api/v1/dicom/studies/1.8.1/", 200),
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


def test_an_attribute_that_is_named_twice_is_refused(service: Served) -> None:
    tags = {"AccessionNumber": "A1", "00080050": "A2"}
    body = {"study_instance_uid": "1.8.2", "tags": tags}
    answer = service.client.post(f"{service.api}/modify-tags", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-value")


def test_json_without_a_content_type_is_read_as_what_it_is(service: Served) -> None:
    answer = service.client.post(
        f"{service.api}/viewer-token", content=b'{"study_instance_uid": "1.8.1"}'
    )
    assert answer.status_code == 201


@pytest.mark.parametrize("path", ["validate", "read-tags", "upload"])
def test_two_files_where_one_is_taken_are_refused(service: Served, path: str) -> None:
    files = [("file", (name, ct("1.8.9"))) for name in ("a.dcm", "b.dcm")]
    answer = service.client.post(f"{service.api}/{path}", files=files)
    assert (answer.status_code, answer.json()["code"]) == (422, "one-file-only")


_CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.compress,
    "x-gzip": lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
    "deflate": zlib.compress,
    "Deflate": lambda data: zlib.compress(data)[2:-4],  # as some have understood the name
}


@pytest.mark.parametrize("coding", _CODINGS)
def test_a_body_is_read_in_the_coding_it_says(service: Served, coding: str) -> None:
    data = ct(size=1_500)
    form = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n%s\r\n--b--\r\n'
    )
    headers = {"Content-Encoding": coding, "Content-Type": "multipart/form-data; boundary=b"}
    packed = _CODINGS[coding](form % data)
    answer = service.client.post(f"{service.api}/read-tags", content=packed, headers=headers)
    assert answer.status_code == 200, answer.text
    rows = [one for one in answer.json()["tags"] if one["keyword"] == "Rows"]
    assert rows[0]["value"] == ["1500"]


@pytest.mark.parametrize(
    ("coding", "body", "status", "code"),
    [
        ("br", b"{}", 415, "other-coding"),
        ("gzip, gzip", b"{}", 415, "other-coding"),
        ("gzip", b"{}", 400, "damaged-coding"),
        ("gzip", gzip.compress(b"{}" * 99)[:20], 400, "damaged-coding"),
        ("gzip", gzip.compress(b" " * (5 << 20)), 413, "body-too-large"),
        ("identity", b" " * (5 << 20), 413, "body-too-large"),
    ],
    # A packed body holds the time of day, and names of tests must not.
    ids=["unknown", "twice", "none", "cut", "inflated", "plain"],
)
@pytest.mark.parametrize("path", ["dicom/modify-tags", "auth/login"])
def test_a_body_that_cannot_be_held_is_refused_before_anybody_is_known(
    service: Served, path: str, coding: str, body: bytes, status: int, code: str
) -> None:
    headers = {"Content-Encoding": coding, "Content-Type": "application/json"}
    answer = service.client.post(f"{service.url}/api/v1/{path}", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("path", ["dicom/modify-tags", "dicom/viewer-token", "auth/login"])
def test_a_body_that_says_it_cannot_be_held_is_refused_before_it_comes(
    service: Served, path: str
) -> None:
    place = urlsplit(service.url)
    with closing(http.client.HTTPConnection(place.hostname or "", place.port, timeout=15)) as peer:
        peer.putrequest("POST", f"/api/v1/{path}")
        peer.putheader("Content-Type", "application/json")
        peer.putheader("Content-Length", str(4 << 30))
        peer.endheaders(b"{   ")
        answer = peer.getresponse()
        assert (answer.status, json.loads(answer.read())["code"]) == (413, "body-too-large")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("studies/1.8.1", "GET, HEAD, DELETE, OPTIONS"),
        ("studies/1.8.1/", "GET, HEAD, DELETE, OPTIONS"),
        ("upload", "POST, OPTIONS"),
    ],
)
def test_an_address_says_what_it_may_be_asked(service: Served, path: str, allowed: str) -> None:
    said = service.client.options(f"{service.api}/{path}")
    assert (said.status_code, said.headers["allow"], said.content) == (204, allowed, b"")
    refused = service.client.patch(f"{service.api}/{path}")
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    assert service.client.options(f"{service.api}/nothing").status_code == 404


@pytest.mark.parametrize("part", ["objects", "incoming"])
def test_an_archive_that_is_gone_is_told_and_not_called_a_failure(
    service: Served, part: str
) -> None:
    api, client = service.api, service.client
    there = service.data / "archive" / part
    away = there.rename(there.with_name("away"))
    try:
        file = {"file": ("a", ct("1.8.9"))}
        answers = (
            [
                client.get(f"{api}/tags/1.8.2"),
                client.get(f"{api}/download/1.8.2"),
                client.post(
                    f"{api}/modify-tags",
                    json={"study_instance_uid": "1.8.2", "tags": {"PatientID": "P"}},
                ),
                client.get(f"{service.url}/dicom-web/studies/1.8.2/metadata"),
            ]
            if part == "objects"
            else [
                client.get(f"{service.url}/ready"),
                client.post(f"{api}/upload", files=file),
                client.post(f"{api}/upload-zip", files=file),
                client.post(f"{api}/validate", files=file),
            ]
        )
        wanted = [503, 503, 503, 410] if part == "objects" else [503] * 4
        assert [one.status_code for one in answers] == wanted
        assert "No such file or directory" in answers[1].json()["detail"]
    finally:
        away.rename(there)
    assert client.get(f"{api}/download/1.8.2").status_code == 200


def test_an_upload_is_found_by_the_patient_its_study_is_of_now(service: Served) -> None:
    upload(service, ct("1.8.7", PatientID="WRONG"))
    body = {"study_instance_uid": "1.8.7", "tags": {"PatientID": "RIGHT/7"}}
    assert service.client.post(f"{service.api}/modify-tags", json=body).status_code == 200
    found = [
        service.client.get(f"{service.api}/uploads/patient/{one}").json()["total"]
        for one in ("WRONG", "RIGHT/7")
    ]
    assert found == [0, 1]
    # Other tests of this file count what there is.
    gone = service.client.delete(f"{service.api}/studies/1.8.7?reason=test")
    assert gone.status_code == 200


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

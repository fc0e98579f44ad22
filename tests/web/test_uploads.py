"""Uploads over HTTP: each file has its result, what was stored is stored once, and nothing slips in."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.archive.samples import sample
from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("imaging") / "data") as running:
        yield running


def problem(answer: Any, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code


def test_a_file_is_stored_and_its_study_is_described_as_promised(service: Served) -> None:
    answer = upload(service, ("one.dcm", ct("1.2.10")))
    assert answer.status_code == 201
    told = answer.json()
    assert list(told) == ["upload_id", "status", "files", "studies"]
    assert told["status"] == "success"
    assert told["files"] == [
        {
            "name": "one.dcm",
            "status": "success",
            "sop_instance_uid": "1.2.10.1.1",
            "study_instance_uid": "1.2.10",
            "error": None,
        }
    ]
    (study,) = told["studies"]
    assert study.pop("match").keys() >= {"patient", "order", "score"}
    assert study == {
        "study_instance_uid": "1.2.10",
        "patient_id": "PID1",
        "patient_name": "CITIZEN^JANE",
        "accession_number": "A0001",
        "modality": "CT",
        "number_of_series": 1,
        "number_of_instances": 1,
    }
    log = service.client.get(f"{service.api}/uploads/{told['upload_id']}").json()
    assert (log["status"], log["files"][0]["name"]) == ("success", "one.dcm")
    assert service.client.get(f"{service.url}/dicom-web/studies/1.2.10").status_code == 200


def test_the_same_file_twice_is_said_and_stored_once(service: Served) -> None:
    upload(service, ct("1.2.11"))
    again = upload(service, ct("1.2.11"), ct("1.2.11")).json()
    assert again["status"] == "success"
    assert [one["status"] for one in again["files"]] == ["duplicate", "duplicate"]
    assert again["studies"][0]["number_of_instances"] == 1


def test_another_image_under_a_uid_that_is_taken_is_refused_and_the_first_stays(
    service: Served,
) -> None:
    upload(service, ct("1.2.12"))
    told = upload(service, ct("1.2.12", StudyDescription="other")).json()
    assert told["status"] == "failed"
    assert "another instance" in told["files"][0]["error"]
    study = service.client.get(f"{service.api}/studies/1.2.12").json()
    assert (study["number_of_instances"], study["study_description"]) == (1, "")


def test_no_study_gets_images_of_a_second_patient(service: Served) -> None:
    upload(service, ct("1.2.13"))
    told = upload(service, ct("1.2.13", number=2, PatientID="PID2"), ct("1.2.13", number=3)).json()
    assert [one["status"] for one in told["files"]] == ["failed", "success"]
    assert "another ID" in told["files"][0]["error"]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("notes.txt", b"hello" * 100, "not a DICOM file"),
        ("picture.jpg", b"\xff\xd8\xff\xe0" + bytes(500), "a JPEG picture"),
        ("page.html", b"<html>" + bytes(500), "markup"),
        ("empty.dcm", b"", "empty"),
        ("cut.dcm", ct("1.2.14")[:-40], "damaged"),
        ("head.dcm", ct("1.2.14")[:200], "damaged"),
        ("garbage.dcm", bytes(128) + b"DICM" + b"\x08\x00\xff" * 99, "damaged"),
    ],
)
def test_what_is_no_whole_image_is_told_in_words_and_the_others_are_stored(
    service: Served, name: str, data: bytes, words: str
) -> None:
    told = upload(service, (name, data), ct("1.2.15")).json()
    bad, good = told["files"]
    assert (bad["name"], bad["status"]) == (name, "failed")
    assert words in bad["error"]
    assert good["status"] in ("success", "duplicate")
    assert told["status"] == "partial"


def test_a_file_without_preamble_and_meta_is_taken(service: Served) -> None:
    bare = sample("1.2.16", transfer_syntax="1.2.840.10008.1.2").data
    assert upload(service, bare).json()["status"] == "success"


def test_what_failed_can_be_sent_again_alone(service: Served) -> None:
    first = upload(service, ct("1.2.17"), ct("1.2.17", number=2)[:-10]).json()
    assert first["status"] == "partial"
    again = upload(service, ct("1.2.17", number=2)).json()
    assert again["status"] == "success"
    assert again["studies"][0]["number_of_instances"] == 2


def test_what_the_standard_has_against_a_file_is_in_the_log(service: Served) -> None:
    told = upload(service, ct("1.2.18", PatientSex="X")).json()
    until = time.monotonic() + 30
    findings = None
    while findings is None and time.monotonic() < until:
        log = service.client.get(f"{service.api}/uploads/{told['upload_id']}").json()
        findings = log["files"][0]["findings"]
        time.sleep(0.05)
    assert findings
    assert any(one["attribute"] == "PatientSex" for one in findings)


def test_requests_that_are_no_upload_are_problems(service: Served) -> None:
    client, url = service.client, f"{service.api}/upload"
    problem(client.post(url), 415, "no-form")
    problem(client.post(url, json={}), 415, "no-form")
    problem(client.post(url, files={"other": ("a", b"b")}), 422, "no-file")
    form = {"content-type": "multipart/form-data; boundary=x"}
    problem(client.post(url, content=b"nothing", headers=form), 400, "no-form")
    problem(
        client.post(url, content=b"", headers={"content-type": "multipart/form-data"}),
        400,
        "no-boundary",
    )
    problem(upload(service, ct(), ct(), to="upload"), 422, "one-file-only")
    problem(client.post(f"{url}?upload_id=7", files={"file": ("a", b"b")}), 422, "no-upload-id")
    problem(client.get(f"{service.api}/uploads/none"), 404, "upload-not-found")


def test_four_gigabytes_that_are_announced_are_refused_before_they_are_sent(
    service: Served,
) -> None:
    place = urlsplit(service.api)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    connection.putrequest("POST", f"{place.path}/upload")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(4 << 30))
    connection.endheaders()
    connection.send(b"--x\r")
    answer = connection.getresponse()
    assert answer.status == 413
    connection.close()


def test_five_hundred_and_one_files_are_too_many_and_none_is_stored(service: Served) -> None:
    before = service.client.get(f"{service.api}/studies").json()["total"]
    many = [ct("1.2.19", number=n, size=1) for n in range(501)]
    problem(upload(service, *many), 413, "too-many-files")
    assert service.client.get(f"{service.api}/studies").json()["total"] == before


def test_uploads_are_listed_by_patient(service: Served) -> None:
    upload(service, ct("1.2.20", PatientID="A/B?C"))
    found = service.client.get(f"{service.api}/uploads/patient/A%2FB%3FC").json()
    assert found["total"] == 1
    assert found["uploads"][0]["studies"][0]["study_instance_uid"] == "1.2.20"
    assert service.client.get(f"{service.api}/uploads?limit=1").json()["total"] > 5


def test_a_study_is_found_by_each_number_and_goes_with_a_reason_only(service: Served) -> None:
    upload(service, ct("1.2.21", PatientID="P21", AccessionNumber="ACC/21"))
    client, api = service.client, service.api
    for path in ("patient/P21", "accession/ACC%2F21"):
        found = client.get(f"{api}/studies/{path}").json()
        assert [one["study_instance_uid"] for one in found["studies"]] == ["1.2.21"]
    assert client.get(f"{api}/studies/order/NONE").json()["total"] == 0
    problem(client.delete(f"{api}/studies/1.2.21"), 422, "reason-missing")
    gone = client.delete(f"{api}/studies/1.2.21", params={"reason": "wrong patient"})
    assert gone.json()["status"] == "deleted"
    problem(client.get(f"{api}/studies/1.2.21"), 404, "study-not-found")
    problem(
        client.delete(f"{api}/studies/1.2.21", params={"reason": "again"}), 404, "study-not-found"
    )
    problem(client.get(f"{api}/studies/x"), 404, "study-not-found")


def test_the_history_of_a_study_says_what_was_done_with_it(service: Served) -> None:
    upload(service, ct("1.2.22"))
    service.client.get(f"{service.api}/studies/1.2.22")
    history = service.client.get(f"{service.api}/studies/1.2.22").json()["history"]
    assert [one["what"] for one in history] == ["uploaded", "viewed", "viewed"]
    assert {one["who"] for one in history} == {"local"}


def test_values_that_no_database_can_be_asked_for_keep_nobody_from_uploading(
    service: Served,
) -> None:
    data = ct("1.3.90", PatientID="P\0Q", PatientName="SMI\0TH^AN\0NE", AccessionNumber="A\0B")
    told = upload(service, data)
    assert (told.status_code, told.json()["status"]) == (201, "success")
    upload_id = told.json()["upload_id"]
    log = service.client.get(f"{service.api}/uploads/{upload_id}").json()
    assert log["status"] == "success"
    assert service.client.get(f"{service.api}/studies/1.3.90").status_code == 200

"""Studies that come over DICOMweb are uploads as any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.pacs.dicomweb.web import BOUNDARY, STOW_TYPE
from tests.pacs.dicomweb.web import body as parts
from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("stow") / "data") as running:
        yield running


def stow(service: Served, *files: bytes, study: str = "") -> httpx2.Response:
    url = f"{service.url}/dicom-web/studies{study and '/' + study}"
    return service.client.post(url, content=parts(files), headers={"Content-Type": STOW_TYPE})


def last_upload(service: Served) -> dict[str, Any]:
    (newest,) = service.client.get(f"{service.api}/uploads", params={"limit": 1}).json()["uploads"]
    found: dict[str, Any] = service.client.get(
        f"{service.api}/uploads/{newest['upload_id']}"
    ).json()
    return found


def reasons(answer: httpx2.Response) -> list[int]:
    return [one["00081197"]["Value"][0] for one in answer.json()["00081198"]["Value"]]


def test_what_a_modality_sends_over_dicomweb_is_in_the_list_of_uploads_and_matched(
    service: Served,
) -> None:
    answer = stow(service, ct("1.9.1"), ct("1.9.1", number=2))
    assert answer.status_code == 200
    assert len(answer.json()["00081199"]["Value"]) == 2
    record = last_upload(service)
    assert (record["kind"], record["status"], len(record["files"])) == ("stow", "success", 2)
    assert record["studies"][0]["match"]["reasons"]
    history = service.client.get(f"{service.api}/studies/1.9.1").json()["history"]
    assert [one["what"] for one in history if one["what"] == "uploaded"] == ["uploaded"]
    again = stow(service, ct("1.9.1"))
    assert (again.status_code, last_upload(service)["files"][0]["status"]) == (200, "duplicate")


def test_what_is_not_stored_over_dicomweb_is_told_by_instance_and_in_the_upload(
    service: Served,
) -> None:
    upload(service, ct("1.9.2", PatientID="P1"))
    answer = stow(
        service,
        ct("1.9.2", number=1, PatientID="P1", Rows=7),
        ct("1.9.2", number=2, PatientID="P2"),
        ct("1.9.3", number=3, PatientID="P1"),
        ct("1.9.2", number=4, PatientID="P1"),
        ct("1.9.2", number=5, PatientID="P1")[:-2],
        study="1.9.2",
    )
    assert answer.status_code == 202
    assert reasons(answer) == [0x0111, 0x0110, 0xA900, 0xC000]
    assert [one["code"] for one in last_upload(service)["files"]] == [
        "other-instance", "other-patient", "other-study", None, "damaged",
    ]  # fmt: skip
    assert service.client.get(f"{service.api}/studies/1.9.3").status_code == 404


def test_a_message_that_ends_in_the_middle_stores_nothing_and_is_a_failed_upload(
    service: Served,
) -> None:
    whole = parts([ct("1.9.4"), ct("1.9.4", number=2)])
    for body, status in ((whole[:-400], 400), (b"--" + BOUNDARY.encode() + b"--\r\n", 400)):
        url, headers = f"{service.url}/dicom-web/studies", {"Content-Type": STOW_TYPE}
        answer = service.client.post(url, content=body, headers=headers)
        assert answer.status_code == status, answer.text
        assert last_upload(service)["status"] == "failed"
    assert service.client.get(f"{service.api}/studies/1.9.4").status_code == 404

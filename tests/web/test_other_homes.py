"""The same service on a real Orthanc and a real PostgreSQL, which has the index of its studies, too: what a user does is the same there."""

from __future__ import annotations

import io
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.pacs.dicomweb.web import STOW_TYPE
from tests.pacs.dicomweb.web import body as parts
from tests.peers.postgres import postgresql
from tests.peers.processes import orthanc
from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.peers.processes import Server

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module", params=["orthanc", "postgresql"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "postgresql":
        with postgresql() as server:
            url = server.create("imaging")
            with served(folder / "data", "--database", url, "--index", url) as running:
                yield running
                assert not (folder / "data" / "archive" / "index.sqlite").exists()
        return
    with orthanc(folder) as peer:
        site = site_of(folder, peer)
        with served(folder / "data", "--site", site, "--pacs", "pacs") as running:
            yield running


def site_of(folder: Path, peer: Server) -> Path:
    """A site file with this Orthanc as its PACS."""
    site = folder / "site.yaml"
    site.write_text(
        "schema: site/v1\nname: north\ntargets:\n  pacs:\n    environment: test\n"
        f"    dicom: {{host: {peer.host}, port: {peer.port}, ae_title: {peer.ae_title}}}\n"
        f"    orthanc: {{url: '{peer.http}'}}\n",
        encoding="utf-8",
    )
    return site


def test_what_is_uploaded_is_found_corrected_given_out_and_deleted(service: Served) -> None:
    client, api = service.client, service.api
    told = upload(
        service, *(ct("1.6.1", series=s, number=n) for s in (1, 2) for n in (1, 2))
    ).json()
    assert told["status"] == "success"
    (study,) = told["studies"]
    assert (study["number_of_series"], study["number_of_instances"]) == (2, 4)
    assert (study["modality"], study["patient_name"]) == ("CT", "CITIZEN^JANE")
    again = upload(service, ct("1.6.1"), b"no image").json()
    assert [one["status"] for one in again["files"]] == ["duplicate", "failed"]
    log = client.get(f"{api}/uploads/{told['upload_id']}").json()
    assert len(log["files"]) == 4

    for path in ("patient/PID1", "accession/A0001"):
        found = client.get(f"{api}/studies/{path}").json()
        assert [one["study_instance_uid"] for one in found["studies"]] == ["1.6.1"]
    assert client.get(f"{api}/studies").json()["total"] == 1
    assert client.get(f"{api}/studies/patient/PID*").json()["total"] == 0
    detail = client.get(f"{api}/studies/1.6.1").json()
    assert [len(one["instances"]) for one in detail["series"]] == [2, 2]
    tags = client.get(f"{api}/tags/1.6.1").json()["tags"]
    assert any(one["keyword"] == "PatientName" for one in tags)
    assert client.get(f"{api}/thumbnail/1.6.1").headers["content-type"] == "image/jpeg"

    changed = client.post(
        f"{api}/modify-tags",
        json={
            "study_instance_uid": "1.6.1",
            "tags": {"PatientID": "PID2", "PatientName": "NOVÁK^JANA"},
        },
    )
    assert (changed.status_code, changed.json().get("instances")) == (200, 4), changed.text
    found = client.get(f"{api}/studies/patient/PID2").json()["studies"]
    assert [(one["number_of_instances"], one["patient_name"]) for one in found] == [
        (4, "NOVÁK^JANA")
    ]
    assert client.get(f"{api}/studies/patient/PID1").json()["total"] == 0

    with zipfile.ZipFile(io.BytesIO(client.get(f"{api}/download/1.6.1").content)) as archive:
        assert len(archive.namelist()) == 5
    gone = client.delete(f"{api}/studies/1.6.1", params={"reason": "test"})
    assert gone.json()["status"] == "deleted"
    assert client.get(f"{api}/studies/1.6.1").status_code == 404
    assert client.delete(f"{api}/studies/1.6.1", params={"reason": "test"}).status_code == 404


def test_a_viewer_gets_by_dicomweb_what_the_pacs_keeps_and_no_stale_copy(service: Served) -> None:
    client, web = service.client, f"{service.url}/dicom-web"
    files = [ct("1.6.2", series=s, size=16, PatientName="MÜLLER^ANNE", SpecificCharacterSet="ISO_IR 100")
             for s in (1, 2)]  # fmt: skip
    stored = client.post(
        f"{web}/studies", content=parts(files), headers={"Content-Type": STOW_TYPE}
    )
    assert (stored.status_code, len(stored.json()["00081199"]["Value"])) == (200, 2)
    (found,) = client.get(f"{web}/studies", params={"StudyInstanceUID": "1.6.2"}).json()
    assert found["00100010"]["Value"][0]["Alphabetic"] == "MÜLLER^ANNE"
    assert found["00081190"]["Value"] == [f"{web}/studies/1.6.2"]
    series = client.get(f"{web}/studies/1.6.2/series").json()
    assert sorted(one["0020000E"]["Value"][0] for one in series) == ["1.6.2.1", "1.6.2.2"]
    place = f"{web}/studies/1.6.2/series/1.6.2.1/instances"
    (image,) = client.get(place).json()
    assert image["00080018"]["Value"] == ["1.6.2.1.1"]
    assert len(client.get(f"{web}/studies/1.6.2/metadata").json()) == 2
    frame = client.get(
        f"{place}/1.6.2.1.1/frames/1", headers={"Accept": "application/octet-stream"}
    )
    assert (frame.status_code, len(frame.content)) == (200, 2 * 16 * 16)

    tags = {"PatientName": "NOVÁK^JANA"}
    body = {"study_instance_uid": "1.6.2", "tags": tags}
    assert client.post(f"{service.api}/modify-tags", json=body).status_code == 200
    names = {
        one["00100010"]["Value"][0]["Alphabetic"]
        for one in client.get(f"{web}/studies/1.6.2/metadata").json()
    }
    assert names == {"NOVÁK^JANA"}
    assert client.delete(f"{web}/studies/1.6.2", params={"reason": "test"}).status_code == 204
    assert client.get(f"{web}/studies/1.6.2/metadata").status_code == 404
    assert client.get(f"{web}/studies", params={"StudyInstanceUID": "1.6.2"}).json() == []


def test_hostile_values_and_odd_requests_are_answered_there_too(service: Served) -> None:
    client, api = service.client, service.api
    data = ct(
        "1.6.90",
        StudyDate="20260131",
        PatientID="P\0Q",
        PatientName="SMI\0TH^ANNE",
        AccessionNumber="A\0B",
    )
    told = upload(service, ("a\0b.dcm", data))
    assert (told.status_code, told.json()["status"]) == (201, "success")
    for query in (
        {"patient_name": "smi"},
        {"modality": "CT"},
        {"date_from": "2026-01-31", "date_to": "2026-01-31"},
        {"date_to": "2026-01-31"},
    ):
        found = client.get(f"{api}/studies", params=query).json()
        assert "1.6.90" in {one["study_instance_uid"] for one in found["studies"]}, query
    for path in ("studies/*", "studies/patient/%00", "uploads/%00", "studies/order/%00"):
        assert client.get(f"{api}/{path}").status_code in (404, 422), path
    answer = client.delete(f"{api}/studies/1.6.90", params={"reason": "a\0b"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert client.delete(f"{api}/studies/1.6.90?reason=test").status_code == 200


def test_five_who_upload_the_same_study_at_once_are_all_told_that_it_is_kept(
    service: Served,
) -> None:
    def send(number: int) -> list[int]:
        return [
            upload(service, ct("1.6.91", series=number, number=image)).status_code
            for image in range(1, 7)
        ]

    with ThreadPoolExecutor(5) as pool:
        told = list(pool.map(send, range(1, 6)))
    assert told == [[201] * 6] * 5
    (study,) = service.client.get(
        f"{service.api}/studies", params={"accession_number": "A0001"}
    ).json()["studies"][:1]
    assert (study["study_instance_uid"], study["number_of_instances"]) == ("1.6.91", 30)


def test_of_uploads_at_once_under_one_id_one_is_taken(service: Served) -> None:
    chosen, data = str(uuid.uuid4()), ct("1.6.92")

    def send(_: int) -> int:
        return upload(service, data, to=f"upload?upload_id={chosen}").status_code

    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(send, range(5))) == [201, 409, 409, 409, 409]


def test_a_pacs_that_is_gone_is_told_by_ready_and_by_each_answer(tmp_path: Path) -> None:
    with ExitStack() as leaving:
        with orthanc(tmp_path) as peer:
            site = site_of(tmp_path, peer)
            running = leaving.enter_context(
                served(tmp_path / "data", "--site", site, "--pacs", "pacs")
            )
            ready = running.client.get(f"{running.url}/ready")
            assert (ready.status_code, ready.json()["checks"]["archive"]) == (200, "ok")
        ready = running.client.get(f"{running.url}/ready")
        assert (ready.status_code, ready.json()["checks"]["archive"]) == (503, "failed")
        assert running.client.get(f"{running.url}/health").status_code == 200
        for answer in (
            running.client.get(f"{running.api}/studies"),
            upload(running, ct("1.6.95")),
        ):
            assert (answer.status_code, answer.json()["code"]) == (502, "archive-failed")

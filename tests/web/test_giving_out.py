"""Studies given out: as an archive that other programs read, as a picture, and to a viewer."""

from __future__ import annotations

import io
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pydicom
import pytest
from PIL import Image
from pydicom.fileset import FileSet

from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("imaging") / "data") as running:
        yield running


@pytest.mark.peer
def test_a_study_is_downloaded_with_a_dicomdir_that_pydicom_and_dcmtk_read(
    service: Served, tmp_path: Path
) -> None:
    files = [
        ct(
            "1.5.1",
            series=s,
            number=n,
            PatientName="MÜLLER^ANNE",
            SpecificCharacterSet="ISO_IR 100",
        )
        for s in (1, 2)
        for n in (1, 2, 3)
    ]
    upload(service, *files)
    answer = service.client.get(f"{service.api}/download/1.5.1")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    found = FileSet(tmp_path / "DICOMDIR")
    assert len(found) == 6
    assert found.find_values("PatientName") == ["MÜLLER^ANNE"]
    for one in found:
        assert pydicom.dcmread(one.path).SOPInstanceUID == one.SOPInstanceUID
    found._stage["t"].cleanup()  # it does so itself only with a warning
    dumped = subprocess.run(
        ["dcmdump", "+P", "DirectoryRecordType", str(tmp_path / "DICOMDIR")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    kinds = [line.split("[")[1].split("]")[0] for line in dumped.stdout.splitlines()]
    assert kinds == ["PATIENT", "STUDY", *(["SERIES"] + ["IMAGE"] * 3) * 2]
    judged = subprocess.run(
        ["dciodvfy", str(tmp_path / "DICOMDIR")], capture_output=True, text=True, check=False
    )
    assert "Error" not in judged.stdout + judged.stderr


def test_a_picture_is_small_and_is_another_one_when_the_study_has_changed(service: Served) -> None:
    upload(service, ct("1.5.2", size=600))
    url = f"{service.api}/thumbnail/1.5.2"
    answer = service.client.get(url)
    assert answer.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).size == (256, 256)
    small = service.client.get(url, params={"size": 32})
    assert Image.open(io.BytesIO(small.content)).size == (32, 32)
    assert service.client.get(url).content == answer.content
    assert service.client.get(url, params={"size": 1000}).status_code == 422


def test_thumbnails_of_a_list_are_one_look_at_each_study(service: Served) -> None:
    upload(service, ct("1.5.7"))
    for size in (64, 64, 160):
        url = f"{service.api}/thumbnail/1.5.7?size={size}"
        assert service.client.get(url).status_code == 200
    history = service.client.get(f"{service.api}/studies/1.5.7").json()["history"]
    assert [one["what"] for one in history] == ["uploaded", "viewed", "viewed"]
    assert history[1]["detail"] == {"thumbnail": 64}


def test_a_study_without_an_image_has_no_picture(service: Served) -> None:
    upload(service, ct("1.5.3", size=1, Rows=0))
    answer = service.client.get(f"{service.api}/thumbnail/1.5.3")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-image")


def test_a_token_shows_its_study_in_the_viewer(service: Served) -> None:
    upload(service, ct("1.5.4"))
    url = service.client.get(f"{service.api}/viewer-url/1.5.4").json()["url"]
    assert url == f"{service.url}/viewer?StudyInstanceUIDs=1.5.4"
    made = service.client.post(
        f"{service.api}/viewer-token", json={"study_instance_uid": "1.5.4", "seconds": 60}
    )
    assert made.status_code == 201
    assert made.json()["token"] in made.json()["url"]


def test_what_is_not_there_is_given_to_nobody(service: Served) -> None:
    for path in ("download", "thumbnail", "viewer-url"):
        answer = service.client.get(f"{service.api}/{path}/1.5.99")
        assert (answer.status_code, answer.json()["code"]) == (404, "study-not-found")
    made = service.client.post(f"{service.api}/viewer-token", json={"study_instance_uid": "1.5.99"})
    assert made.status_code == 404


def test_an_instance_is_had_by_a_link_as_it_is_or_as_a_picture(service: Served) -> None:
    file = ct("1.5.5", size=64)
    upload(service, file)
    asked = {
        "requestType": "WADO",
        "studyUID": "1.5.5",
        "seriesUID": "1.5.5.1",
        "objectUID": "1.5.5.1.1",
    }
    url = f"{service.url}/wado"
    whole = service.client.get(url, params={**asked, "contentType": "application/dicom"})
    assert (whole.headers["content-type"], whole.content) == ("application/dicom", file)
    shown = service.client.get(url, params={**asked, "rows": 32})
    assert Image.open(io.BytesIO(shown.content)).size == (32, 32)
    png = service.client.get(url, params={**asked, "contentType": "image/png"})
    assert Image.open(io.BytesIO(png.content)).format == "PNG"
    for wrong, status in (
        ({"objectUID": "1.9"}, 404), ({"seriesUID": "1.9"}, 404), ({"contentType": "text/xml"}, 422),
        ({"requestType": "X"}, 422), ({"frameNumber": 7}, 422),
    ):  # fmt: skip
        assert service.client.get(url, params={**asked, **wrong}).status_code == status

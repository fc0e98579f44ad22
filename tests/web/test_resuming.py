"""An upload that broke off goes on where it was, also when the service was killed meanwhile."""

from __future__ import annotations

import base64
import io
import socket
import zipfile
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.web.auth.people import add, key
from tests.web.imaging_files import ct
from tests.web.served import Served, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx2

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resuming") / "data"
    for name in ("doctor", "technician"):
        add(folder, name, name)
    return folder


@pytest.fixture(scope="module")
def service(data: Path) -> Iterator[Served]:
    with served(data) as running:
        running.client.headers["Authorization"] = f"Bearer {key(data, 'doctor')}"
        yield running


def begin(service: Served, size: int, name: str = "a.dcm") -> str:
    metadata = f"filename {base64.b64encode(name.encode()).decode()},filetype YQ=="
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata}
    answer = service.client.post(f"{service.api}/uploads/resumable", headers=headers)
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "0"), answer.text
    assert answer.headers["upload-expires"].endswith("GMT")
    return service.url + answer.headers["location"]


def go_on(service: Served, place: str, offset: int, content: bytes) -> httpx2.Response:
    headers = {**BYTES, "Upload-Offset": str(offset)}
    return service.client.patch(place, content=content, headers=headers)


def offset_of(service: Served, place: str) -> int:
    said = service.client.head(place, headers=TUS)
    assert (said.status_code, said.headers["cache-control"]) == (200, "no-store")
    return int(said.headers["upload-offset"])


def broken_off(service: Served, place: str, content: bytes, says: int) -> None:
    """Announce more than is sent, and hang up."""
    url = urlsplit(place)
    with socket.create_connection((url.hostname or "", url.port or 0), 60) as connection:
        head = [f"PATCH {url.path} HTTP/1.1", f"Host: {url.netloc}", f"Content-Length: {says}"]
        head += [f"{name}: {value}" for name, value in BYTES.items()]
        head += ["Upload-Offset: 0", f"Authorization: {service.client.headers['authorization']}"]
        connection.sendall("\r\n".join([*head, "", ""]).encode() + content)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass


def record(service: Served, place: str) -> dict[str, Any]:
    number = service.client.get(place, headers=TUS).json()["upload_id"]
    found: dict[str, Any] = service.client.get(f"{service.api}/uploads/{number}").json()
    return found


def test_an_upload_that_broke_off_goes_on_where_it_was_and_is_stored_once_all_is_there(
    service: Served,
) -> None:
    file = ct("1.10.1", size=1400)
    place = begin(service, len(file), "Röntgen.dcm")
    broken_off(service, place, file[: 3 << 20], len(file))
    at = offset_of(service, place)
    assert 0 < at <= 3 << 20
    assert go_on(service, place, at + 1, file[at + 1 :]).status_code == 409
    assert service.client.get(f"{service.api}/studies/1.10.1").status_code == 404
    done = go_on(service, place, at, file[at:])
    assert (done.status_code, done.headers["upload-offset"]) == (204, str(len(file)))
    assert offset_of(service, place) == len(file)
    told = record(service, place)
    assert (told["kind"], told["status"], told["files"][0]["name"]) == (
        "resumable", "success", "Röntgen.dcm",
    )  # fmt: skip
    assert service.client.get(f"{service.api}/studies/1.10.1").json()["number_of_instances"] == 1
    assert go_on(service, place, len(file), b"").status_code == 204
    assert not list((service.folder / "data" / "resumable").glob("*.data"))


def test_a_zip_comes_in_pieces_too_and_what_is_no_image_is_told(service: Served) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in (1, 2):
            archive.writestr(f"{number}.dcm", ct("1.10.2", number=number))
    packed = stream.getvalue()
    place = begin(service, len(packed), "study.zip")
    for at in range(0, len(packed), 300):
        assert go_on(service, place, at, packed[at : at + 300]).status_code == 204
    assert [one["status"] for one in record(service, place)["files"]] == ["success"] * 2
    place = begin(service, 5)
    assert go_on(service, place, 0, b"HELLO").status_code == 204
    told = record(service, place)
    assert (told["status"], told["files"][0]["code"]) == ("failed", "not-dicom")
    place = begin(service, 9, "bomb.zip")
    assert go_on(service, place, 0, b"PK\3\4 none").status_code == 422


def test_what_is_asked_wrongly_is_refused_and_changes_nothing(service: Served, data: Path) -> None:
    client, url = service.client, f"{service.api}/uploads/resumable"
    assert client.post(url, headers={"Upload-Length": "5"}).status_code == 412
    for length, status in (("-1", 400), ("x", 400), (str(1 << 50), 413), (None, 400)):
        headers = {**TUS, **({"Upload-Length": length} if length else {})}
        assert client.post(url, headers=headers).status_code == status
    place = begin(service, 10)
    wrong = [
        (go_on(service, place, 0, b"x" * 11), 413, "upload-too-large"),
        (go_on(service, place, 3, b"x"), 409, "other-offset"),
        (client.patch(place, content=b"x", headers={**TUS, "Upload-Offset": "0"}), 415, "no-bytes"),
        (client.patch(place, content=b"x", headers=BYTES), 400, "no-number"),
        (client.get(f"{url}/..%2f..%2fregistry", headers=TUS), 404, None),
    ]
    for answer, status, code in wrong:
        assert answer.status_code == status, answer.text
        assert code in (None, answer.json()["code"])
        assert answer.headers["content-type"] == "application/problem+json"
    assert offset_of(service, place) == 0
    stranger = {**TUS, "Authorization": f"Bearer {key(data, 'technician')}"}
    for answer in (client.head(place, headers=stranger), client.delete(place, headers=stranger)):
        assert answer.status_code == 404
    assert client.delete(place, headers=TUS).status_code == 204
    assert client.head(place, headers=TUS).status_code == 404
    offered = client.options(url)
    assert (offered.status_code, offered.headers["tus-version"]) == (204, "1.0.0")


def test_the_service_may_be_killed_in_between(data: Path, service: Served, tmp_path: Path) -> None:
    file = ct("1.10.3", size=200)
    with served(tmp_path / "data") as first:
        place = urlsplit(begin(first, len(file))).path
        assert go_on(first, first.url + place, 0, file[:1000]).status_code == 204
        first.kill()
    with served(tmp_path / "data") as second:
        assert offset_of(second, second.url + place) == 1000
        assert go_on(second, second.url + place, 1000, file[1000:]).status_code == 204
        assert second.client.get(f"{second.api}/studies/1.10.3").status_code == 200

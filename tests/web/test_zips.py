"""Archives over HTTP: what is in them is stored, and what is prepared to harm ends in words."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("imaging") / "data") as running:
        yield running


def packed(*members: tuple[str | zipfile.ZipInfo, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", how) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def sent(service: Served, data: bytes) -> dict[str, Any]:
    answer = upload(service, ("study.zip", data), to="upload-zip")
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_images_are_stored_and_what_lies_beside_them_is_told(service: Served) -> None:
    told = sent(
        service,
        packed(
            ("DICOM/A/IM1", ct("1.3.1")),
            ("DICOM/A/IM2", ct("1.3.1", number=2)),
            ("README.TXT", b"open me" * 99),
            ("__MACOSX/._IM1", b"x"),
            ("folder/", b""),
        ),
    )
    assert told["status"] == "success"
    assert [(one["name"], one["status"]) for one in told["files"]] == [
        ("DICOM/A/IM1", "success"),
        ("DICOM/A/IM2", "success"),
        ("README.TXT", "skipped"),
    ]
    assert told["studies"][0]["number_of_instances"] == 2


def test_archives_in_archives_are_opened_but_not_for_ever(service: Served) -> None:
    inner = packed(("a.dcm", ct("1.3.2")))
    for _ in range(2):
        inner = packed(("in.zip", inner))
    assert sent(service, inner)["files"][0]["name"] == "in.zip/in.zip/a.dcm"
    for _ in range(4):
        inner = packed(("in.zip", inner))
    (told,) = sent(service, inner)["files"]
    assert "too deep" in told["error"]


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("passwd.dcm")
    info.external_attr = 0o120777 << 16
    return info


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../../outside.dcm", "leads out"),
        ("/etc/outside.dcm", "leads out"),
        ("C:\\outside.dcm", "leads out"),
        ("a/..\\..\\outside.dcm", "leads out"),
        (link(), "a link"),
    ],
)
def test_names_that_lead_out_and_links_are_refused(
    service: Served, name: str | zipfile.ZipInfo, words: str
) -> None:
    told = sent(service, packed((name, ct("1.3.3")), ("good.dcm", ct("1.3.4"))))
    assert told["status"] == "partial"
    assert words in told["files"][0]["error"]
    assert told["files"][1]["status"] in ("success", "duplicate")


def test_a_member_that_explodes_is_refused_and_the_others_are_stored(service: Served) -> None:
    bomb = packed(("bomb.dcm", bytes(40 << 20)), ("good.dcm", ct("1.3.5")))
    told = sent(service, bomb)
    assert [one["status"] for one in told["files"]] == ["failed", "success"]
    assert "times as large" in told["files"][0]["error"]


def test_a_member_without_a_name_is_refused_and_the_others_are_stored(service: Served) -> None:
    whole = packed(("nameless", b"x" * 200), ("good.dcm", ct("1.3.4.7")))
    told = sent(service, whole.replace(b"nameless", b"\0ameless"))
    assert [one["status"] for one in told["files"]] == ["failed", "success"]
    assert told["files"][0]["error"] == "it has no name"


def test_members_that_share_bytes_are_refused(service: Served) -> None:
    data = bytearray(packed(("a.dcm", ct("1.3.6")), how=zipfile.ZIP_STORED))
    end = data.rindex(b"PK\5\6")
    directory = data.index(b"PK\1\2")
    entry = bytes(data[directory:end])
    fields = list(struct.unpack("<4s4H2LH", data[end : end + 22]))
    fields[3] = fields[4] = 5
    fields[5] = len(entry) * 5
    overlapping = bytes(data[:directory]) + entry * 5 + struct.pack("<4s4H2LH", *fields)
    answer = upload(service, ("a.zip", overlapping), to="upload-zip")
    assert (answer.status_code, answer.json()["code"]) == (422, "bomb")


def test_a_damaged_member_and_an_encrypted_one_are_told(service: Served) -> None:
    whole = bytearray(
        packed(("a.dcm", ct("1.3.7")), ("b.dcm", ct("1.3.8")), how=zipfile.ZIP_STORED)
    )
    whole[300] ^= 0xFF
    told = sent(service, bytes(whole))
    assert [one["status"] for one in told["files"]] == ["failed", "success"]
    assert "CRC" in told["files"][0]["error"]
    locked = bytearray(packed(("a.dcm", ct("1.3.9"))))
    locked[6] |= 1
    locked[locked.index(b"PK\1\2") + 8] |= 1
    assert "encrypted" in sent(service, bytes(locked))["files"][0]["error"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\3\4",
        b"no zip at all" * 99,
        packed(("a.dcm", b"x"))[:-30],
        b"PK\5\6" + b"\xff" * 18,
    ],
    ids=["nothing", "a beginning", "no zip", "cut", "a directory beyond its end"],
)
def test_what_is_no_archive_is_a_problem(service: Served, data: bytes) -> None:
    answer = upload(service, ("a.zip", data), to="upload-zip")
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] in ("no-zip", "no-file")


def test_an_archive_without_its_first_byte_stores_what_is_whole(service: Served) -> None:
    whole = packed(("a.dcm", ct("1.3.8")), ("b.dcm", ct("1.3.9")), how=zipfile.ZIP_STORED)
    first, second = sent(service, whole[1:])["files"]
    assert "before the archive" in first["error"]
    assert (second["name"], second["status"]) == ("b.dcm", "success")


def test_a_64_bit_directory_that_is_nowhere_is_a_problem(service: Served) -> None:
    end = bytearray(packed(("a.dcm", b"x")))
    at = end.rindex(b"PK\5\6")
    end[at + 12 : at + 20] = b"\xff" * 8
    locator = b"PK\6\7" + struct.pack("<LQL", 0, 2**64 - 1, 1)
    answer = upload(
        service, ("study.zip", bytes(end[:at]) + locator + bytes(end[at:])), to="upload-zip"
    )
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "no-zip"


def test_more_members_than_an_upload_may_have_are_refused_and_none_is_stored(
    service: Served,
) -> None:
    data = packed(*((f"{n}.dcm", ct("1.3.10", number=n, size=1)) for n in range(501)))
    answer = upload(service, ("a.zip", data), to="upload-zip")
    assert (answer.status_code, answer.json()["code"]) == (413, "too-many-files")
    assert service.client.get(f"{service.api}/studies/1.3.10").status_code == 404


def test_nothing_is_left_of_refused_archives(service: Served) -> None:
    assert list(service.folder.rglob("incoming/*.part")) == []

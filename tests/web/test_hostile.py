"""Uploads and requests that mean harm: each is answered in words, nothing is stored, and nothing is left behind."""

from __future__ import annotations

import io
import json
import socket
import stat
import struct
import zipfile
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from scenario_runner.dicom.dictionary import tag_of
from tests.archive.samples import IMPLICIT, sample
from tests.web.imaging_files import ct
from tests.web.served import Served, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

STUDY = "1.11.1"
B = b"hostile"
FORM = "multipart/form-data; boundary=hostile"
DEFLATED = "1.2.840.10008.1.2.1.99"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("hostile") / "data") as running:
        yield running
        # After all of them: it lives, keeps nothing, and has left nothing lying about.
        assert running.client.get(f"{running.url}/ready").status_code == 200
        assert running.client.get(f"{running.api}/studies").json()["total"] == 0
        data = running.folder / "data"
        left = [one for part in ("incoming", "additions", "removals", "objects")
                for one in (data / "archive" / part).rglob("*") if one.is_file()]  # fmt: skip
        assert not left
        assert sorted(one.name for one in running.folder.iterdir()) == ["data", "data.log"]
        assert "Traceback" not in (running.folder / "data.log").read_text("utf-8")


def require_refused(answer: httpx2.Response) -> None:
    """A problem document, or an upload of which nothing is kept and everything explained."""
    if answer.status_code == 201:
        told = answer.json()
        assert (told["status"], told["studies"]) == ("failed", [])
        assert all(one["error"] for one in told["files"])
        return
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"]
    assert answer.json()["detail"]


def part(content: bytes, head: bytes = b'form-data; name="file"; filename="a"') -> bytes:
    return b"--" + B + b"\r\nContent-Disposition: " + head + b"\r\n\r\n" + content + b"\r\n"


def whole(content: bytes) -> bytes:
    return part(content) + b"--" + B + b"--\r\n"


def element(group: int, number: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    size = len(value) if length is None else length
    if vr in (b"OB", b"OW", b"SQ", b"UN", b"UT"):
        return struct.pack("<HH2sHI", group, number, vr, 0, size) + value
    return struct.pack("<HH2sH", group, number, vr, size) + value


def named(keyword: str, uid: str) -> bytes:
    """A file with another UID, which may be none; File Meta Information says what it did."""
    given: dict[str, Any] = {keyword: "1.2.3.4444"}
    file, tag = (
        ct(STUDY, **given),
        struct.pack("<HH", *divmod(tag_of(keyword), 1 << 16)),
    )
    place = file.index(tag + b"UI", 300)
    size = struct.unpack_from("<H", file, place + 6)[0]
    value = uid.encode() + b"\0" * (len(uid) % 2)
    return (
        file[:place]
        + element(*divmod(tag_of(keyword), 1 << 16), b"UI", value)
        + file[place + 8 + size :]
    )


def damaged() -> dict[str, bytes]:
    """DICOM files, no one of them whole."""
    file = ct(STUDY)
    head = file[: len(file) - 128 - 12]  # up to the pixels
    cuts = {f"cut at {at}": file[:at] for at in (1, 127, 128, 131, 132, 140, 144, 200, 300, -1)}
    flipped = {
        f"length {length:x} of the pixels": head + element(0x7FE0, 0x10, b"OW", b"\0" * 128, length)
        for length in (130, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
    }
    nested = b"".join(
        struct.pack("<HH2sHI", 0x40, 0xA730, b"SQ", 0, 0xFFFFFFFF) + b"\xfe\xff\0\xe0\xff\xff\xff\xff"
        for _ in range(5_000)
    )  # fmt: skip
    deflating = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = deflating.compress(bytes(64 << 20)) + deflating.flush()
    meta = sample(STUDY, transfer_syntax=DEFLATED).file
    start = 144 + struct.unpack_from("<L", meta, 140)[0]
    return cuts | flipped | {
        "nested without end": head + nested,
        "no VR": head + b"\xe0\x7f\x10\x00\0\0\0\0" + b"\0" * 128,
        "VR of control characters": head + b"\xe0\x7f\x10\x00\1\2\4\0abcd",
        "fragments that end nowhere": head + element(0x7FE0, 0x10, b"OB", b"\xfe\xff\0\xe0\4\0\0\0abcd", 0xFFFFFFFF),
        "bomb in deflated": meta[:start] + bomb,
        "deflated that is not": meta[:start] + b"this is not compressed by anything",
        "meta that says nothing": b"\0" * 128 + b"DICM",
        "preamble of a program": b"MZ" + bytes(126) + b"DICM" + bytes(500),
        "implicit and cut": sample(STUDY, transfer_syntax=IMPLICIT).file[:-3],
        "zeros": bytes(4096), "ones": b"\xff" * 4096, "nothing": b"",
        "JPEG": b"\xff\xd8\xff\xe0" + bytes(64), "PDF": b"%PDF-1.7\n", "HTML": b"<script>alert(1)</script>",
        "DICOMDIR of nothing": b"\0" * 128 + b"DICM" + element(2, 2, b"UI", b"1.2.840.10008.1.3.10\0\0"),
    } | {
        f"{keyword} is {uid!r}": named(keyword, uid)
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
        for uid in ("", "../../../etc/passwd", "1.2\\1.3", "<b>1</b>", "1.2.3 OR 1=1", "%2e%2e", "*", "1.2\x003")
    }  # fmt: skip


def lying_zip(content: bytes = b"x" * 40, **info: Any) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        one = zipfile.ZipInfo(info.pop("name", "a.dcm"))
        for name, value in info.items():
            setattr(one, name, value)
        archive.writestr(one, content)
    return stream.getvalue()


def patched(data: bytes, marker: bytes, at: int, value: bytes) -> bytes:
    place = data.index(marker) + at
    return data[:place] + value + data[place + len(value) :]


def archives() -> dict[str, bytes]:
    """Zip archives that lie, climb, grow, or are none."""
    plain = lying_zip(ct(STUDY)[:-2])
    deep = ct(STUDY)
    for _ in range(5):
        deep = lying_zip(deep, name="in.zip")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("bomb.dcm", bytes(40 << 20))
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(600):
            archive.writestr(f"{number}.txt", b"")
    names = {
        f"named {name!r}": lying_zip(name=name)
        for name in ("/etc/passwd", "../../a", "C:\\a", "..\\..\\a", "a" * 5_000, "a\nb", "\u202ea", "con")
    }  # fmt: skip
    end = plain.index(b"PK\5\6")
    return names | {
        "link": lying_zip(b"/etc/passwd", external_attr=(stat.S_IFLNK | 0o777) << 16),
        "device": lying_zip(external_attr=(stat.S_IFCHR | 0o666) << 16),
        "encrypted": patched(patched(plain, b"PK\1\2", 8, b"\1\0"), b"PK\3\4", 6, b"\1\0"),
        "method nobody has": patched(patched(plain, b"PK\1\2", 10, b"\x63\0"), b"PK\3\4", 8, b"\x63\0"),
        "wrong CRC": patched(plain, b"PK\1\2", 16, b"\1\2\3\4"),
        "size of four gigabytes": patched(plain, b"PK\1\2", 24, b"\xfe\xff\xff\xff"),
        "member elsewhere": patched(plain, b"PK\1\2", 42, b"\xff\xff\xff\x7f"),
        "directory elsewhere": patched(plain, b"PK\5\6", 16, b"\xff\xff\xff\x7f"),
        "directory of four gigabytes": patched(plain, b"PK\5\6", 12, b"\xfe\xff\xff\x7f"),
        "more members than there are": patched(plain, b"PK\5\6", 8, b"\xfe\xff\xfe\xff"),
        "64 bits that lie": plain[:end] + b"PK\6\6" + b"\xff" * 52 + b"PK\6\7" + b"\xff" * 16 + plain[end:],
        "cut": plain[: len(plain) // 2], "no end": plain[:-22], "only an end": plain[-22:],
        "empty archive": b"PK\5\6" + bytes(18), "only its name": b"PK\3\4", "text": b"no zip", "nothing": b"",
        "deep in archives": deep, "bomb": stream.getvalue(), "six hundred members": many.getvalue(),
        "7z": b"7z\xbc\xaf\x27\x1c", "RAR": b"Rar!\x1a\x07", "gzip": b"\x1f\x8b\x08", "tar": bytes(1024),
    }  # fmt: skip


def forms() -> dict[str, tuple[str, bytes]]:
    """Bodies that are no form, or one that nobody should hold."""
    good = whole(b"x")
    return {
        "no type": ("", good), "JSON": ("application/json", b"{}"),
        "no boundary": ("multipart/form-data", good),
        "empty boundary": ('multipart/form-data; boundary=""', good),
        "boundary of control characters": ('multipart/form-data; boundary="\x01"', good),
        "boundary too long": (f"multipart/form-data; boundary={'b' * 300}", good),
        "another boundary": ("multipart/form-data; boundary=other", good),
        "related": ("multipart/related; boundary=hostile", good),
        "nothing": (FORM, b""), "no part": (FORM, b"--hostile--\r\n"),
        "no end": (FORM, part(b"x")), "ends in a head": (FORM, b"--hostile\r\nContent-Dis"),
        "no disposition": (FORM, b"--hostile\r\n\r\nx\r\n--hostile--\r\n"),
        "disposition of nothing": (FORM, part(b"x", b"") + b"--hostile--\r\n"),
        "no colon": (FORM, b"--hostile\r\nnonsense\r\n\r\nx\r\n--hostile--\r\n"),
        "head without end": (FORM, b"--hostile\r\nX: " + b"y" * 40_000),
        "preamble without end": (FORM, b"y" * 200_000),
        "another field": (FORM, part(b"x", b'form-data; name="other"; filename="a"') + b"--hostile--\r\n"),
        "field too long": (FORM, part(b"y" * 40_000, b'form-data; name="note"') + b"--hostile--\r\n"),
        "ten thousand fields": (FORM, part(b"", b'form-data; name="n"') * 10_000 + b"--hostile--\r\n"),
        "text behind a boundary": (FORM, b"--hostilex\r\n\r\n\r\n--hostile--\r\n"),
        "two in one": (FORM, part(b"x") + part(b"y") + b"--hostile--\r\n"),
        "name of NUL": (FORM, part(b"x", b'form-data; name="file"; filename="\0"') + b"--hostile--\r\n"),
        "name that climbs": (FORM, part(b"x", b'form-data; name="file"; filename="../../x"') + b"--hostile--\r\n"),
        "name in bad UTF-8": (FORM, part(b"x", b"form-data; name=\"file\"; filename*=utf-8''%ff%fe") + b"--hostile--\r\n"),
    }  # fmt: skip


BODIES: dict[str, bytes] = {
    "cut": b'{"study_instance_uid": "1', "nothing": b"", "null": b"null", "list": b"[]", "text": b'"x"',
    "deep": b"[" * 100_000, "deep objects": b'{"tags":' * 50_000, "NaN": b'{"study_instance_uid": NaN}',
    "huge number": b'{"study_instance_uid": ' + b"9" * 50_000 + b"}", "UTF-16": "{}".encode("utf-16"),
    "BOM": b"\xef\xbb\xbf{}", "bad UTF-8": b'{"study_instance_uid": "\xff\xfe"}', "not JSON": b"<xml/>",
    "other keys": b'{"study_instance_uid": "1.2", "tags": {"PatientID": "A"}, "admin": true}',
    "no tags": b'{"study_instance_uid": "1.2", "tags": {}}',
    "tags that may not": b'{"study_instance_uid": "1.2", "tags": {"SOPInstanceUID": "1.3"}}',
    "tags of the wrong type": b'{"study_instance_uid": "1.2", "tags": {"PatientID": {"$ne": null}}}',
    "study of the wrong type": b'{"study_instance_uid": ["1.2"], "tags": {"PatientID": "A"}}',
    "prototype": b'{"__proto__": {"x": 1}, "constructor": 1}',
    "value too long": json.dumps({"study_instance_uid": "1.2", "tags": {"PatientID": "x" * 100_000}}).encode(),
    "pattern": b'{"study_instance_uid": "*", "tags": {"PatientID": "A"}}',
    "injection": b'{"study_instance_uid": "1\' OR 1=1 --", "tags": {"PatientID": "A"}}',
}  # fmt: skip
QUERIES = (
    "studies?limit=-1", "studies?limit=0", "studies?limit=1e9", "studies?limit=99999999999999999999999",
    "studies?offset=-1", "studies?offset=9999999999999999999999", "studies?limit=1&limit=x",
    "studies?date_from=yesterday", "studies?date_from=2026-13-45", "studies?date_to=99999999999",
    f"studies?patient_id={'x' * 5_000}", "studies?patient_id=%00", "studies?modality=%00",
    "studies/..%2f..%2fetc%2fpasswd", "studies/%00", "studies/*", f"studies/{'1.' * 400}",
    "tags/%2e%2e", "download/..%5c..%5cx", "thumbnail/1.2.3?size=-5", "thumbnail/1.2.3?size=1e5",
    "thumbnail/1.2.3?size=100000", "viewer-url/javascript:alert(1)", "uploads/1", "uploads/%00",
    "uploads/..%2fregistry.sqlite3", "uploads?limit=99999", "uploads?offset=x",
)  # fmt: skip
REQUESTS: dict[str, bytes] = {
    "two lengths": b"POST /api/v1/dicom/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "length and chunks": b"POST /api/v1/dicom/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "negative length": b"POST /api/v1/dicom/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
    "length of letters": b"POST /api/v1/dicom/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: abc\r\n\r\n",
    "chunk that is none": b"POST /api/v1/dicom/upload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "coding nobody has": b"POST /api/v1/dicom/upload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
    "header of NUL": b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n",
    "header without a name": b"GET /health HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n",
    "space before the colon": b"GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "no host": b"GET /api/v1/dicom/studies HTTP/1.1\r\n\r\n",
    "host of a stranger": b"GET /api/v1/dicom/studies HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "host of nonsense": b"GET /api/v1/dicom/studies HTTP/1.1\r\nHost: [::1\r\n\r\n",
    "header too long": b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 200_000 + b"\r\n\r\n",
    "method of nonsense": b"G\x01T /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "version of nonsense": b"GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100) + b"\r\n\r\n",
    "SMTP": b"EHLO localhost\r\n\r\n",
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*VR UI")
def test_files_that_are_damaged_on_purpose_are_refused_in_words(service: Served) -> None:
    for name, content in damaged().items():
        answer = service.client.post(
            f"{service.api}/upload", content=whole(content), headers={"Content-Type": FORM}
        )
        with told(name):
            require_refused(answer)


def test_archives_that_lie_climb_or_grow_are_refused_in_words(service: Served) -> None:
    for name, content in archives().items():
        answer = service.client.post(
            f"{service.api}/upload-zip", content=whole(content), headers={"Content-Type": FORM}
        )
        with told(name):
            require_refused(answer)


@pytest.mark.parametrize("place", ["upload", "read-tags"])
def test_bodies_that_are_no_form_are_refused_in_words(service: Served, place: str) -> None:
    for name, (kind, content) in forms().items():
        headers = {"Content-Type": kind} if kind else {}
        answer = service.client.post(f"{service.api}/{place}", content=content, headers=headers)
        with told(name):
            require_refused(answer)


@pytest.mark.parametrize("place", ["modify-tags", "viewer-token"])
def test_json_that_means_harm_is_refused_in_words(service: Served, place: str) -> None:
    for name, content in BODIES.items():
        headers = {"Content-Type": "application/json"}
        answer = service.client.post(f"{service.api}/{place}", content=content, headers=headers)
        with told(name):
            require_refused(answer)


def test_addresses_that_mean_harm_are_refused_in_words(service: Served) -> None:
    for query in QUERIES:
        with told(query):
            require_refused(service.client.get(f"{service.api}/{query}"))


def test_requests_that_are_no_http_are_refused_or_cut_off(service: Served) -> None:
    place = urlsplit(service.url)
    for name, request in REQUESTS.items():
        with socket.create_connection((place.hostname or "", place.port or 0), 60) as connection:
            said = b""
            # Cut off at any moment is an answer, too: before the end of the request as well as after it.
            with suppress(OSError):
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
            try:
                while piece := connection.recv(65_536):
                    said += piece
            except ConnectionResetError:
                pass
        with told(name):
            assert not said or said.split(b" ", 2)[1].startswith(b"4"), said[:200]


class told:  # noqa: N801 - reads as a verb
    """Names the case that has failed."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if error is not None:
            error.add_note(f"case: {self._name}")

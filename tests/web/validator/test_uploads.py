"""What a client of the validator is answered, whatever it sends and however it sends it."""

from __future__ import annotations

import json
import random
import re
import resource
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from scenario_runner.errors import UsageError
from scenario_runner.service.validator import roles
from scenario_runner.service.validator.judging import verdict_on
from scenario_runner.service.validator.settings import Settings
from scenario_runner.web.validator.serving import ValidatorServing, serve_gateway
from tests.conformance import objects
from tests.conformance.objects import put, tag
from tests.service.validator.clients import CLIENT, Uploads, require_whole
from tests.service.validator.processes import alone, started
from tests.service.validator.studies import IN_ORDER, file, settings


@contextmanager
def served(data: Path, given: Settings | None = None, **more: Any) -> Iterator[str]:
    """The URL of a validator in this process, all roles in it."""
    said: list[str] = []
    ready, stop = threading.Event(), threading.Event()

    def tell(line: str) -> None:
        said.append(line)
        ready.set()

    serving = ValidatorServing(data=data, settings=given or settings(), port=0, **more)
    thread = threading.Thread(target=serve_gateway, args=(serving, tell, stop))
    thread.start()
    try:
        assert ready.wait(30)
        [url] = re.findall(r"(http://\S+)/upload", said[0])
        yield url
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A validator that takes at most 200,000 bytes a file."""
    with served(tmp_path_factory.mktemp("validator"), settings(most_bytes=200_000)) as found:
        yield found


def post(url: str, content: bytes, **more: Any) -> httpx2.Response:
    return CLIENT.post(f"{url}/upload", files={"file": content}, timeout=60, **more)


def test_a_study_is_stored_and_its_status_tells_each_event(url: str) -> None:
    answer = post(url, file())
    assert answer.status_code == 201
    said = answer.json()
    assert said["status"] == "stored"
    assert answer.headers["location"] == f"/status/{said['study_id']}"
    status = CLIENT.get(url + answer.headers["location"]).json()
    assert [one["event"] for one in status["events"]] == IN_ORDER
    assert list(status) == ["study_id", "status", "events", "errors"]


def test_a_missing_attribute_is_422_and_named(url: str) -> None:
    answer = post(
        url, file(lambda one: one.pop(tag("PatientID")), lambda one: one.pop(tag("Modality")))
    )
    said = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, said["code"]) == (422, "required-attribute-missing")
    assert [one["attribute"] for one in said["errors"]] == ["PatientID", "Modality"]
    assert "PatientID, Modality" in said["detail"]
    assert CLIENT.get(f"{url}/status/{said['study_id']}").json()["status"] == "invalid"


@pytest.mark.parametrize("content", [b"", b"<html>", bytes(1000), b"PK\3\4" + bytes(5000)])
def test_what_is_not_dicom_is_400(url: str, content: bytes) -> None:
    answer = post(url, content)
    assert (answer.status_code, answer.json()["code"]) == (400, "not-dicom")


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"", "multipart/form-data; boundary=b", 400, "no-form"),
        (b"--b\r\n\r\n", "multipart/form-data; boundary=b", 400, "no-form"),
        (b"--b--\r\n", "multipart/form-data; boundary=b", 400, "no-file"),
        (b"x", "multipart/form-data", 400, "no-boundary"),
        (b"x", "application/dicom", 415, "no-form"),
        (b"x", "", 415, "no-form"),
        (
            b'--b\r\nContent-Disposition: form-data; name="files"\r\n\r\nDICM\r\n--b--\r\n',
            "multipart/form-data; boundary=b", 400, "no-file",
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\na\r\n' * 2 + b"--b--\r\n",
            "multipart/form-data; boundary=b", 400, "several-files",
        ),
        (
            b"--b\r\nX: " + b"y" * 40_000 + b"\r\n\r\n\r\n--b--\r\n",
            "multipart/form-data; boundary=b", 400, "no-form",
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + bytes(100_000) + b"\r\n--b--\r\n",
            "multipart/form-data; boundary=b", 413, "form-too-large",
        ),
    ],
)  # fmt: skip
def test_a_body_that_is_no_form_with_one_file_is_told(
    url: str, body: bytes, kind: str, status: int, code: str
) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = CLIENT.post(f"{url}/upload", content=body, headers=headers, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_file_that_is_too_large_is_413_declared_or_not(url: str) -> None:
    content = file() + bytes(200_000)
    assert post(url, content).status_code == 413

    def pieces() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="../../x"\r\n\r\n'
        for at in range(0, len(content), 1000):
            yield content[at : at + 1000]
        yield b"\r\n--b--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = CLIENT.post(f"{url}/upload", content=pieces(), headers=headers, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (413, "file-too-large")


def test_four_gigabytes_declared_are_refused_before_they_come(url: str) -> None:
    head = (
        b"POST /upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4294967296\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r"
    )
    with closing(connected(url)) as client:
        client.sendall(head)
        client.settimeout(20)
        assert client.recv(100).startswith(b"HTTP/1.1 413")


def test_markup_and_paths_in_every_attribute_are_only_text(url: str) -> None:
    hostile = b"<script>../../\"'&"
    made = objects.ct()
    for number, (vr, _) in list(made.items()):
        if vr in ("LO", "PN", "ST", "LT", "UT", "SH", "CS", "UI") and number >> 16 > 8:
            made[number] = (vr, hostile)
    put(made, "StudyDate", "20240229")
    made[tag("PatientName")] = ("PN", hostile)
    answer = post(url, objects.part10(made))
    assert answer.status_code in (201, 422)
    status = CLIENT.get(url + answer.headers["location"])
    assert status.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("byte", "said"), [(b"\1", (400, "damaged")), (b"\0", (422, "required-attribute-missing"))]
)
def test_a_deflate_bomb_is_bounded(url: str, byte: bytes, said: tuple[int, str]) -> None:
    # Zeros are padding, of which there may be some after a data set (and here is nothing else).
    bomb = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    squeezed = bomb.compress(byte * (150 << 20)) + bomb.flush()
    plain = objects.part10(objects.ct(), syntax="1.2.840.10008.1.2.1.99")
    begins = plain.index(b"1.2.840.10008.1.2.1.99")
    meta = plain[: plain.index(b"\x08\0", begins)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = post(url, meta + squeezed)
    assert (answer.status_code, answer.json()["code"]) == said
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 << 10


def test_bytes_that_were_changed_are_always_answered(url: str) -> None:
    dice, content = random.Random(3), file()
    for _ in range(60):
        changed = bytearray(content)
        for _ in range(dice.randint(1, 8)):
            changed[dice.randrange(132, len(changed))] = dice.randrange(256)
        answer = post(url, bytes(changed[: dice.randint(140, len(changed))]))
        assert answer.status_code in (201, 400, 422), answer.text


def test_what_nobody_knows_is_404(url: str) -> None:
    for study in ("0" * 32, "x", "..%2F..%2Fetc", "%00"):
        answer = CLIENT.get(f"{url}/status/{study}")
        assert (answer.status_code, answer.json()["code"]) in (
            (404, "study-not-found"), (404, "not-found")
        )  # fmt: skip


def test_slow_and_silent_connections_keep_nobody_out(tmp_path: Path) -> None:
    with served(tmp_path, settings(most_waiting=700)) as url:
        held = [connected(url) for _ in range(500)]
        head = (
            b"POST /upload HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n1\r\n-\r\n"
        )
        try:
            for number, one in enumerate(held):
                one.sendall(head if number % 2 else b"POST /upl")
            began = time.monotonic()
            assert [post(url, file(index=index)).status_code for index in range(5)] == [201] * 5
            assert time.monotonic() - began < 30
        finally:
            for one in held:
                one.close()


def test_a_client_that_goes_leaves_nothing(tmp_path: Path) -> None:
    with served(tmp_path) as url:
        for sent in (10, 200, 2000):
            with closing(connected(url)) as client:
                head = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + file()
                client.sendall(
                    b"POST /upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999\r\n"
                    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n" + head[:sent]
                )
        until = time.monotonic() + 30
        assert post(url, file()).status_code == 201
        while any((tmp_path / "work").iterdir()):
            assert time.monotonic() < until
            time.sleep(0.02)
    assert len(list((tmp_path / "studies").iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_503_and_mends(tmp_path: Path) -> None:
    with served(tmp_path) as url:
        work = tmp_path / "work"
        work.rmdir()
        work.write_bytes(b"")
        answer = post(url, file())
        assert (answer.status_code, answer.json()["code"]) == (503, "cannot-be-kept")
        work.unlink()
        work.mkdir()
        assert post(url, file()).status_code == 201


def test_what_takes_too_long_is_told_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()

    def slow(*given: Any) -> Any:
        assert answered.wait(60)
        return verdict_on(*given)

    monkeypatch.setattr(roles, "verdict_on", slow)
    with served(tmp_path, settings(answer_within="10ms")) as url:
        answer = post(url, file())
        answered.set()
        assert (answer.status_code, answer.json()["code"]) == (503, "not-stored-yet")
        require_whole(tmp_path, {answer.json()["study_id"]: file()}, url)


def test_strangers_are_served_with_a_token_only(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        serve_gateway(
            ValidatorServing(data=tmp_path, settings=settings(), host="0.0.0.0", port=0),
            print, threading.Event(),
        )  # fmt: skip
    with served(tmp_path, token="let-me-in") as url:
        assert post(url, file()).status_code == 401
        assert CLIENT.get(f"{url}/status/{'0' * 32}").status_code == 401
        given = {"Authorization": "Bearer let-me-in"}
        assert post(url, file(), headers=given).status_code == 201


def test_what_was_answered_201_is_whole_after_the_process_was_killed(tmp_path: Path) -> None:
    dice, uploads, data = random.Random(9), Uploads(), tmp_path / "data"
    process = alone(data)
    with started(process):
        port = int(process.url.rpartition(":")[2])
        process.arguments[process.arguments.index("--port") + 1] = str(port)
        threads = uploads.send_all(
            process.url, [file(index=index) for index in range(60)], clients=6
        )
        for _ in range(4):
            time.sleep(dice.uniform(0.02, 0.6))
            process.kill()
            known = dict(uploads.stored)
            for study, content in known.items():
                assert (data / "studies" / study / "original.dcm").read_bytes() == content
            process.start()
        for one in threads:
            one.join(60)
        assert not uploads.odd
        require_whole(data, {**uploads.stored, **uploads.later}, process.url)
        assert process.stop() == 0
    assert not any((data / "work").iterdir())


def test_the_openapi_says_what_is_answered(url: str) -> None:
    document = CLIENT.get(f"{url}/openapi.json").json()
    upload = document["paths"]["/upload"]["post"]
    assert set(upload["responses"]) >= {"201", "400", "413", "422", "500", "503"}
    assert json.dumps(upload).count("multipart/form-data") == 1


def connected(url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=20)

"""STOW-RS: what is acknowledged is there, on DIMSE too; what is not leaves nothing behind."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import httpx2
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate

from scenario_runner.archive.archive import Archive
from scenario_runner.archive.options import ArchiveOptions
from scenario_runner.dicom.elements import deflate
from scenario_runner.dicom.part10 import file_meta
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import CT_IMAGE, IMPLICIT, ask, identifier, put, sample
from tests.pacs.dicomweb.web import BOUNDARY, NO_TLS, STOW_TYPE, body, get, parts, stow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RLE = "1.2.840.10008.1.2.5"
DEFLATED = "1.2.840.10008.1.2.1.99"
REFERENCED, FAILED, OTHERS = "00081199", "00081198", "0008119A"


def incoming(pacs: EmbeddedPacs) -> list[str]:
    """Files that were begun and not finished."""
    return [path.name for path in (pacs.folder / "incoming").iterdir()]


def items(answer: httpx2.Response, sequence: str) -> list[dict[str, Any]]:
    return list(answer.json().get(sequence, {}).get("Value", []))


def comes_true(condition: Callable[[], bool], patience: float = 60.0) -> bool:
    until = time.monotonic() + patience
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


def test_what_is_stored_is_found_by_c_find_and_comes_back_byte_for_byte(
    pacs: EmbeddedPacs, url: str
) -> None:
    sent = [sample(number=1), sample(number=2, size=512)]
    answer = stow(url, sent)
    assert answer.status_code == 200
    first = items(answer, REFERENCED)[0]
    assert first["00081150"]["Value"] == [CT_IMAGE]
    assert first["00081155"]["Value"] == ["1.2.3.1.1"]
    assert first["00081190"]["Value"] == [f"{url}/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1"]
    assert answer.json()["00081190"]["Value"] == [f"{url}/studies/1.2.3"]
    by_dimse = ask(pacs.archive, "STUDY", "study", identifier(StudyInstanceUID="1.2.3"))
    assert [one.dataset().StudyInstanceUID for one in by_dimse] == ["1.2.3"]
    assert [content for _, content in parts(get(f"{url}/studies/1.2.3"))] == [s.file for s in sent]
    assert incoming(pacs) == []


def test_an_instance_of_another_study_fails_alone(pacs: EmbeddedPacs, url: str) -> None:
    answer = stow(url, [sample("1.2.3"), sample("1.2.4"), sample("1.2.3", number=2)], study="1.2.3")
    assert answer.status_code == 202
    assert [one["00081155"]["Value"] for one in items(answer, REFERENCED)] == [
        ["1.2.3.1.1"],
        ["1.2.3.1.2"],
    ]
    (failed,) = items(answer, FAILED)
    assert failed["00081155"]["Value"] == ["1.2.4.1.1"]
    assert failed["00081197"]["Value"] == [0xA900]
    assert "belongs to study 1.2.4" in answer.headers["warning"]
    assert pacs.archive.counts().studies == 1
    assert incoming(pacs) == []


def test_a_request_of_which_nothing_was_stored_is_a_conflict(pacs: EmbeddedPacs, url: str) -> None:
    answer = stow(url, [sample("1.2.4"), b"garbage", sample().file[:400]], study="1.2.3")
    assert answer.status_code == 409
    assert [one["00081155"]["Value"] for one in items(answer, FAILED)] == [
        ["1.2.4.1.1"],
        ["1.2.3.1.1"],
    ]
    assert [one["00081197"]["Value"] for one in items(answer, OTHERS)] == [[0xC000]]
    assert "00081190" not in answer.json()
    assert pacs.archive.counts().instances == 0
    assert incoming(pacs) == []


@pytest.mark.parametrize(("policy", "name"), [("keep", "FIRST"), ("overwrite", "SECOND")])
def test_duplicates_follow_the_policy_of_the_archive(
    tmp_path: Path, policy: Any, name: str
) -> None:
    options = PacsOptions(archive=ArchiveOptions(duplicates=policy))
    with EmbeddedPacs(tmp_path, options=options) as pacs:
        url = pacs.open_web()
        for patient in ("FIRST", "SECOND"):
            assert stow(url, [sample(PatientName=patient)]).status_code == 200
        (study,) = get(f"{url}/studies").json()
        assert study["00100010"]["Value"] == [{"Alphabetic": name}]
        assert len(list((tmp_path / "objects").rglob("*.dcm"))) == 1
        assert incoming(pacs) == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (PacsOptions(sop_classes=frozenset(["1.2.840.10008.5.1.4.1.1.4"])), 0x0122),
        (PacsOptions(transfer_syntaxes=frozenset([IMPLICIT])), 0xC122),
    ],
)
def test_what_dimse_does_not_take_http_does_not_take(
    tmp_path: Path, options: PacsOptions, reason: int
) -> None:
    with EmbeddedPacs(tmp_path, options=options) as pacs:
        answer = stow(pacs.open_web(), [sample()])
        assert answer.status_code == 409
        assert items(answer, FAILED)[0]["00081197"]["Value"] == [reason]
        assert pacs.archive.counts().instances == 0


def test_a_coerced_instance_is_told_with_a_warning(tmp_path: Path) -> None:
    with EmbeddedPacs(tmp_path, options=PacsOptions(coerce={"InstitutionName": "US"})) as pacs:
        url = pacs.open_web()
        answer = stow(url, [sample()])
        assert answer.status_code == 202
        assert items(answer, REFERENCED)[0]["00081196"]["Value"] == [0xB000]
        found = get(f"{url}/instances?InstitutionName=US")
        assert len(found.json()) == 1


def test_pixels_that_are_not_all_there_are_told_with_a_warning(url: str) -> None:
    frames: dict[str, Any] = {"NumberOfFrames": 2, "PixelData": encapsulate([bytes(64)])}
    given = (
        sample(PixelData=bytes(64)),
        sample(number=2, transfer_syntax=RLE, **frames),
        sample(number=3),
    )
    uid = "1.2.3.1.5"
    short = deflate([sample(number=5).data[:-28]])
    deflated = file_meta(CT_IMAGE, uid, DEFLATED) + short
    answer = stow(url, [*given, sample(number=4).file[:-28], deflated])
    assert answer.status_code == 202
    reasons = [one.get("00081196", {}).get("Value") for one in items(answer, REFERENCED)]
    assert reasons == [[0xB007], [0xB007], None, [0xB007], [0xB007]]
    assert "its pixels have 64 of 128 bytes" in answer.headers["warning"]


def test_an_instance_that_is_too_long_fails_and_the_next_one_does_not(tmp_path: Path) -> None:
    with EmbeddedPacs(tmp_path, options=PacsOptions(maximum_instance=50_000)) as pacs:
        answer = stow(pacs.open_web(), [sample(size=512), sample(number=2)])
        assert answer.status_code == 202
        (failed,) = items(answer, FAILED)
        assert failed["00081155"]["Value"] == ["1.2.3.1.1"]
        assert failed["00081197"]["Value"] == [0xA700]
        assert pacs.archive.counts().instances == 1
        assert incoming(pacs) == []


def test_the_answer_comes_as_xml_when_that_is_asked_for(url: str) -> None:
    answer = stow(url, [sample()], headers={"Accept": "application/dicom+xml"})
    assert answer.headers["content-type"] == "application/dicom+xml"
    root = ET.fromstring(answer.content)
    names = {"d": "http://dicom.nema.org/PS3.19/models/NativeDICOM"}
    path = ".//d:DicomAttribute[@keyword='ReferencedSOPInstanceUID']/d:Value"
    assert [value.text for value in root.findall(path, names)] == ["1.2.3.1.1"]


@pytest.mark.parametrize(
    ("content_type", "content", "status", "words"),
    [
        ("application/dicom", b"x", 415, "multipart/related"),
        ("application/json", b"{}", 415, "multipart/related"),
        ('multipart/related; type="application/dicom+json"; boundary=x', b"x", 415, "Part 10"),
        ('multipart/related; type="application/dicom"', b"x", 400, "no boundary"),
        ('multipart/related; type="application/dicom"; boundary="\x01"', b"x", 400, "boundary"),
        (STOW_TYPE, b"", 400, "no multipart message"),
        (STOW_TYPE, b"garbage" * 1000, 400, "no multipart message"),
        (STOW_TYPE, b"garbage" * 100_000, 400, "no multipart message"),
        (STOW_TYPE, body([sample().file])[:-40], 400, "no multipart message"),
        (STOW_TYPE, f"--{BOUNDARY}--\r\n".encode(), 400, "no part"),
        (STOW_TYPE, f"--{BOUNDARY}\r\n{'x' * 100_000}: y\r\n\r\n".encode(), 400, "headers"),
    ],
)
def test_a_body_that_is_none_is_refused_in_words(
    pacs: EmbeddedPacs, url: str, content_type: str, content: bytes, status: int, words: str
) -> None:
    answer = httpx2.post(
        f"{url}/studies",
        content=content,
        headers={"Content-Type": content_type},
        verify=NO_TLS,
        timeout=30,
    )
    assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert pacs.archive.counts().instances == 0
    assert incoming(pacs) == []


def test_a_part_that_is_no_dicom_by_its_own_words_fails(url: str) -> None:
    headers = {"Content-Type": STOW_TYPE}
    content = body([b"\x89PNG"], "image/png")
    answer = httpx2.post(
        f"{url}/studies", content=content, headers=headers, verify=NO_TLS, timeout=30
    )
    assert answer.status_code == 409
    assert "a part is image/png" in answer.headers["warning"]


def test_a_client_that_goes_away_leaves_whole_instances_and_no_half_one(
    pacs: EmbeddedPacs, url: str
) -> None:
    content = body([sample(number=1).file, sample(number=2, size=1024).file])
    with socket.create_connection(("127.0.0.1", int(url.split(":")[2].split("/")[0]))) as sock:
        head = (
            f"POST /dicom-web/studies HTTP/1.1\r\nHost: localhost\r\nContent-Type: {STOW_TYPE}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        sock.sendall(head.encode() + content[: len(content) - 50_000])
        assert comes_true(lambda: len(incoming(pacs)) == 1)
        sock.shutdown(socket.SHUT_WR)
        assert comes_true(lambda: incoming(pacs) == [])
    assert pacs.archive.counts().instances <= 1
    assert all(
        item["00080018"]["Value"] == ["1.2.3.1.1"] for item in get(f"{url}/instances").json()
    )


SERVE = """
import sys, time
from pathlib import Path
from scenario_runner.pacs.server import EmbeddedPacs
with EmbeddedPacs(Path(sys.argv[1])) as pacs:
    print(pacs.open_web(), flush=True)
    time.sleep(60)
"""


def test_after_kill_9_everything_acknowledged_is_there(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    acknowledged: list[str] = []
    # Not between two requests, but whenever it happens to be after some of them.
    enough = threading.Event()

    def kill() -> None:
        enough.wait(60)
        process.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with httpx2.Client(verify=NO_TLS, timeout=10) as client:
            for number in range(1, 10_000):
                one = sample(number=number, size=64)
                headers = {"Content-Type": STOW_TYPE}
                try:
                    answer = client.post(
                        f"{url}/studies", content=body([one.file]), headers=headers
                    )
                except httpx2.HTTPError:
                    break
                assert answer.status_code == 200
                acknowledged.append(one.sop_instance_uid)
                if len(acknowledged) == 20:
                    enough.set()
    finally:
        enough.set()
        killer.join()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    assert len(acknowledged) >= 20
    with Archive(tmp_path) as archive:
        kept = {one.sop_instance_uid for one in archive.instances()}
        assert set(acknowledged) <= kept
        for found in archive.instances():
            assert archive.data(found)
    assert list((tmp_path / "incoming").iterdir()) == []


def test_what_came_by_dimse_is_retrieved_by_wado(pacs: EmbeddedPacs, url: str) -> None:
    one = sample(size=32)
    put(pacs.archive, one)
    ((_, content),) = parts(get(f"{url}/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1"))
    assert content.endswith(one.data)


def test_a_deleted_study_is_gone_for_both(pacs: EmbeddedPacs, url: str) -> None:
    stow(url, [sample("1.2.3"), sample("1.2.4")])
    assert httpx2.delete(f"{url}/studies/1.2.3", verify=NO_TLS, timeout=30).status_code == 204
    assert httpx2.delete(f"{url}/studies/1.2.3", verify=NO_TLS, timeout=30).status_code == 404
    assert pacs.archive.counts().studies == 1
    assert get(f"{url}/studies/1.2.3").status_code == 404


def without(keyword: str) -> bytes:
    ds = dcmread(BytesIO(sample(number=7).file))
    del ds[keyword]
    file = BytesIO()
    ds.save_as(file)
    return file.getvalue()


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID"])
def test_an_instance_that_cannot_be_placed_fails_under_its_name(url: str, keyword: str) -> None:
    answer = stow(url, [sample(), without(keyword)])
    assert answer.status_code == 202
    assert [one["00081155"]["Value"] for one in items(answer, REFERENCED)] == [["1.2.3.1.1"]]
    (failed,) = items(answer, FAILED)
    assert failed["00081150"]["Value"] == [CT_IMAGE]
    assert failed["00081155"]["Value"] == ["1.2.3.1.7"]
    assert failed["00081197"]["Value"] == [0xC000]
    assert items(answer, OTHERS) == []


def test_a_file_whose_meta_names_another_instance_is_stored_as_what_it_is(
    pacs: EmbeddedPacs, url: str
) -> None:
    one = sample()
    file = one.file.replace(b"1.2.3.1.1\0", b"1.2.3.1.9\0", 1)
    assert file != one.file
    answer = stow(url, [file])
    assert answer.status_code == 200
    assert items(answer, REFERENCED)[0]["00081155"]["Value"] == ["1.2.3.1.1"]
    (kept,) = pacs.archive.instances()
    stored = dcmread(pacs.archive.files.path(kept.file))
    assert stored.file_meta.MediaStorageSOPInstanceUID == stored.SOPInstanceUID == "1.2.3.1.1"
    assert pacs.archive.data(kept) == one.data
    assert pacs.archive.rebuild().unreadable == []
    assert incoming(pacs) == []


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "x-unknown"])
def test_a_body_in_a_coding_nobody_here_reads_is_415(
    pacs: EmbeddedPacs, url: str, coding: str
) -> None:
    answer = stow(url, [sample()], headers={"Content-Encoding": coding})
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")
    assert pacs.archive.counts().instances == 0
    assert stow(url, [sample()], headers={"Content-Encoding": "identity"}).status_code == 200

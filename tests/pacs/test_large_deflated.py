"""A deflated object over 64 MiB comes whole or is refused, on every path, and is never in memory as a whole."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian

from scenario_runner.archive.archive import Archive
from scenario_runner.dicom.part10 import file_meta
from scenario_runner.pacs.options import Destination, PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import CT_IMAGE, EXPLICIT, Sample, put, sample
from tests.pacs.dicomweb.web import get, parts, stow
from tests.peers.processes import free_port
from tests.running import command, environment, fabricate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.pacs.conftest import Dcmtk

DEFLATED = str(DeflatedExplicitVRLittleEndian)
STUDY = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3")
URL = "/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1"


LAST = b"\x34\x12\x78\x56"


def pixels_of(megabytes: int) -> int:
    """Bytes of the pixels of a square image that has about so many MiB."""
    return int((megabytes * 2**20 / 2) ** 0.5) ** 2 * 2


@cache
def deflated(megabytes: int) -> Sample:
    """An image of so many MiB, all black but for its last pixels, in some kilobytes."""
    size = pixels_of(megabytes)
    head = sample(size=int((size / 2) ** 0.5), PixelData=b"").data[:-4]
    squeeze = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    pieces = [squeeze.compress(head + struct.pack("<L", size))]
    pieces += [
        squeeze.compress(bytes(min(1 << 20, size - 4 - at))) for at in range(0, size - 4, 1 << 20)
    ]
    data = b"".join([*pieces, squeeze.compress(LAST), squeeze.flush()])
    data += b"\0" * (len(data) % 2)
    return Sample(
        CT_IMAGE, "1.2.3.1.1", DEFLATED, data, file_meta(CT_IMAGE, "1.2.3.1.1", DEFLATED) + data
    )


LARGE, BEYOND = 72, 520
SIZE = pixels_of(LARGE)


def is_whole(pixels: bytes) -> bool:
    return len(pixels) == SIZE and pixels.endswith(LAST)


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[EmbeddedPacs]:
    """A PACS that keeps such objects."""
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        yield pacs


def got(folder: Path) -> bytes:
    (file,) = folder.iterdir()
    dataset = dcmread(file)
    assert dataset.file_meta.TransferSyntaxUID != DEFLATED
    return bytes(dataset.PixelData)


@pytest.mark.peer
@pytest.mark.parametrize("syntax", ["+xe", "+xi"])
def test_what_c_get_converts_comes_whole(
    pacs: EmbeddedPacs, dcmtk: Dcmtk, tmp_path: Path, syntax: str
) -> None:
    put(pacs.archive, deflated(LARGE))
    (tmp_path / "got").mkdir()
    run = dcmtk(
        "getscu", "-S", syntax, "-od", tmp_path / "got", *STUDY, pacs.host, str(pacs.port)
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert is_whole(got(tmp_path / "got"))


@pytest.mark.peer
def test_what_c_get_sends_or_converts_is_not_read_into_the_memory_of_the_pacs(
    pacs: EmbeddedPacs, dcmtk: Dcmtk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bytes:
        raise OSError("read as a whole")

    for one in (deflated(LARGE), sample("1.2.3", 1, 2)):
        put(pacs.archive, one)
    monkeypatch.setattr(Archive, "data", refuse)
    (tmp_path / "got").mkdir()
    run = dcmtk(
        "getscu", "-S", "+xe", "-od", tmp_path / "got", *STUDY, pacs.host, str(pacs.port)
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert len(list((tmp_path / "got").iterdir())) == 2


@pytest.mark.peer
def test_what_c_get_cannot_convert_is_a_failure_and_no_file(
    pacs: EmbeddedPacs, dcmtk: Dcmtk, tmp_path: Path
) -> None:
    put(pacs.archive, deflated(BEYOND))
    (tmp_path / "got").mkdir()
    run = dcmtk(
        "getscu", "-v", "-S", "-od", tmp_path / "got", *STUDY, pacs.host, str(pacs.port)
    )  # fmt: skip
    assert list((tmp_path / "got").iterdir()) == []
    assert "Success" not in run.stdout + run.stderr


@pytest.mark.peer
@pytest.mark.parametrize("megabytes", [LARGE, BEYOND])
def test_what_c_move_converts_comes_whole_or_is_a_failure(
    dcmtk: Dcmtk, tmp_path: Path, megabytes: int
) -> None:
    folder, port = tmp_path / "got", free_port()
    folder.mkdir()
    table = {"WORKSTATION": Destination("127.0.0.1", port)}
    with EmbeddedPacs(tmp_path / "pacs", options=PacsOptions(destinations=table)) as pacs:
        put(pacs.archive, deflated(megabytes))
        run = dcmtk(
            "movescu", "-v", "-S", "-aet", "WORKSTATION", "-aem", "WORKSTATION", "+P", str(port),
            "-od", folder, *STUDY, pacs.host, str(pacs.port),
        )  # fmt: skip
    if megabytes == BEYOND:
        assert list(folder.iterdir()) == []
        assert run.returncode != 0
    else:
        assert run.returncode == 0, run.stderr
        assert is_whole(got(folder))


def test_what_the_web_converts_comes_whole(pacs: EmbeddedPacs) -> None:
    url = pacs.open_web()
    assert stow(url, [deflated(LARGE)]).status_code == 200
    file = get(url + URL, "application/dicom").content
    assert is_whole(file[-SIZE:])
    assert len(file) == len(file_meta(CT_IMAGE, "1.2.3.1.1", EXPLICIT)) + len(
        zlib.decompress(deflated(LARGE).data, wbits=-zlib.MAX_WBITS)
    )
    kept = get(url + URL, "application/dicom; transfer-syntax=*").content
    assert kept.endswith(deflated(LARGE).data)
    bulk = get(f"{url}{URL}/bulkdata/7FE00010", "application/octet-stream")
    assert is_whole(bulk.content)
    ((_, frame),) = parts(
        get(f"{url}{URL}/frames/1", 'multipart/related; type="application/octet-stream"')
    )
    assert is_whole(frame)
    assert get(f"{url}{URL}/thumbnail", "image/png").status_code == 200


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("", "application/dicom"),
        ("", 'multipart/related; type="application/dicom"'),
        ("/frames/1", 'multipart/related; type="application/octet-stream"'),
        ("/bulkdata/7FE00010", "application/octet-stream"),
        ("/rendered", "image/png"),
    ],
)
def test_what_the_web_cannot_convert_is_refused_in_words(
    pacs: EmbeddedPacs, path: str, accept: str
) -> None:
    put(pacs.archive, deflated(BEYOND))
    answer = get(pacs.open_web() + URL + path, accept)
    assert answer.status_code >= 400
    assert "512 MiB" in answer.text


@pytest.mark.parametrize("megabytes", [LARGE, BEYOND])
def test_a_file_is_sent_checked_and_shown_whole_or_refused(tmp_path: Path, megabytes: int) -> None:
    file = tmp_path / "large.dcm"
    file.write_bytes(deflated(megabytes).file)
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        sent = fabricate("pacs", "send", f"EMBEDDED@{pacs.host}:{pacs.port}", file)
        stored = pacs.archive.instances()
        if sent.code == 0:
            assert pacs.archive.data(stored[0]) == deflated(megabytes).data
        else:
            assert stored == []
    shown = fabricate("view", file, "--tags", "--no-image")
    checked = fabricate("check", file)
    assert "Traceback" not in sent.err + shown.err + checked.err
    if megabytes == LARGE:
        assert sent.code == 0, sent.err
        shown.check()
        assert "PixelData" in shown.out
    else:
        assert "512 MiB" in checked.out + checked.err
        assert checked.code != 0


@pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is read from /proc")
def test_a_server_does_not_hold_what_a_large_object_becomes(tmp_path: Path) -> None:
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        put(pacs.archive, deflated(160))
    serving = command("pacs", "serve", "--folder", tmp_path / "pacs", "--port", "0")
    with subprocess.Popen(
        [*serving, "--dicomweb-port", "0"], stdout=subprocess.PIPE, text=True, env=environment()
    ) as server:
        try:
            assert server.stdout is not None
            server.stdout.readline()
            url = server.stdout.readline().split()[-1]
            octets = 'multipart/related; type="application/octet-stream"'
            for path, accept in (
                ("/metadata", "application/dicom+json"),
                ("/thumbnail", "image/png"),
                ("/rendered?viewport=500,500", "image/jpeg"),
                ("/frames/1", octets),
                ("/bulkdata/7FE00010", "application/octet-stream"),
                ("", "application/dicom"),
            ):
                assert get(url + URL + path, accept).status_code == 200
            refused = get(f"{url}{URL}/rendered", "image/png")
            most = Path(f"/proc/{server.pid}/status").read_text()
        finally:
            server.terminate()
    assert refused.status_code == 406
    assert "viewport" in refused.text
    assert int(most.partition("VmHWM:")[2].split()[0]) < 190 << 10

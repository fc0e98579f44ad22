"""The imaging service beside Orthanc: the same files uploaded, and what a user waits for afterwards.

    python benchmarks/uploads.py [--files 500] [--rounds 3] [--size 512] [--studies 100000]

Both serve from processes of their own on loopback, and store in turn: Orthanc by ``POST /instances``, a request
a file on one kept connection; the service by ``upload-multiple`` and by ``upload-zip``, a request for all. The best round
of each is printed with the ratio. Then a thumbnail and a page of a long list of studies are asked for again and again,
and a file of a gigabyte is uploaded while the service's memory is watched.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from tests.archive.samples import sample
from tests.peers.processes import orthanc
from tests.web.served import Served, served

_BOUNDARY = "a-boundary-that-no-file-has"


def images(count: int, size: int, study: str) -> list[bytes]:
    """CT images with some structure."""
    rows, columns = np.mgrid[0:size, 0:size]
    return [
        sample(
            study, number=n, size=size,
            PixelData=((rows * 3 + columns * (1 + n % 5)) % 4096).astype("<u2").tobytes(),
        ).file
        for n in range(1, count + 1)
    ]  # fmt: skip


def form(files: list[bytes]) -> bytes:
    """All of them as a body."""
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{n}.dcm"\r\n'
        "Content-Type: application/dicom\r\n\r\n".encode()
        + one
        + b"\r\n"
        for n, one in enumerate(files)
    ]
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


def packed(files: list[bytes]) -> bytes:
    """All of them as an archive, compressed a little as people's are."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number, one in enumerate(files):
            archive.writestr(f"{number}.dcm", one)
    return stream.getvalue()


def asked(url: str, method: str, path: str, body: object = None, kind: str = "") -> bytes:
    """The body of an answer on a connection of its own."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=600)
    headers = {"Content-Type": kind} if kind else {}
    connection.request(method, place.path + path, body=body, headers=headers)  # type: ignore[arg-type]
    answer = connection.getresponse()
    found = answer.read()
    connection.close()
    if answer.status >= 300:
        raise SystemExit(f"{method} {path}: HTTP {answer.status} {found[:300]!r}")
    return found


def uploaded(service: Served, body: bytes, to: str, count: int) -> float:
    """Seconds of one upload that stores all."""
    began = time.perf_counter()
    found = json.loads(
        asked(service.api, "POST", f"/{to}", body, f"multipart/form-data; boundary={_BOUNDARY}")
    )
    took = time.perf_counter() - began
    if [one["status"] for one in found["files"]] != ["success"] * count:
        raise SystemExit(f"{to}: {found['status']} {found['files'][:2]}")
    for one in found["studies"]:
        asked(service.api, "DELETE", f"/studies/{one['study_instance_uid']}?reason=benchmark")
    return took


def into_orthanc(url: str, files: list[bytes], study: str) -> float:
    """Seconds of all, a request each on one connection."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=600)
    began = time.perf_counter()
    for one in files:
        connection.request("POST", "/instances", body=one)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"Orthanc: HTTP {answer.status}")
    took = time.perf_counter() - began
    connection.close()
    for one in json.loads(asked(url, "POST", "/tools/lookup", study)):
        asked(url, "DELETE", f"/studies/{one['ID']}")
    return took


def p95(question: Callable[[], object], times: int = 100) -> float:
    """Milliseconds that 95 of 100 answers take at most."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        question()
        taken.append(time.perf_counter() - began)
    return sorted(taken)[int(times * 0.95) - 1] * 1000


def memory(service: Served, what: str) -> int:
    """MiB, of ``VmHWM`` or ``VmRSS``."""
    for line in Path(f"/proc/{service.process.pid}/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) >> 10
    return 0


def gigabyte(service: Served) -> int:
    """How much the service's memory grows in MiB while a multi-frame of 1 GB comes in."""
    frames, size = 2_048, 512
    file = sample("1.2.7", size=size, NumberOfFrames=frames, PixelData=b"").file
    head, marker = file[:-12], file[-12:]
    length = frames * size * size * 2
    whole = head + marker[:8] + length.to_bytes(4, "little")
    before = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="1"\r\n\r\n'
    after = f"\r\n--{_BOUNDARY}--\r\n".encode()

    def body() -> Iterator[bytes]:
        yield before.encode() + whole
        piece = bytes(1 << 20)
        for _ in range(length >> 20):
            yield piece
        yield after

    place = urlsplit(service.api)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=600)
    was = memory(service, "VmRSS")
    connection.putrequest("POST", f"{place.path}/upload")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={_BOUNDARY}")
    connection.putheader("Content-Length", str(len(before) + len(whole) + length + len(after)))
    connection.endheaders()
    for piece in body():
        connection.send(piece)
    answer = connection.getresponse()
    found = json.loads(answer.read())
    print(
        f"1 GB multi-frame: {found.get('status')}, peak {memory(service, 'VmHWM')} MiB, {was} before"
    )
    return memory(service, "VmHWM")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--studies", type=int, default=100_000)
    given = parser.parse_args()
    files = images(given.files, given.size, "1.2.9")
    body, hundred = form(files), form(files[:100])
    archive = packed(files)
    zipped = form([archive])
    with tempfile.TemporaryDirectory() as folder:
        with (
            served(Path(folder) / "data", "--largest-file", "2147483647", cold=True) as service,
            orthanc(Path(folder)) as other,
        ):
            best: dict[str, float] = {}
            for _ in range(given.rounds):
                for name, one in (
                    ("Orthanc", lambda: into_orthanc(other.http, files, "1.2.9")),
                    ("multiple", lambda: uploaded(service, body, "upload-multiple", given.files)),
                    ("zip", lambda: uploaded(service, zipped, "upload-zip", given.files)),
                    ("hundred", lambda: uploaded(service, hundred, "upload-multiple", 100)),
                ):
                    best[name] = min(best.get(name, 1e9), one())
            base = best["Orthanc"]
            print(f"{given.files} CT {given.size}²: Orthanc {base:.2f} s")
            print(f"  upload-multiple {best['multiple']:.2f} s, {base / best['multiple']:.1f}x")
            print(f"  upload-zip      {best['zip']:.2f} s, {base / best['zip']:.1f}x")
            print(f"  100 images      {best['hundred']:.2f} s")
            uploaded_twice(service, files[:50])
            gigabyte(service)
        listed(Path(folder) / "many", given.studies)


def uploaded_twice(service: Served, files: list[bytes]) -> None:
    """Thumbnails, then five users at once."""
    asked(
        service.api,
        "POST",
        "/upload-multiple",
        form(files),
        f"multipart/form-data; boundary={_BOUNDARY}",
    )
    print(f"thumbnail p95 {p95(lambda: asked(service.api, 'GET', '/thumbnail/1.2.9')):.1f} ms")
    threads, lost = [], []

    def user(number: int) -> None:
        mine = images(40, 128, f"1.2.8.{number}")
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        found = json.loads(asked(service.api, "POST", "/upload-multiple", form(mine), kind))
        if found["studies"][0]["number_of_instances"] != 40:
            lost.append(number)

    for number in range(5):
        threads.append(threading.Thread(target=user, args=(number,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    print(f"five users at once: {len(lost)} lost something")


def listed(folder: Path, count: int) -> None:
    """A page of a list of so many studies."""
    from scenario_runner.archive.archive import Archive
    from scenario_runner.archive.index import Entry

    with Archive(folder / "archive") as archive, archive.index.transaction():
        for number in range(count):
            study = f"1.2.{number}"
            archive.index.add(
                Entry(
                    {
                        "PatientID": f"P{number // 3}", "PatientName": f"CITIZEN^{number}",
                        "StudyInstanceUID": study, "StudyDate": "20260131",
                        "AccessionNumber": f"A{number}", "SeriesInstanceUID": f"{study}.1",
                        "Modality": "CT", "SOPInstanceUID": f"{study}.1.1", "SOPClassUID": "1.2",
                    },
                    "", "1.2.840.10008.1.2.1", f"objects/00/{number}", 1,
                )
            )  # fmt: skip
    with served(folder, cold=True) as service:
        for path in (
            "/studies",
            f"/studies?offset={count // 2}",
            "/studies/patient/P77",
            "/studies/accession/A77",
        ):
            taken = p95(lambda path=path: asked(service.api, "GET", path))  # type: ignore[misc]
            print(f"{count} studies: {path} p95 {taken:.1f} ms")
        query = f"/dicom-web/studies?limit=50&offset={count // 2}"
        print(
            f"{count} studies: QIDO {query} p95 {p95(lambda: asked(service.url, 'GET', query), 20):.1f} ms"
        )


if __name__ == "__main__":
    main()

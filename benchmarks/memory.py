"""Memory of `fabricate pacs serve` over many requests, damaged and deflated objects among them.

    python benchmarks/memory.py [--requests 10000] [--deflated-megabytes 300]

The PACS serves from a process of its own on loopback. It holds images that are whole, JPEG 2000 and
RLE images whose pixels are garbage, and a deflated image that is a thousand times larger when it is
inflated. Searches, thumbnails, frames and metadata of all of them are asked for in turn; what the
process holds is read from /proc (Linux) and printed beside that of the processes that decode for it.
"""

from __future__ import annotations

import argparse
import http.client
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from scenario_runner.archive.archive import Archive
from tests.archive.samples import CT_IMAGE, EXPLICIT, sample
from tests.running import command


def fill(folder: Path, deflated_megabytes: int) -> dict[str, list[str]]:
    """Put the objects into an archive; their paths on the web by what they are."""
    paths: dict[str, list[str]] = {"whole": [], "damaged": [], "deflated": []}

    def keep(archive: Archive, kind: str, study: str, syntax: str, data: bytes) -> None:
        uid = f"{study}.1.1"
        archive.store(CT_IMAGE, uid, syntax, [data])
        paths[kind].append(f"/studies/{study}/series/{study}.1/instances/{uid}")

    with Archive(folder) as archive:
        for number in range(20):
            study = f"1.2.{number}"
            keep(archive, "whole", study, EXPLICIT, sample(study, size=256).data)
        for number in range(20):
            study = f"1.3.{number}"
            syntax = (JPEG2000Lossless, RLELossless)[number % 2]
            pixels = encapsulate([b"\xff\x4f\xff\x51" + bytes(range(256)) * (number + 1)])
            one = sample(study, size=256, transfer_syntax=str(syntax), PixelData=pixels)
            keep(archive, "damaged", study, str(syntax), one.data)
        side = int((deflated_megabytes * 2**20 / 2) ** 0.5)
        squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        plain = sample("1.4.1", size=side, PixelData=bytes(side * side * 2)).data
        keep(
            archive, "deflated", "1.4.1", str(DeflatedExplicitVRLittleEndian),
            squeeze.compress(plain) + squeeze.flush(),
        )  # fmt: skip
    return paths


def held(pid: int) -> float:
    """MiB that a process has in memory."""
    return _of(pid, "VmRSS")


def most_held(pid: int) -> float:
    """The most it ever had, within a request, too."""
    return _of(pid, "VmHWM")


def _of(pid: int, what: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it made way for another one
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(what)), 0.0)


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [
        int(one)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for one in (task / "children").read_text().split()
    ]


def main() -> None:
    """Ask, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--deflated-megabytes", type=int, default=300)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = fill(Path(folder), given.deflated_megabytes)
        process = subprocess.Popen(
            command("pacs", "serve", "--folder", folder, "--port", "0", "--dicomweb-port", "0"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout is not None
            process.stdout.readline()
            url = process.stdout.readline().split()[-1]
            measure(process.pid, url, paths, given.requests)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def measure(pid: int, url: str, paths: dict[str, list[str]], requests: int) -> None:
    """The requests, and a line for each tenth of them."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=120)
    asked = [
        *((path, "/thumbnail") for path in paths["whole"]),
        *((path, "/rendered") for path in paths["damaged"]),
        *((path, "/frames/1") for path in paths["whole"]),
        *((path, "/frames/1") for path in paths["damaged"]),
        *((path, "/metadata") for path in paths["whole"] + paths["damaged"]),
        *((path, "/thumbnail?viewport={n},{n}") for path in paths["deflated"]),
        ("/studies", "?includefield=all"),
    ]
    told: Counter[int] = Counter()
    peak = peak_below = 0.0
    began = time.monotonic()
    for number in range(1, requests + 1):
        path, rest = asked[number % len(asked)]
        # Another size each time, so that no picture that is kept answers.
        rest = rest.replace("{n}", str(64 + number % 64))
        accept = 'multipart/related; type="application/octet-stream"' if "frames" in rest else "*/*"
        connection.request("GET", place.path + path + rest, headers={"Accept": accept})
        answer = connection.getresponse()
        answer.read()
        told[answer.status] += 1
        peak = max(peak, most_held(pid))
        if number % 50 == 0:
            peak_below = max(peak_below, *(most_held(one) for one in children(pid)), 0.0)
        if number % max(1, requests // 10) == 0:
            print(
                f"{number:>6} requests  {held(pid):6.0f} MiB now  {peak:6.0f} MiB most  "
                f"a decoder {peak_below:4.0f} MiB most  {time.monotonic() - began:5.0f} s  "
                f"{dict(told)}",
                flush=True,
            )


if __name__ == "__main__":
    main()

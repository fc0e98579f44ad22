"""DICOMweb on one kept connection: the embedded PACS beside Orthanc, one request at a time.

    python benchmarks/dicomweb.py [--frames 60] [--rounds 5] [--size 512]

Both have the same multi-frame instance and serve from a process of their own on loopback. A client
asks for each frame by a request of its own and waits for the answer, first as bytes, then rendered,
in turn from both; the best round of each is printed with the ratio. The client sets no socket
options beyond what ``http.client`` does.
"""

from __future__ import annotations

import argparse
import http.client
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scenario_runner.deadline import Deadline
from scenario_runner.network.store import store
from scenario_runner.ul.peer import Peer
from tests.archive.samples import CT_IMAGE, EXPLICIT, sample
from tests.pacs.test_many import Encoded
from tests.peers.processes import orthanc
from tests.running import command

if TYPE_CHECKING:
    from tests.archive.samples import Sample

_FRAME_TYPE = 'multipart/related; type="application/octet-stream"'


class Kept:
    """One connection that is kept."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._base = place.path
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port)

    def get(self, path: str, accept: str) -> bytes:
        """The body of an answer; ends the program on a failure."""
        self._connection.request("GET", self._base + path, headers={"Accept": accept})
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: HTTP {answer.status} {body[:200]!r}")
        return body

    def close(self) -> None:
        self._connection.close()


def multi_frame(frames: int, size: int) -> Sample:
    """16-bit frames with some structure, so that rendering has something to compress."""
    rows, columns = np.mgrid[0:size, 0:size]
    pixels = [((rows * 3 + columns * (1 + n % 5)) % 4096).astype("<u2") for n in range(frames)]
    return sample(
        "1.2.9", size=size, NumberOfFrames=frames, BitsStored=12, HighBit=11,
        PixelData=b"".join(one.tobytes() for one in pixels),
    )  # fmt: skip


def seconds_of(url: str, image: Sample, frames: int, what: str, accept: str) -> float:
    """How long all frames take, one request each, on a connection that was just used."""
    kept = Kept(url)
    path = f"/studies/1.2.9/series/1.2.9.1/instances/{image.sop_instance_uid}/frames/"
    kept.get(f"{path}1{what}", accept)
    began = time.perf_counter()
    for number in range(1, frames + 1):
        if len(kept.get(f"{path}{number}{what}", accept)) < 100:
            raise SystemExit("an answer is too short to be a frame")
    took = time.perf_counter() - began
    kept.close()
    return took


def main() -> None:
    """Serve the same instance twice and time both."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=512)
    given = parser.parse_args()
    image = multi_frame(given.frames, given.size)
    with (
        tempfile.TemporaryDirectory() as folder,
        orthanc(Path(folder), plugins=["libOrthancDicomWeb.so"]) as other,
    ):
        ours = subprocess.Popen(
            command(
                "pacs", "serve", "--folder", Path(folder) / "pacs", "--port", "0",
                "--dicomweb-port", "0",
            ),
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert ours.stdout is not None
        port = int(ours.stdout.readline().partition("127.0.0.1:")[2].partition(",")[0])
        url = ours.stdout.readline().strip().removeprefix("DICOMweb is at ")
        try:
            for name, number in (("EMBEDDED", port), ("ORTHANC", other.port)):
                peer = Peer(host="127.0.0.1", port=number, ae_title=name)
                pair = (CT_IMAGE, EXPLICIT)
                [answer] = store(peer, [Encoded(image)], [pair], Deadline(60))
                if answer.status != 0:
                    raise SystemExit(f"{name} did not store the instance")
            both = {"ours": url, "Orthanc": f"{other.http}/dicom-web"}
            for what, accept in (("", _FRAME_TYPE), ("/rendered", "image/jpeg")):
                best: dict[str, float] = {}
                for _ in range(given.rounds):
                    for name, service in both.items():
                        took = seconds_of(service, image, given.frames, what, accept)
                        best[name] = min(took, best.get(name, took))
                print(
                    f"{given.frames} {'rendered' if what else 'frames'}, {given.size}²: "
                    + ", ".join(f"{name} {took:.3f} s" for name, took in best.items())
                    + f"; {best['ours'] / best['Orthanc']:.2f} of Orthanc's time"
                )
        finally:
            ours.send_signal(signal.SIGTERM)
            ours.wait(30)


if __name__ == "__main__":
    main()

"""Imaging studies of a FHIR server to objects on the disk, beside the same number of objects that a plan alone makes.

    python benchmarks/fhir.py [--studies 40] [--instances 30] [--modality MR]

Both are a whole `fabricate run` with the one step `generate: {to: …}`, in seconds of its processor; the server is a
page of resources in this process. Every instance is listed with its UID, class and number, and each study is another
patient's. The share that is aimed at is 80 %.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.running import ROOT, write_scenario, write_site

_CLASSES = {"MR": "1.2.840.10008.5.1.4.1.1.4", "CT": "1.2.840.10008.5.1.4.1.1.2"}
_PAGE = 50
_UID = "1.2.826.0.1.3680043.8.498.7"


def study(number: int, modality: str, instances: int) -> dict[str, Any]:
    """One ImagingStudy with a series that lists its instances, of ``Patient/pN``."""
    kind = {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": modality}
    listed = [
        {
            "uid": f"{_UID}.{number}.1.{image}",
            "sopClass": {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{_CLASSES[modality]}"},
            "number": image,
        }
        for image in range(1, instances + 1)
    ]
    series = {
        "uid": f"{_UID}.{number}.1",
        "number": 1,
        "modality": kind,
        "numberOfInstances": instances,
    }
    return {
        "resourceType": "ImagingStudy",
        "id": f"s{number}",
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{_UID}.{number}"}],
        "status": "available",
        "subject": {"reference": f"Patient/p{number}"},
        "started": f"2026-01-{number % 28 + 1:02}T08:{number % 60:02}:00Z",
        "series": [{**series, "instance": listed}],
    }


def patient(number: int) -> dict[str, Any]:
    """Whose it is."""
    return {
        "resourceType": "Patient",
        "id": f"p{number}",
        "identifier": [{"system": "urn:oid:1.2.36.146", "value": f"MRN{number:06}"}],
        "name": [{"family": f"Tester{number}", "given": ["Eva"]}],
        "gender": "female",
        "birthDate": f"{1930 + number % 80}-03-01",
    }


class Server(ThreadingHTTPServer):
    """Pages of studies, each with the patients beside it."""

    def __init__(self, studies: int, modality: str, instances: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = []
        for first in range(0, studies, _PAGE):
            numbers = range(first, min(first + _PAGE, studies))
            entries = [
                *(
                    {"resource": study(n, modality, instances), "search": {"mode": "match"}}
                    for n in numbers
                ),
                *({"resource": patient(n), "search": {"mode": "include"}} for n in numbers),
            ]
            self.pages.append(entries)

    def said(self, path: str) -> dict[str, Any]:
        """What is at an address."""
        if "metadata" in path:
            return {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}
        number = int(path.rpartition("page=")[2]) if "page=" in path else 0
        link = []
        if number + 1 < len(self.pages):
            url = f"http://127.0.0.1:{self.server_port}/fhir/ImagingStudy?page={number + 1}"
            link = [{"relation": "next", "url": url}]
        return {
            "resourceType": "Bundle",
            "type": "searchset",
            "link": link,
            "entry": self.pages[number],
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        body = json.dumps(self.server.said(self.path)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def busy(folder: Path, patients: list[dict[str, Any]], url: str, objects: int) -> float:
    """Seconds of processor that making the objects of these patients takes, starting and all."""
    folder.mkdir()
    write_site(folder / "site.yaml", {"ehr": {"fhir": {"url": url}}})
    write_scenario(folder / "s.yaml", [{"generate": {"to": "dicom"}}], patients=patients)
    command = [
        sys.executable,
        "-m",
        "scenario_runner",
        "run",
        "s.yaml",
        "--site",
        "site.yaml",
        "--out",
        "out",
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "FABRICATE_REGISTRY": ":memory:", "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    made = sum(1 for _ in folder.rglob("*.dcm"))
    assert made == objects, made
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--studies", type=int, default=40)
    parser.add_argument("--instances", type=int, default=30)
    parser.add_argument("--modality", choices=sorted(_CLASSES), default="MR")
    given = parser.parse_args()
    objects = given.studies * given.instances
    series = {"modality": given.modality, "images": given.instances}
    alone = [{"count": given.studies, "studies": [{"series": [series]}]}]
    asked = [{"from": {"fhir": "ehr", "max_studies": given.studies}}]
    server = Server(given.studies, given.modality, given.instances)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/fhir"
    with tempfile.TemporaryDirectory() as name:
        spent = {
            "of the plan alone": busy(Path(name) / "plan", alone, url, objects),
            "of imaging studies": busy(Path(name) / "fhir", asked, url, objects),
        }
    server.shutdown()
    for said, seconds in spent.items():
        share = spent["of the plan alone"] / seconds
        print(
            f"{said:<20}{objects:7,} objects in {seconds:6.2f} s of processor   {objects / seconds:7,.0f} a second   {share:4.0%}"
        )


if __name__ == "__main__":
    main()

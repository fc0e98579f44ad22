"""HAPI FHIR's plain server, from Maven, with resources in memory."""

from __future__ import annotations

import contextlib
import json
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.peers.maven import class_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MAIN = Path(__file__).parent / "HapiServer.java"


@dataclass(frozen=True, slots=True)
class FhirServer:
    """One that is running. release: R4, R4B or R5."""

    base: str
    release: str

    def ask(self, method: str, place: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The resource that it answers with, without our own client."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.base}/{place}", data, {"Content-Type": "application/fhir+json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def load(self, resources: Sequence[Mapping[str, Any]]) -> None:
        """Put each under its id."""
        for one in resources:
            self.ask("PUT", f"{one['resourceType']}/{one['id']}", one)


@contextlib.contextmanager
def hapi(release: str) -> Iterator[FhirServer]:
    """A server of its own, empty, on a free loopback port. release: R4, R4B or R5."""
    options = ("-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx256m")
    command = ["java", *options, "-cp", class_path("hapi-fhir-peer", _MAIN), "HapiServer", release]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            line = process.stdout.readline().decode()
            if not line.startswith("ready "):
                pytest.fail(f"HAPI FHIR did not start: {line!r}, exit code {process.poll()}")
            yield FhirServer(f"http://127.0.0.1:{int(line.split()[1])}/fhir", release)
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

"""The main job, on every PACS that is really there, with one and the same scenario file."""

from __future__ import annotations

import base64
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from tests.peers.processes import dcmqrscp, orthanc
from tests.running import SMOKE, fabricate, record, steps, write_site

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer


def run(tmp_path: Path, *more: str | Path) -> dict[str, Any]:
    out = tmp_path / "run"
    fabricate("run", SMOKE, "--registry", ":memory:", "--out", out, *more).check()
    return record(out)


def test_the_smoke_scenario_passes_on_the_embedded_pacs(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result["outcome"] == "passed"
    assert {step["outcome"] for step in steps(result).values()} == {"passed"}
    assert result["targets"][0]["kind"] == "embedded"


def test_the_smoke_scenario_passes_on_orthanc_and_is_cleaned_up(tmp_path: Path) -> None:
    import httpx2

    with orthanc(tmp_path) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        targets = {"pacs": {"dicom": service, "orthanc": {"url": server.http}}}
        result = run(tmp_path, "--site", write_site(tmp_path / "site.yaml", targets))
        assert result["outcome"] == "passed"
        assert steps(result)["delete"]["outcome"] == "passed"
        assert httpx2.get(f"{server.http}/studies", timeout=30).json() == []


def test_the_smoke_scenario_passes_on_dcmqrscp_which_cannot_delete(tmp_path: Path) -> None:
    with dcmqrscp(tmp_path) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
        result = run(tmp_path, "--site", site)
        assert result["outcome"] == "passed"
        delete = steps(result)["delete"]
        assert delete["outcome"] == "skipped"
        assert "has no way to delete" in delete["message"]
        stored = [file for file in server.folder.iterdir() if file.name != "index.dat"]
        assert len(stored) == 3


def test_a_wrong_password_for_orthanc_is_told_and_shown_nowhere(tmp_path: Path) -> None:
    secret = "s3cr3t-passw0rd"
    with orthanc(tmp_path, users={"fab": "other"}) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        auth = {"basic": {"user": "fab", "password": "{{ env.PACS_PASSWORD }}"}}
        targets = {"pacs": {"dicom": service, "orthanc": {"url": server.http, "auth": auth}}}
        site = write_site(tmp_path / "site.yaml", targets)
        out = tmp_path / "run"
        done = fabricate(
            "run", SMOKE, "--site", site, "--registry", ":memory:", "--out", out,
            env={"PACS_PASSWORD": secret},
        ).check(4)  # fmt: skip
    assert "401" in done.out
    assert_nowhere(secret, out, done.out + done.err)


class Telltale(BaseHTTPRequestHandler):
    """Says the credentials it was given back in its error, as badly written servers do."""

    def do_POST(self) -> None:
        given = self.headers.get("Authorization", "")
        plain = base64.b64decode(given.removeprefix("Basic ")).decode()
        body = json.dumps({"Message": f"access denied for {plain} ({given})"}).encode()
        self.send_response(500, f"denied {plain}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_DELETE = do_POST  # noqa: N815 - names that http.server looks for

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""


def test_a_password_that_the_server_says_back_is_in_no_file_and_on_no_stream(
    tmp_path: Path,
) -> None:
    secret = "s3cr3t-passw0rd"
    telltale = ThreadingHTTPServer(("127.0.0.1", 0), Telltale)
    Thread(target=telltale.serve_forever, daemon=True).start()
    try:
        auth = {"basic": {"user": "fab", "password": "{{ env.PACS_PASSWORD }}"}}
        url = f"http://127.0.0.1:{telltale.server_port}"
        with orthanc(tmp_path) as server:
            service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
            targets = {"pacs": {"dicom": service, "orthanc": {"url": url, "auth": auth}}}
            site = write_site(tmp_path / "site.yaml", targets)
            out = tmp_path / "run"
            done = fabricate(
                "run", SMOKE, "--site", site, "--registry", ":memory:", "--out", out,
                env={"PACS_PASSWORD": secret},
            ).check(4)  # fmt: skip
    finally:
        telltale.shutdown()
        telltale.server_close()
    assert "500" in done.out
    assert_nowhere(secret, out, done.out + done.err)
    assert_nowhere(base64.b64encode(f"fab:{secret}".encode()).decode(), out, done.out + done.err)


def assert_nowhere(secret: str, folder: Path, streams: str) -> None:
    assert secret not in streams
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "events.ndjson" for path in files)
    for path in files:
        assert secret.encode() not in path.read_bytes(), path
        assert json.dumps(secret)[1:-1].encode() not in path.read_bytes(), path

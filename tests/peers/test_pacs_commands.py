"""`fabricate pacs serve` is a PACS for other makers' clients; `pacs echo` asks any PACS."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.peers.processes import dcmqrscp, free_port
from tests.running import command, environment, fabricate, write_scenario, write_site

pytestmark = pytest.mark.peer


@contextmanager
def served(folder: Path, *options: str) -> Iterator[int]:
    """A served PACS; it must end by itself when it is told to."""
    process = subprocess.Popen(
        command("pacs", "serve", "--folder", folder, "--port", "0", *options),
        stdout=subprocess.PIPE,
        text=True,
        env=environment({"PYTHONUNBUFFERED": "1"}),
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert "EMBEDDED listens on 127.0.0.1:" in line
        yield int(line.split("127.0.0.1:")[1].split(",")[0])
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 0


def dcmtk(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_dcmtk_talks_to_the_served_pacs_and_studies_outlive_it(tmp_path: Path) -> None:
    scenario = write_scenario(
        tmp_path / "made.yaml",
        [{"generate": {"to": "dicom"}}],
        patients=[{"id": "SERVED1", "studies": [{"series": [{"modality": "CT", "images": 3}]}]}],
    )
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check()
    files = sorted(str(file) for file in (out / "dicom").rglob("*.dcm"))
    with served(tmp_path / "pacs") as port:
        assert dcmtk("echoscu", "127.0.0.1", str(port)).returncode == 0
        assert dcmtk("storescu", "127.0.0.1", str(port), *files).returncode == 0
    with served(tmp_path / "pacs") as port:
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=SERVED*", "-k", "StudyDate")
        found = dcmtk("findscu", "-S", "127.0.0.1", str(port), *keys)
    assert "[SERVED1 ]" in found.stdout + found.stderr


def test_a_served_pacs_misbehaves_on_request(tmp_path: Path) -> None:
    with served(tmp_path / "pacs", "--fault", "refuse=congestion") as port:
        refused = dcmtk("echoscu", "127.0.0.1", str(port))
        assert refused.returncode != 0
        done = fabricate("pacs", "echo", f"EMBEDDED@127.0.0.1:{port}").check(4)
        assert "congestion" in done.err
    wrong = fabricate("pacs", "serve", "--fault", "refse=congestion").check(2)
    assert "refuse" in wrong.err


def test_echo_asks_by_address_and_by_name(tmp_path: Path) -> None:
    with dcmqrscp(tmp_path, any_peer=True) as server:
        address = f"{server.ae_title}@{server.host}:{server.port}"
        assert "answered 0000" in fabricate("pacs", "echo", address).check().out
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        site = write_site(tmp_path / "site.yaml", {"qr": {"dicom": service}})
        assert "answered 0000" in fabricate("pacs", "echo", "qr", "--site", site).check().out
        assert "qr" in fabricate("pacs", "echo", "rq", "--site", site).check(2).err


def test_echo_says_who_did_not_answer_and_why() -> None:
    port = free_port()
    done = fabricate("pacs", "echo", f"NOBODY@127.0.0.1:{port}").check(4)
    for part in ("NOBODY", "127.0.0.1", str(port), "refused"):
        assert part in done.err


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with served(tmp_path / "one") as port:
        done = fabricate("pacs", "serve", "--folder", tmp_path / "two", "--port", str(port)).check(
            4
        )
        assert str(port) in done.err

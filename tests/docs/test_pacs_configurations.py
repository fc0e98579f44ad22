"""The PACS configurations of the guide start, and the smoke scenario passes on them."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.docs.markdown import DOCS, fences
from tests.peers.processes import HOST, free_port
from tests.running import SMOKE, fabricate, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.peer
PAGE = DOCS / "guide" / "sites-and-pacs.md"


def written(folder: Path, ports: dict[str, int]) -> None:
    """The files of the page, with free ports in place of the ones it shows."""
    for fence in fences(PAGE):
        if fence.file is not None:
            text = fence.text
            for shown, free in ports.items():
                text = text.replace(shown, str(free))
            (folder / fence.file).write_text(text, encoding="utf-8")


@contextlib.contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            end = time.monotonic() + 20
            while time.monotonic() < end and process.poll() is None:
                with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
                    break
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(10)


def smoke(folder: Path, site: str, env: dict[str, str]) -> dict[str, str]:
    done = fabricate(
        "run",
        SMOKE,
        "--site",
        folder / site,
        "--registry",
        ":memory:",
        "--out",
        folder / "run",
        env=env,
    )
    done.check()
    steps = record(folder / "run")["cases"][0]["steps"]
    return {step["id"]: step["outcome"] for step in steps}


def test_the_orthanc_configuration_works_as_shown(tmp_path: Path) -> None:
    port, http = free_port(), free_port()
    written(tmp_path, {"4242": port, "8042": http})
    with running(["Orthanc", "orthanc.json"], tmp_path, port):
        outcomes = smoke(tmp_path, "orthanc-site.yaml", {"PACS_PASSWORD": "change-me"})
    assert set(outcomes.values()) == {"passed"}


def test_the_dcmqrscp_configuration_works_as_shown(tmp_path: Path) -> None:
    port = free_port()
    written(tmp_path, {"11112": port})
    (tmp_path / "qrscp-storage").mkdir()
    with running(["dcmqrscp", "-c", "dcmqrscp.cfg", str(port)], tmp_path, port):
        outcomes = smoke(tmp_path, "dcmqrscp-site.yaml", {})
    assert outcomes.pop("delete") == "skipped"
    assert set(outcomes.values()) == {"passed"}

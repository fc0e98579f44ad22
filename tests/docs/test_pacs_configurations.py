"""The PACS configurations of the guide start, and the smoke scenario passes on them."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.docs.markdown import DOCS, fences
from tests.peers.processes import HOST, free_port, free_ports
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
            end = time.monotonic() + 60
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
    port, http = free_ports(2)
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


COMPOSE = DOCS / "compose"


def test_the_pair_of_orthancs_works_as_composed(tmp_path: Path) -> None:
    """The same files as processes: only ports, addresses and folders are others."""
    composed = yaml.safe_load((COMPOSE / "compose.yaml").read_text("utf-8"))["services"]
    shown_ports = ("4242", "4243", "8042", "8043", "11113")
    mine = dict(zip(shown_ports, free_ports(len(shown_ports)), strict=True))

    def local(file: str) -> str:
        text = (COMPOSE / file).read_text("utf-8")
        # All at once, for a free port may look like one that is shown.
        text = re.sub("|".join(mine), lambda match: str(mine[match[0]]), text)
        return text.replace("host.docker.internal", HOST).replace("0.0.0.0", HOST)

    with contextlib.ExitStack() as stack:
        for name, service in composed.items():
            home = tmp_path / name
            home.mkdir()
            mounted = service["volumes"][0].split(":")
            assert mounted[1] == "/etc/orthanc/orthanc.json"
            settings = json.loads(local(mounted[0].removeprefix("./")))
            for shown in (settings["DicomPort"], settings["HttpPort"]):
                [inside] = [key for key, free in mine.items() if free == shown]
                assert f"127.0.0.1:{inside}:{inside}" in service["ports"]
            known = settings["DicomModalities"]
            assert all(one[1] in (HOST, *composed) for one in known.values())
            settings |= {
                "StorageDirectory": str(home), "IndexDirectory": str(home),
                "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
                "DicomModalities": {key: [one[0], HOST, one[2]] for key, one in known.items()},
            }  # fmt: skip
            (home / "orthanc.json").write_text(json.dumps(settings), encoding="utf-8")
            stack.enter_context(
                running(["Orthanc", "orthanc.json"], home, int(settings["HttpPort"]))
            )
        (tmp_path / "site.yaml").write_text(local("site.yaml"), encoding="utf-8")
        pair, site, out = COMPOSE / "pair.yaml", tmp_path / "site.yaml", tmp_path / "run"
        fabricate("run", pair, "--site", site, "--registry", ":memory:", "--out", out).check()
    assert len(record(tmp_path / "run")["cases"]) == 2

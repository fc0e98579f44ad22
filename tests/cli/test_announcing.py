"""Who starts a server is told when it serves and when it ends: by a file, and as systemd wants it."""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from scenario_runner.cli.announcing import Announcing
from scenario_runner.errors import MachineError
from tests.running import fabricate, start

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 60.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")


@pytest.mark.parametrize(
    ("arguments", "has_file"),
    [
        (("pacs", "serve", "--folder", "FOLDER", "--dicomweb-port", "0", "--processes", "2"), True),
        (("serve", "--data", "FOLDER"), True),
        (("validator", "serve", "--data", "FOLDER"), False),
    ],
    ids=["pacs", "service", "validator"],
)
def test_a_file_and_systemd_say_it_once_the_ports_are_open_and_when_it_ends(
    arguments: tuple[str, ...], has_file: bool, tmp_path: Path
) -> None:
    file, log = tmp_path / "ready", tmp_path / "log"
    if has_file:
        file.write_text("of one that was killed", "utf-8")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(PATIENCE)
        words = [str(tmp_path / "data") if one == "FOLDER" else one for one in arguments]
        process = start(
            [*words, "--port", "0", *(("--ready-file", str(file)) if has_file else ())],
            log,
            {"NOTIFY_SOCKET": str(tmp_path / "notify")},
        )
        try:
            assert systemd.recv(100) == b"READY=1", log.read_text("utf-8")
            assert not has_file or file.read_text("ascii") == f"{process.pid}\n"
        finally:
            process.send_signal(signal.SIGTERM)
        assert systemd.recv(100) == b"STOPPING=1", log.read_text("utf-8")
        assert process.wait(PATIENCE) == 0, log.read_text("utf-8")
    assert not file.exists()


def test_a_second_server_on_the_same_file_leaves_that_of_the_first(tmp_path: Path) -> None:
    file = tmp_path / "ready"
    with Announcing(file) as first:
        first.serves()
        told = fabricate(
            "pacs", "serve", "--folder", tmp_path / "pacs", "--port", "0", "--ready-file", file
        ).check(4)
        assert "is the ready file of another server" in told.err
        assert file.read_text("ascii") == f"{os.getpid()}\n"
    assert not file.exists()
    with Announcing(file) as again:
        again.serves()
        assert file.exists()


def test_nothing_is_left_of_a_file_that_could_not_take_its_name(tmp_path: Path) -> None:
    (tmp_path / "ready").mkdir()
    with Announcing(tmp_path / "ready") as told, pytest.raises(MachineError):
        told.serves()
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == [".ready.lock"]


def test_a_file_that_cannot_be_written_is_told_and_nothing_is_served(tmp_path: Path) -> None:
    done = fabricate(
        "pacs", "serve", "--folder", tmp_path / "pacs", "--port", "0",
        "--ready-file", tmp_path / "missing" / "ready",
    ).check(4)  # fmt: skip
    assert "with --ready-file in a folder that is there" in done.err

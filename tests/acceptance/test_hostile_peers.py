"""A peer that hangs, hangs up or talks nonsense: the run ends in time and says what happened."""

from __future__ import annotations

import contextlib
import socket
import time
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.scripts import Ran, run
from tests.running import write_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def peer(answer: bytes | None) -> Iterator[int]:
    """A server that answers every association request with these bytes; None: with silence."""
    listener = socket.create_server(("127.0.0.1", 0))
    kept: list[socket.socket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                kept.append(connection)
                connection.recv(65536)
                if answer is None:
                    continue
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)

    Thread(target=serve, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()
        for connection in kept:
            connection.close()


def against(folder: Path, port: int, steps: str, code: int) -> Ran:
    service = {"host": "127.0.0.1", "port": port, "ae_title": "ODD"}
    site = write_site(folder / "site.yaml", {"pacs": {"dicom": service}})
    return run(folder, steps, code, "--site", site)


REJECTED = bytes([3, 0, 0, 0, 0, 4, 0, 1, 1, 7])
ABORTED = bytes([7, 0, 0, 0, 0, 4, 0, 0, 2, 1])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "closed"),
        (REJECTED, "called AE title not recognized"),
        (ABORTED, "aborted"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak DICOM"),
        (b"\x02\x00\xff\xff\xff\xff" + bytes(100), "4294967295"),
    ],
)
@pytest.mark.parametrize("step", ["echo: {to: pacs}", "send: {to: pacs}"])
def test_a_peer_that_breaks_off_is_an_error_with_its_address_and_reason(
    tmp_path: Path, step: str, answer: bytes, words: str
) -> None:
    with peer(answer) as port:
        steps = f"steps:\n  - {step}\nfinally:\n  - {{id: last, log: {{message: always}}}}\n"
        done = against(tmp_path, port, steps, 4)
    assert words in done.out
    assert f"ODD at 127.0.0.1:{port}" in done.out
    assert done.run["outcome"] == "error"
    assert done.step("last")["outcome"] == "passed"


def test_a_peer_that_never_answers_takes_no_longer_than_the_timeout_of_the_step(
    tmp_path: Path,
) -> None:
    begun = time.monotonic()
    with peer(None) as port:
        steps = "steps:\n  - {echo: {to: pacs}, timeout: 500ms}\nfinally:\n  - {id: last, log: {message: x}}\n"
        done = against(tmp_path, port, steps, 1)
    assert time.monotonic() - begun < 15
    assert "timeout of 0.5 s" in done.step("echo")["message"]
    assert done.step("last")["outcome"] == "passed"


def test_every_attempt_at_a_peer_that_refuses_is_kept(tmp_path: Path) -> None:
    with peer(REJECTED) as port:
        steps = "steps:\n  - {send: {to: pacs}, retry: {attempts: 3, delay: 20ms, on: [error]}}\n"
        done = against(tmp_path, port, steps, 4)
    send = done.step("send")
    assert [one["outcome"] for one in send["attempt_list"]] == ["error"] * 3

"""Clients that upload and look at what became of it; they see what a user sees."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.service.validator.studies import IN_ORDER

CLIENT = httpx2.Client(timeout=60.0, trust_env=False)


@dataclass(slots=True)
class Uploads:
    """What was sent, and what was answered. stored: id to bytes; later: taken in and not stored yet."""

    stored: dict[str, bytes] = field(default_factory=dict)
    later: dict[str, bytes] = field(default_factory=dict)
    refused: int = 0
    broken: int = 0
    odd: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, url: str, content: bytes, patience: float = 60.0) -> int:
        """Upload once; returns the status, 0 where the connection broke."""
        try:
            answer = CLIENT.post(f"{url}/upload", files={"file": content}, timeout=patience)
        except httpx2.TransportError:
            with self._lock:
                self.broken += 1
            return 0
        with self._lock:
            said: dict[str, Any] = answer.json()
            if answer.status_code == 201:
                self.stored[said["study_id"]] = content
            elif answer.status_code == 503 and "study_id" in said:
                self.later[said["study_id"]] = content
            elif answer.status_code == 503:
                self.refused += 1
            else:
                self.odd.append(answer.text)
        return answer.status_code

    def send_all(self, url: str, contents: Iterable[bytes], clients: int) -> list[threading.Thread]:
        """Upload all of them by so many clients; each goes on until its file was taken."""
        waiting = list(contents)

        def client() -> None:
            while True:
                with self._lock:
                    if not waiting:
                        return
                    content = waiting.pop()
                while self.send(url, content) == 0 or self._just_refused(content):
                    time.sleep(0.1)

        threads = [threading.Thread(target=client, daemon=True) for _ in range(clients)]
        for one in threads:
            one.start()
        return threads

    def _just_refused(self, content: bytes) -> bool:
        with self._lock:
            return (
                not any(one is content for one in (*self.stored.values(), *self.later.values()))
                and not self.odd
            )


def settled(url: str, studies: Iterable[str], patience: float = 90.0) -> dict[str, dict[str, Any]]:
    """The status of each once none is under way any more."""
    found: dict[str, dict[str, Any]] = {}
    until = time.monotonic() + patience
    for study in studies:
        while True:
            status = CLIENT.get(f"{url}/status/{study}", timeout=30).json()
            if status["status"] in ("stored", "invalid", "failed"):
                found[study] = status
                break
            assert time.monotonic() < until, status
            time.sleep(0.1)
    return found


def require_whole(data: Path, sent: dict[str, bytes], url: str) -> None:
    """Each is stored once, as it was sent, and its events are in order; and nothing is half there."""
    for study, status in settled(url, sent).items():
        assert status["status"] == "stored", status
        assert [one["event"] for one in status["events"]] == IN_ORDER, status
        folder = data / "studies" / study
        assert (folder / "original.dcm").read_bytes() == sent[study]
    for folder in (data / "studies").iterdir():
        names = sorted(path.name for path in folder.iterdir())
        assert names == ["metadata.json", "original.dcm", "validation.log"], folder
        assert (folder / "metadata.json").read_bytes().endswith(b"}\n")
        assert (folder / "validation.log").read_bytes().endswith(b"\n")


def wait(threads: Iterable[threading.Thread], meanwhile: Callable[[], object]) -> None:
    """Do something again and again until all threads have ended."""
    while any(one.is_alive() for one in threads):
        meanwhile()

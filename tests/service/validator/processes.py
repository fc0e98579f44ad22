"""The validator as a user starts it: processes that are killed and started again."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.running import start
from tests.warm import Started

_PATIENCE = 180.0


@dataclass(slots=True)
class Process:
    """A command that is started anew whenever it was killed."""

    arguments: list[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    process: Started | subprocess.Popen[bytes] | None = None
    url: str = ""

    def start(self) -> None:
        """Start it and wait until it says that it is there."""
        before = self.log.stat().st_size if self.log.exists() else 0
        self.log.touch()
        self.process = start(self.arguments, self.log, self.env)
        until = time.monotonic() + _PATIENCE
        while True:
            said = self.log.read_bytes()[before:].decode()
            if "data in" in said:
                break
            assert self.process.poll() is None, said
            assert time.monotonic() < until, (self.arguments, said)
            time.sleep(0.02)
        if found := re.search(r"(http://\S+)/upload", said):
            self.url = found[1]

    def kill(self) -> None:
        """As the kernel does when memory runs out."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(_PATIENCE)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_PATIENCE)


@contextlib.contextmanager
def started(*processes: Process) -> Iterator[None]:
    """All of them, and none when it ends."""
    try:
        for one in processes:
            one.start()
        yield
    finally:
        for one in processes:
            if one.process is not None and one.process.poll() is None:
                one.kill()


def alone(data: Path, port: int = 0, **env: str) -> Process:
    """All roles in one process."""
    arguments = ["validator", "serve", "--port", str(port), "--data", str(data)]
    return Process(arguments, data.with_name(f"{data.name}.log"), env)


def apart(data: Path, broker: str, port: int, **env: str) -> list[Process]:
    """Gateway, validator and descriptor."""
    found = []
    for role in ("gateway", "validator", "descriptor"):
        arguments = ["validator", role, "--broker", broker, "--data", str(data)]
        if role == "gateway":
            arguments += ["--port", str(port)]
        found.append(Process(arguments, data.with_name(f"{data.name}.{role}.log"), env))
    return found

"""The imaging service as a user starts it: a process of its own, on a free loopback port."""

from __future__ import annotations

import contextlib
import re
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx2

from tests.running import start

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.warm import Started

_READY = re.compile(r"at (http://\S+?)/,")
_PATIENCE = 180.0


@dataclass(slots=True)
class Served:
    """A running service. url: without a slash at the end."""

    url: str
    process: Started | subprocess.Popen[bytes]
    client: httpx2.Client = field(repr=False)
    folder: Path
    """Where its output is, beside its data."""
    data: Path

    @property
    def api(self) -> str:
        """Where the 21 endpoints are."""
        return f"{self.url}/api/v1/dicom"

    def kill(self) -> None:
        """As if the power went, as far as processes know."""
        self.process.kill()
        self.process.wait(_PATIENCE)

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(_PATIENCE)


@contextlib.contextmanager
def served(
    data: Path,
    *options: str | Path,
    cold: bool = False,
    env: Mapping[str, str] | None = None,
) -> Iterator[Served]:
    """Start it, and end it however the test ends. cold: as a shell starts it. env: further variables."""
    data.mkdir(parents=True, exist_ok=True)
    log = data.with_name(f"{data.name}.log")
    log.write_bytes(b"")
    arguments = ["serve", "--port", "0", "--data", str(data), *map(str, options)]
    process = start(arguments, log, env, cold=cold)
    try:
        until = time.monotonic() + _PATIENCE
        while (found := _READY.search(log.read_text("utf-8"))) is None:
            assert process.poll() is None, f"it ended before it listened:\n{log.read_text()}"
            assert time.monotonic() < until, "it does not listen in time"
            time.sleep(0.02)
        with httpx2.Client(timeout=_PATIENCE, trust_env=False) as client:
            yield Served(found[1], process, client, data.parent, data)
    finally:
        process.kill()
        process.wait(_PATIENCE)

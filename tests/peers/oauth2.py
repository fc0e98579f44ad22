"""npm's oauth2-mock-server as a provider of tokens (see ``oauth2_provider.mjs``)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.peers.from_npm import installed
from tests.peers.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "9.3.0"


class Provider:
    """A running provider. issuer: its URL."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.issuer = str(self._said()["issuer"])

    def token(self, *, lasting: int = 300, rotate: str | None = None, **claims: Any) -> str:
        """A token it has signed. lasting: seconds from now. rotate: with a new key, of this algorithm.

        claims: None takes one away.
        """
        assert self._process.stdin is not None
        asked = {"claims": claims, "lasting": lasting, "rotate": rotate}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return str(self._said()["token"])

    def people(self, **claims: Any) -> None:
        """What it says from now on of whoever logs in there, which it lets everybody do."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"login": claims}) + "\n")
        self._process.stdin.flush()
        self._said()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _said(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the provider has ended"
        found: dict[str, Any] = json.loads(line)
        return found


@contextlib.contextmanager
def provider() -> Iterator[Provider]:
    """A provider on a free loopback port; it ends with its standard input."""
    script = Path(__file__).with_name("oauth2_provider.mjs")
    modules = installed("oauth2-mock-server", VERSION)
    process = subprocess.Popen(
        ["node", str(script), str(free_port())],
        env={**os.environ, "NODE_PATH": str(modules)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Provider(process)
        finally:
            process.kill()

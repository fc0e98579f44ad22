"""Debian's rsyslog as a receiver of messages over TLS, on a free loopback port."""

from __future__ import annotations

import contextlib
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.peers.processes import HOST, free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CONFIGURATION = """
global(
  workDirectory="{home}"
  maxMessageSize="64k"
  defaultNetstreamDriver="gtls"
  defaultNetstreamDriverCAFile="{home}/certificate.pem"
  defaultNetstreamDriverCertFile="{home}/certificate.pem"
  defaultNetstreamDriverKeyFile="{home}/key.pem"
)
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="all" type="string"
  string="%pri%|%protocol-version%|%timestamp:::date-rfc3339%|%hostname%|%app-name%|%procid%|%msgid%|%structured-data%|%msg%\\n")
input(type="imtcp" port="{port}" address="{host}")
action(type="omfile" file="{home}/received" template="all" asyncWriting="off" flushOnTXEnd="on")
"""


@dataclass(frozen=True, slots=True)
class SyslogReceiver:
    """A receiver. certificate: of itself, for who wants to believe it; received: what came, one a line."""

    port: int
    certificate: Path
    received: Path

    def lines(self) -> list[str]:
        """Those that are whole."""
        if not self.received.exists():
            return []
        return self.received.read_text("utf-8").split("\n")[:-1]


@contextlib.contextmanager
def rsyslog(folder: Path) -> Iterator[SyslogReceiver]:
    """An rsyslog that answers for 127.0.0.1 and localhost."""
    home = folder / "rsyslog"
    home.mkdir(parents=True)
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", f"subjectAltName=IP:{HOST},DNS:localhost"),
            *("-keyout", "key.pem", "-out", "certificate.pem"),
        ],
        cwd=home,
        check=True,
        capture_output=True,
    )
    port = free_port()
    configuration = home / "rsyslog.conf"
    configuration.write_text(_CONFIGURATION.format(home=home, port=port, host=HOST), "utf-8")
    command = ["rsyslogd", "-n", "-f", str(configuration), "-i", str(home / "pid")]
    with running(command, home, port, None):
        yield SyslogReceiver(port, home / "certificate.pem", home / "received")

"""Archives written on the libraries that people write theirs with: pynetdicom's and dcmjs-dimse's."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.peers.from_npm import installed
from tests.peers.processes import HOST, Modality, Server, free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VERSION = "0.3.3"
RECEIVER = Modality("FABRICATE", 11113)


@contextlib.contextmanager
def qrscp(
    folder: Path, *, ae_title: str = "QRSCP", destinations: Sequence[Modality] = (RECEIVER,)
) -> Iterator[Server]:
    """The archive that comes with pynetdicom, as its own command starts it."""
    home = folder / "qrscp"
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    known = "\n".join(f"[{d.ae_title}]\naddress: {d.host}\nport: {d.port}" for d in destinations)
    file = home / "qrscp.ini"
    file.write_text(
        f"""[DEFAULT]
ae_title: {ae_title}
port: {port}
max_pdu: 16382
acse_timeout: 30
dimse_timeout: 30
network_timeout: 30
bind_address: {HOST}
instance_location: {home / "instances"}
database_location: {home / "instances.sqlite"}
log_identifier: False
{known}
""",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pynetdicom", "qrscp", "-q", "-c", str(file)]
    with running(command, home, port, None) as (pid, log):
        yield Server(host=HOST, port=port, ae_title=ae_title, pid=pid, log=log, folder=home)


@contextlib.contextmanager
def dcmjs(
    folder: Path, *, ae_title: str = "DCMJS", destinations: Sequence[Modality] = (RECEIVER,)
) -> Iterator[Server]:
    """A small archive on npm's dcmjs-dimse (see ``dcmjs_scp.mjs``), with data sets in memory."""
    home = folder / "dcmjs"
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    known = json.dumps({d.ae_title: [d.host, d.port] for d in destinations})
    script = Path(__file__).with_name("dcmjs_scp.mjs")
    command = ["node", str(script), str(port), ae_title, known]
    with running(command, home, port, {"NODE_PATH": str(installed("dcmjs-dimse", VERSION))}) as (
        pid,
        log,
    ):
        yield Server(host=HOST, port=port, ae_title=ae_title, pid=pid, log=log, folder=home)

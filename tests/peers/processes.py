"""Real peers for tests: Orthanc, dcmqrscp and storescp, each started by its own command.

Every context manager writes a configuration into a folder of the test, starts the program on a free
loopback port, waits until it answers, yields how to reach it, and stops that very process again.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HOST = "127.0.0.1"
START_PATIENCE = 20.0
_CHOOSING = random.SystemRandom()
"""Whatever a test seeds, two processes ask for different ports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A program that is running. http_port: Orthanc's REST API, else None."""

    host: str
    port: int
    ae_title: str
    pid: int
    log: Path
    folder: Path
    http_port: int | None = None

    @property
    def http(self) -> str:
        """The base URL of the REST API."""
        assert self.http_port is not None
        return f"http://{self.host}:{self.http_port}"


@dataclass(frozen=True, slots=True)
class Modality:
    """An application entity that a server is to know, for C-MOVE and access lists."""

    ae_title: str
    port: int
    host: str = HOST


@dataclass(slots=True)
class _Ports:
    """Free ports, held open until the program is about to take them."""

    sockets: list[socket.socket] = field(default_factory=list)

    def take(self) -> int:
        """Of those that no system gives to who connects: another's connection would have it before the program."""
        while True:
            sock = socket.socket()
            port = _CHOOSING.randrange(20_000, 32_768)
            try:
                sock.bind((HOST, port))
            except OSError:
                sock.close()
                continue
            self.sockets.append(sock)
            return port

    def let_go(self) -> None:
        for sock in self.sockets:
            sock.close()


def hide_scripts_of_this_environment() -> None:
    """Take the environment's scripts off the path, so that names mean the programs of the system.

    pynetdicom installs an ``echoscu``, ``storescp`` and more of its own, which would stand before
    DCMTK's in an environment that is active.
    """
    ours = {Path(sys.prefix, name).resolve() for name in ("bin", "Scripts")}
    folders = os.environ.get("PATH", "").split(os.pathsep)
    kept = [folder for folder in folders if folder and Path(folder).resolve() not in ours]
    os.environ["PATH"] = os.pathsep.join(kept)


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Such ports, each another: one that was let go may be handed out again at once."""
    ports = _Ports()
    taken = [ports.take() for _ in range(count)]
    ports.let_go()
    return taken


@contextlib.contextmanager
def orthanc(
    folder: Path,
    *,
    ae_title: str = "ORTHANC",
    modalities: Sequence[Modality] = (Modality("FABRICATE", 11113),),
    plugins: Sequence[str] = (),
    users: Mapping[str, str] | None = None,
    configuration: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """An Orthanc as Debian installs it, with storage in ``folder``.

    modalities: AE titles it knows; others may ECHO and STORE only. plugins: file names of shared
    libraries in Debian's plugin folder (``libOrthancDicomWeb.so``). configuration: further keys.
    """
    home = folder / f"orthanc-{ae_title.lower()}"
    home.mkdir(parents=True, exist_ok=True)
    ports = _Ports()
    dicom_port, http_port = ports.take(), ports.take()
    settings: dict[str, Any] = {
        "Name": "test",
        "StorageDirectory": str(home / "storage"),
        "IndexDirectory": str(home / "storage"),
        "Plugins": [f"/usr/share/orthanc/plugins/{name}" for name in plugins],
        "DicomAet": ae_title,
        "DicomPort": dicom_port,
        "HttpPort": http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": users is not None,
        "DicomModalities": {m.ae_title.lower(): [m.ae_title, m.host, m.port] for m in modalities},
        **({"RegisteredUsers": dict(users)} if users else {}),
        **(configuration or {}),
    }
    file = home / "orthanc.json"
    file.write_text(json.dumps(settings, indent=1), encoding="utf-8")
    ports.let_go()
    with running(["Orthanc", str(file)], home, dicom_port, environment) as (pid, log):
        _await_port(http_port, pid, log)
        yield Server(
            host=HOST,
            port=dicom_port,
            ae_title=ae_title,
            pid=pid,
            log=log,
            folder=home,
            http_port=http_port,
        )


@contextlib.contextmanager
def orthanc_again(before: Server) -> Iterator[None]:
    """The same Orthanc on the same ports, after it has ended or was killed."""
    assert before.http_port is not None
    command = ["Orthanc", str(before.folder / "orthanc.json")]
    with running(command, before.folder, before.port, None) as (pid, log):
        _await_port(before.http_port, pid, log)
        yield


@contextlib.contextmanager
def dcmqrscp(
    folder: Path,
    *,
    ae_title: str = "QRSCP",
    peers: Sequence[Modality] = (Modality("FABRICATE", 11113),),
    any_peer: bool = False,
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """DCMTK's dcmqrscp with one storage area; only ``peers`` may talk to it unless any_peer."""
    home = folder / f"dcmqrscp-{ae_title.lower()}"
    storage = home / "storage"
    storage.mkdir(parents=True, exist_ok=True)
    ports = _Ports()
    port = ports.take()
    # It knows a peer by what its address resolves to, never by the address itself.
    names = [socket.getfqdn(p.host) if p.host != HOST else "localhost" for p in peers]
    hosts = "\n".join(f"p{n} = ({p.ae_title}, {names[n]}, {p.port})" for n, p in enumerate(peers))
    symbols = ", ".join(f"p{n}" for n in range(len(peers)))
    # 'ANY' lets every peer in; the host table is still what C-MOVE destinations come from.
    access = "ANY" if any_peer or not peers else "everyone"
    group = f"everyone = {symbols}" if peers else ""
    file = home / "dcmqrscp.cfg"
    file.write_text(
        f"""NetworkTCPPort = {port}
MaxPDUSize = 16384
MaxAssociations = 64
HostTable BEGIN
{hosts}
{group}
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
{ae_title} {storage} RW (500, 1gb) {access}
AETable END
""",
        encoding="utf-8",
    )
    ports.let_go()
    command = ["dcmqrscp", "-c", str(file), *options, str(port)]
    with running(command, home, port, environment) as (pid, log):
        yield Server(host=HOST, port=port, ae_title=ae_title, pid=pid, log=log, folder=storage)


@contextlib.contextmanager
def storescp(
    folder: Path,
    *,
    ae_title: str = "STORESCP",
    port: int | None = None,
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """DCMTK's storescp; instances land in ``Server.folder`` unless options say ``--ignore``.

    port: one that was free a moment ago; by default any.
    """
    home = folder / f"storescp-{ae_title.lower()}"
    storage = home / "storage"
    storage.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    command = ["storescp", "-aet", ae_title, "-od", str(storage), *options, str(port)]
    with running(command, home, port, environment) as (pid, log):
        yield Server(host=HOST, port=port, ae_title=ae_title, pid=pid, log=log, folder=storage)


@contextlib.contextmanager
def wlmscpfs(
    folder: Path, *, ae_title: str = "WORKLIST", character_sets: bool = True
) -> Iterator[Server]:
    """DCMTK's worklist server; it answers from the ``*.wl`` files that lie in ``Server.folder``.

    character_sets: whether its answers say in which they are, which by itself it leaves out.
    """
    home = folder / "wlmscpfs"
    items = home / ae_title
    items.mkdir(parents=True, exist_ok=True)
    (items / "lockfile").touch()
    port = free_port()
    # A single process: one for each association would outlive the test.
    keep = ["-csk"] if character_sets else []
    command = ["wlmscpfs", "-s", *keep, "-dfr", "-dfp", str(home), str(port)]
    with running(command, home, port, None) as (pid, log):
        yield Server(host=HOST, port=port, ae_title=ae_title, pid=pid, log=log, folder=items)


@contextlib.contextmanager
def running(
    command: Sequence[str], home: Path, port: int, environment: Mapping[str, str] | None
) -> Iterator[tuple[int, Path]]:
    log = home / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=home,
            env={**os.environ, **(environment or {})},
        )
    try:
        _await_port(port, process.pid, log, process)
        yield process.pid, log
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _await_port(
    port: int, pid: int, log: Path, process: subprocess.Popen[bytes] | None = None
) -> None:
    end = time.monotonic() + START_PATIENCE
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1.0):
            return
        time.sleep(0.02)
    raise RuntimeError(
        f"process {pid} does not answer on port {port}:\n"
        + log.read_text(encoding="utf-8", errors="replace")[-2000:]
    )

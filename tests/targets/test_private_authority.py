"""A hospital's own certificate authority: the only trust where a site names it, by every way in."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.api import Target
from scenario_runner.app.time_stamps import authority
from scenario_runner.deadline import Deadline
from scenario_runner.errors import ConnectionFailed, MachineError
from scenario_runner.language.site_model import Site, TargetSpec
from scenario_runner.language.site_services import HttpService, TlsFiles
from scenario_runner.plugins import Plugins
from scenario_runner.service.accounts.oidc import asked_for_json
from scenario_runner.targets.open import Opening
from tests.network.dicomweb.front import tls_front
from tests.network.test_tls import Identity, make_identity
from tests.peers.processes import orthanc

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_EXTENSIONS = """
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[server]
basicConstraints = CA:FALSE
subjectAltName = IP:127.0.0.1
"""


def issue(folder: Path, name: str, kind: str, by: Identity | None) -> Identity:
    """A certificate of this kind (``authority`` or ``server``), signed by another or by itself."""
    made = Identity(folder / f"{name}.crt", folder / f"{name}.key")
    request, extensions = folder / f"{name}.csr", folder / "extensions.cnf"
    extensions.write_text(_EXTENSIONS, encoding="ascii")
    ask = ["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"]
    ask += ["-keyout", str(made.key), "-out", str(request)]
    sign = ["openssl", "x509", "-req", "-days", "2", "-in", str(request)]
    sign += ["-out", str(made.certificate), "-extfile", str(extensions), "-extensions", kind]
    if by is None:
        sign += ["-signkey", str(made.key)]
    else:
        sign += ["-CA", str(by.certificate), "-CAkey", str(by.key), "-CAcreateserial"]
    for command in (ask, sign):
        subprocess.run(command, check=True, capture_output=True)
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds root.crt, issuing.crt (signed by it) and other.crt, which has signed nothing here."""
    return tmp_path_factory.mktemp("authority")


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    """Orthanc behind TLS; its certificate is of the issuing authority, which it sends along."""
    root = issue(folder, "root", "authority", None)
    issuing = issue(folder, "issuing", "authority", root)
    server = issue(folder, "server", "server", issuing)
    make_identity(folder, "other")
    chain = server.certificate.read_text("ascii") + issuing.certificate.read_text("ascii")
    server.certificate.write_text(chain, encoding="ascii")
    with orthanc(folder, plugins=["libOrthancDicomWeb.so"]) as running:
        assert running.http_port is not None
        with tls_front(running.http_port, server) as front:
            yield front


def target(folder: Path, port: int, **files: Any) -> Target:
    url = f"https://127.0.0.1:{port}"
    tls = TlsFiles(**files) if files else None
    spec = TargetSpec(
        dicomweb=HttpService(url=f"{url}/dicom-web", tls=tls), orthanc=HttpService(url=url, tls=tls)
    )
    site = Site(schema_="site/v1", name="north", targets={"pacs": spec})
    kinds = Plugins(outside=False).named("fabricate_target_kinds")
    return Opening(site=site, kinds=kinds, folder=folder).target("pacs", spec, folder / "scratch")


def accepted(folder: Path, port: int, **files: Any) -> None:
    """By DICOMweb and by Orthanc's REST API."""
    one = target(folder, port, **files)
    assert one.echo(Deadline(10)).association["tls"] is True
    assert one.delete(["1.2.3"], Deadline(10)) == []


def refused(folder: Path, port: int, **files: Any) -> None:
    one = target(folder, port, **files)
    for call in (lambda: one.echo(Deadline(10)), lambda: one.delete(["1.2.3"], Deadline(10))):
        with pytest.raises(ConnectionFailed, match="certificate"):
            call()


@pytest.mark.peer
def test_a_private_authority_is_refused_until_the_site_names_it(folder: Path, port: int) -> None:
    refused(folder, port)
    refused(folder, port, ca="other.crt")
    accepted(folder, port, ca="root.crt")


@pytest.mark.peer
def test_an_issuing_authority_alone_is_enough(folder: Path, port: int) -> None:
    accepted(folder, port, ca="issuing.crt")


@pytest.mark.peer
def test_the_system_is_trusted_by_every_way_alike_but_not_beside_a_ca(
    folder: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What OpenSSL calls the system's store; an administrator's own root stands there, too.
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "root.crt"))
    accepted(folder, port)
    # So do a provider of tokens and an authority of time stamps.
    url = f"https://127.0.0.1:{port}"
    assert asked_for_json(f"{url}/system", None)["Name"] == "test"
    with pytest.raises(MachineError, match="is no time stamp authority: it answered 405"):
        authority(f"{url}/system")(b"")
    refused(folder, port, ca="other.crt")
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(MachineError, match="certificate"):
        asked_for_json(f"{url}/system", None)
    with pytest.raises(MachineError, match="certificate"):
        authority(f"{url}/system")(b"")

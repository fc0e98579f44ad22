"""TLS on the DICOM port, spoken to by DCMTK."""

from __future__ import annotations

import shutil
import socket
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from scenario_runner.errors import MachineError
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.ul.tls import Tls
from tests.archive.samples import sample, write
from tests.targets.test_private_authority import issue

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pacs.conftest import Dcmtk

pytestmark = pytest.mark.peer


@dataclass(frozen=True)
class Identity:
    """A self-signed certificate and its key."""

    certificate: Path
    key: Path


@pytest.fixture(scope="module")
def identities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Identity]:
    program = shutil.which("openssl")
    assert program is not None, "openssl is not installed"
    folder = tmp_path_factory.mktemp("tls")
    made = {}
    for name in ("server", "client", "stranger"):
        one = made[name] = Identity(folder / f"{name}.pem", folder / f"{name}.key")
        subprocess.run(
            [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", one.key, "-out", one.certificate],
            check=True, capture_output=True,
        )  # fmt: skip
    return made


def pacs_with(folder: Path, identities: dict[str, Identity], *, mutual: bool) -> EmbeddedPacs:
    server = identities["server"]
    trusted = identities["client"].certificate if mutual else None
    tls = Tls(certificate=server.certificate, key=server.key, ca=trusted)
    return EmbeddedPacs(folder, options=PacsOptions(tls=tls))


def tls_of(identities: dict[str, Identity], name: str) -> list[str | Path]:
    one = identities[name]
    return ["+tls", one.key, one.certificate, "+cf", identities["server"].certificate]


def test_images_are_stored_over_tls(
    dcmtk: Dcmtk, tmp_path: Path, identities: dict[str, Identity]
) -> None:
    with pacs_with(tmp_path / "pacs", identities, mutual=True) as pacs:
        files = [write(sample(number=n, size=256), tmp_path) for n in range(1, 6)]
        run = dcmtk("storescu", *tls_of(identities, "client"), pacs.host, str(pacs.port), *files)
        assert run.returncode == 0, run.stderr
        assert pacs.archive.counts().instances == 5
        run = dcmtk(
            "findscu", "-v", *tls_of(identities, "client"), "-S", "-k", "QueryRetrieveLevel=STUDY",
            "-k", "StudyInstanceUID", pacs.host, str(pacs.port),
        )  # fmt: skip
        assert "[1.2.3" in run.stdout + run.stderr


def test_without_the_right_certificate_nobody_gets_in(
    dcmtk: Dcmtk, tmp_path: Path, identities: dict[str, Identity]
) -> None:
    with pacs_with(tmp_path, identities, mutual=True) as pacs:
        stranger = dcmtk("echoscu", *tls_of(identities, "stranger"), pacs.host, str(pacs.port))
        assert stranger.returncode != 0
        assert dcmtk("echoscu", "-ta", "2", pacs.host, str(pacs.port)).returncode != 0
        known = dcmtk("echoscu", *tls_of(identities, "client"), pacs.host, str(pacs.port))
        assert known.returncode == 0, known.stderr


def test_a_certificate_is_asked_of_clients_only_when_wanted(
    dcmtk: Dcmtk, tmp_path: Path, identities: dict[str, Identity]
) -> None:
    with pacs_with(tmp_path, identities, mutual=False) as pacs:
        run = dcmtk("echoscu", *tls_of(identities, "stranger"), pacs.host, str(pacs.port))
        assert run.returncode == 0, run.stderr


def test_stopping_does_not_wait_for_a_handshake(
    tmp_path: Path, identities: dict[str, Identity]
) -> None:
    import time

    pacs = pacs_with(tmp_path, identities, mutual=False)
    pacs.start()
    with socket.create_connection((pacs.host, pacs.port)):
        time.sleep(0.1)
        began = time.perf_counter()
        pacs.stop()
        assert time.perf_counter() - began < 10


def test_a_key_of_another_certificate_is_said_plainly(
    tmp_path: Path, identities: dict[str, Identity]
) -> None:
    tls = Tls(certificate=identities["server"].certificate, key=identities["client"].key)
    with pytest.raises(MachineError, match="TLS file"):
        EmbeddedPacs(tmp_path, options=PacsOptions(tls=tls)).start()


def test_clients_of_an_issuing_authority_get_in_without_its_root(
    dcmtk: Dcmtk, tmp_path: Path, identities: dict[str, Identity]
) -> None:
    """As our own clients trust it: the root of a hospital is often nowhere but in its safe."""
    root = issue(tmp_path, "root", "authority", None)
    issuing = issue(tmp_path, "issuing", "authority", root)
    known = issue(tmp_path, "known", "server", issuing)
    other = issue(tmp_path, "other", "server", root)
    server = identities["server"]
    tls = Tls(certificate=server.certificate, key=server.key, ca=issuing.certificate)
    with EmbeddedPacs(tmp_path / "pacs", options=PacsOptions(tls=tls)) as pacs:
        for one, gets_in in ((known, True), (other, False)):
            run = dcmtk(
                "echoscu", "+tls", one.key, one.certificate, "+cf", server.certificate,
                pacs.host, str(pacs.port),
            )  # fmt: skip
            assert (run.returncode == 0) == gets_in, run.stderr

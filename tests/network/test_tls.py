"""A protected association works, and one that does not says on which side the fault lies."""

from __future__ import annotations

import dataclasses
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.errors import ConnectionFailed, MachineError, ProtocolViolation, TargetError
from scenario_runner.network.echo import echo
from scenario_runner.network.receiver import Receiver
from scenario_runner.network.store import store
from scenario_runner.ul.peer import LocalEntity, Peer
from scenario_runner.ul.tls import Tls
from tests.network.hostile import Wire, hostile
from tests.network.objects import PAIR, Study
from tests.peers.processes import Server, orthanc, storescp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Identity:
    certificate: Path
    key: Path


def make_identity(folder: Path, name: str, *, host: str = "IP:127.0.0.1") -> Identity:
    """A self-signed certificate and its key."""
    identity = Identity(folder / f"{name}.crt", folder / f"{name}.key")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={name}", "-addext", f"subjectAltName={host}"]
    command += ["-out", str(identity.certificate), "-keyout", str(identity.key)]
    subprocess.run(command, check=True, capture_output=True)
    return identity


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def server_side(folder: Path) -> Identity:
    return make_identity(folder, "server")


@pytest.fixture(scope="module")
def our_side(folder: Path) -> Identity:
    return make_identity(folder, "client")


@pytest.fixture(scope="module")
def scp(folder: Path, server_side: Identity, our_side: Identity) -> Iterator[Server]:
    options = ["+tls", str(server_side.key), str(server_side.certificate)]
    options += ["+cf", str(our_side.certificate)]
    with storescp(folder, options=options) as server:
        yield server


def _peer(server: Server, tls: Tls | None) -> Peer:
    return Peer(
        host=server.host,
        port=server.port,
        ae_title=server.ae_title,
        connect_timeout=3,
        response_timeout=5,
        tls=tls,
    )


def _ours(server_side: Identity, our_side: Identity) -> Tls:
    return Tls(ca=server_side.certificate, certificate=our_side.certificate, key=our_side.key)


@pytest.mark.peer
def test_images_go_over_tls_with_certificates_on_both_sides(
    scp: Server, server_side: Identity, our_side: Identity
) -> None:
    peer = _peer(scp, _ours(server_side, our_side))
    assert echo(peer, Deadline(10)).status == 0
    answers = list(store(peer, Study().instances(5, 1024), [PAIR], Deadline(30)))
    assert [a.status for a in answers] == [0] * 5


@pytest.mark.peer
def test_orthanc_takes_images_over_tls(
    folder: Path, server_side: Identity, our_side: Identity
) -> None:
    configuration = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(server_side.certificate),
        "DicomTlsPrivateKey": str(server_side.key),
        "DicomTlsTrustedCertificates": str(our_side.certificate),
    }
    with orthanc(folder, configuration=configuration) as server:
        peer = _peer(server, _ours(server_side, our_side))
        answers = list(store(peer, Study().instances(5, 512), [PAIR], Deadline(30)))
        assert [a.status for a in answers] == [0] * 5


@pytest.mark.peer
def test_a_certificate_we_do_not_trust_is_our_refusal(scp: Server, our_side: Identity) -> None:
    tls = Tls(ca=our_side.certificate, certificate=our_side.certificate, key=our_side.key)
    with pytest.raises(ConnectionFailed, match="peer's certificate is not accepted") as caught:
        echo(_peer(scp, tls), Deadline(10))
    assert "nobody it names has signed this certificate" in str(caught.value.hint)


@pytest.mark.peer
def test_a_certificate_for_another_host_is_refused_unless_told_otherwise(
    folder: Path, our_side: Identity
) -> None:
    other = make_identity(folder, "other", host="DNS:pacs.example")
    options = ["+tls", str(other.key), str(other.certificate), "-ic"]
    with storescp(folder, ae_title="OTHER", options=options) as server:
        tls = Tls(ca=other.certificate)
        with pytest.raises(ConnectionFailed, match=r"not accepted.*127") as caught:
            echo(_peer(server, tls), Deadline(10))
        assert "call the host as the certificate does" in str(caught.value.hint)
        lenient = Tls(ca=other.certificate, check_host=False)
        assert echo(_peer(server, lenient), Deadline(10)).status == 0


@pytest.mark.peer
def test_a_missing_certificate_of_ours_is_the_peers_refusal(
    scp: Server, server_side: Identity
) -> None:
    with pytest.raises(TargetError, match=r"refused|closed|reset|certificate"):
        echo(_peer(scp, Tls(ca=server_side.certificate)), Deadline(10))


@pytest.mark.peer
def test_plain_dicom_to_a_tls_port_is_recognised(scp: Server) -> None:
    with pytest.raises(TargetError) as caught:
        echo(_peer(scp, None), Deadline(10))
    if isinstance(caught.value, ProtocolViolation):
        assert "TLS" in str(caught.value.hint)
    else:
        assert "closed" in str(caught.value) or "reset" in str(caught.value).lower()


@pytest.mark.peer
def test_tls_to_a_plain_port_is_recognised(tmp_path: Path, server_side: Identity) -> None:
    with (
        storescp(tmp_path) as server,
        pytest.raises(ConnectionFailed, match=r"without TLS|may not speak TLS|did not finish"),
    ):
        echo(_peer(server, Tls(ca=server_side.certificate)), Deadline(10))


def test_a_peer_that_never_shakes_hands_ends_at_the_connect_timeout() -> None:
    with hostile(Wire.hang) as peer:
        silent = Peer(
            host=peer.host,
            port=peer.port,
            ae_title="SILENT",
            connect_timeout=0.5,
            tls=Tls(verify=False),
        )
        with pytest.raises(ConnectionFailed, match=r"did not finish it within 0\.5 s"):
            echo(silent, Deadline(10))


def test_a_certificate_file_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "not-a-certificate.pem"
    file.write_text("nothing", encoding="utf-8")
    with pytest.raises(MachineError, match=r"not-a-certificate\.pem"):
        Tls(ca=file).context()


@pytest.mark.peer
def test_our_receiver_takes_tls_associations_and_nothing_else(
    folder: Path, server_side: Identity, our_side: Identity
) -> None:
    listening = Tls(
        certificate=server_side.certificate, key=server_side.key, ca=our_side.certificate
    )
    calling = Tls(ca=server_side.certificate, certificate=our_side.certificate, key=our_side.key)
    came: list[str] = []
    with Receiver(LocalEntity("US", "127.0.0.1", 0, tls=listening), contexts=[PAIR],
        on_instance=lambda instance: came.append(instance.sop_instance_uid),
    ) as receiver:  # fmt: skip
        receiver.start(Deadline(5))
        peer = Peer(
            host="127.0.0.1", port=receiver.port, ae_title="US", tls=calling,
            connect_timeout=5, response_timeout=5,
        )  # fmt: skip
        sent = list(store(peer, Study().instances(3), [PAIR], Deadline(20)))
        assert [answer.status for answer in sent] == [0, 0, 0]
        assert came == [answer.sop_instance_uid for answer in sent]
        for wrong in (None, Tls(ca=server_side.certificate)):
            with pytest.raises(TargetError):
                echo(dataclasses.replace(peer, tls=wrong), Deadline(10))
        echoscu = subprocess.run(
            ["echoscu", "+tls", our_side.key, our_side.certificate, "+cf",
             server_side.certificate, "127.0.0.1", str(receiver.port)],
            check=False, capture_output=True, timeout=30,
        )  # fmt: skip
        assert echoscu.returncode == 0, echoscu.stderr


def test_a_receiver_without_a_certificate_is_told_before_it_listens() -> None:
    with pytest.raises(MachineError, match="no certificate"):
        Receiver(LocalEntity("US", "127.0.0.1", 0, tls=Tls()))

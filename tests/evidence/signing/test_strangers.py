"""Signatures of every kind of key, held by a library of other people and by authorities."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import (  # type: ignore[attr-defined]
    CryptoSigner,
    SSlibKey,
)

from scenario_runner.evidence.signing.keys import key_id
from scenario_runner.evidence.signing.verify import verify
from tests.evidence.signing.people import (
    BEGIN,
    certificate,
    command,
    key,
    key_file,
    pem_file,
    public_file,
    run_folder,
    signed,
)

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {
    "ed25519": "ed25519",
    "p256": "ecdsa-sha2-nistp256",
    "p384": "ecdsa-sha2-nistp384",
    "rsa3072": "rsassa-pss-sha256",
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return run_folder(tmp_path / "runs" / "one")


@pytest.mark.parametrize("kind", KINDS)
def test_a_stranger_reads_our_signature_and_refuses_another_key(
    run: Path, tmp_path: Path, kind: str
) -> None:
    private = key(kind)
    assert signed(run, key_file(tmp_path, private)) == 0
    (file,) = (run / "signatures").iterdir()
    envelope = Envelope.from_dict(json.loads(file.read_bytes()))
    public = SSlibKey.from_crypto(private.public_key(), key_id(private.public_key()), KINDS[kind])
    envelope.verify([public], 1)
    other = key(kind, "somebody else").public_key()
    with pytest.raises(VerificationError):
        envelope.verify([SSlibKey.from_crypto(other, key_id(private.public_key()), KINDS[kind])], 1)
    statement = json.loads(envelope.payload)
    assert envelope.payload_type == "application/vnd.in-toto+json"
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert statement["predicate"]["result"] == "PASSED"
    assert statement["predicate"]["passedTests"] == ["xray_smoke"]
    assert not verify(run).everything()


@pytest.mark.parametrize("kind", KINDS)
def test_we_read_a_stranger_s_signature(run: Path, tmp_path: Path, kind: str) -> None:
    assert signed(run, key_file(tmp_path, key("ed25519", "any"), "any.pem")) == 0
    (file,) = (run / "signatures").iterdir()
    payload = Envelope.from_dict(json.loads(file.read_bytes())).payload
    private = key(kind)
    public = SSlibKey.from_crypto(private.public_key(), key_id(private.public_key()), KINDS[kind])
    envelope = Envelope(payload, "application/vnd.in-toto+json", {})
    envelope.sign(CryptoSigner(private, public))
    file.write_text(json.dumps(envelope.to_dict()), encoding="utf-8")
    # It brings no key, so it holds only where the key is known.
    assert [one.change for one in verify(run).everything()] == ["signature"]
    assert command("verify", run, "--trust", public_file(tmp_path, private)) == 0


def test_a_key_of_ssh_keygen_signs_and_is_trusted_by_its_comment(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from cryptography.hazmat.primitives import serialization

    private = key("ed25519", "ssh")
    file = tmp_path / "id_ed25519"
    file.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
    )
    line = private.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    (tmp_path / "id_ed25519.pub").write_bytes(line + b" jane@radiology\n")
    assert signed(run, file) == 0
    assert command("verify", run, "--trust", tmp_path / "id_ed25519.pub") == 0
    assert "jane@radiology" in capsys.readouterr().out


def test_openssl_reads_the_signature_of_an_rsa_key(run: Path, tmp_path: Path) -> None:
    """With nothing of ours: the bytes that DSSE says are signed, by the tool that every system has."""
    private = key("rsa3072")
    assert signed(run, key_file(tmp_path, private)) == 0
    (file,) = (run / "signatures").iterdir()
    envelope = json.loads(file.read_bytes())
    import base64

    payload = base64.b64decode(envelope["payload"])
    kind = b"application/vnd.in-toto+json"
    (tmp_path / "data").write_bytes(
        b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    )
    (tmp_path / "sig").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-verify",
         public_file(tmp_path, private), "-signature", tmp_path / "sig", tmp_path / "data"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "Verified OK", done.stderr


def test_an_authority_vouches_for_a_person_and_no_other_does(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = certificate("North Hospital Root", key("p384", "root"), authority=True)
    between = certificate(
        "North Hospital People", key("p256", "ca"), (root, key("p384", "root")), authority=True
    )
    person = certificate("Jane Citizen", key("rsa2048"), (between, key("p256", "ca")))
    chain = pem_file(tmp_path, "jane.crt", person, between)
    assert (
        signed(run, key_file(tmp_path, key("rsa2048")), "executed", "Jane", "--certificate", chain)
        == 0
    )
    capsys.readouterr()
    assert command("verify", run, "--trust", pem_file(tmp_path, "root.pem", root)) == 0
    assert "CN=Jane Citizen, by CN=North Hospital Root" in capsys.readouterr().out
    other = certificate("South Hospital Root", key("p384", "south"), authority=True)
    assert command("verify", run, "--trust", pem_file(tmp_path, "south.pem", other)) == 1
    assert "untrusted" in capsys.readouterr().out
    # The person's own certificate, trusted as it stands, needs no authority.
    assert command("verify", run, "--trust", pem_file(tmp_path, "person.pem", person)) == 0


def test_a_person_is_no_authority_and_an_old_certificate_is_none(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = certificate("North Hospital Root", key("p384", "root"), authority=True)
    person = certificate("Jane Citizen", key("p256", "jane2"), (root, key("p384", "root")))
    made_up = certificate("Chief Physicist", key("p256", "fake"), (person, key("p256", "jane2")))
    old = certificate(
        "Ray Mason", key("p256", "ray2"), (root, key("p384", "root")), begin=BEGIN,
        lasts=dt.timedelta(days=1),
    )  # fmt: skip
    trusted = pem_file(tmp_path, "root.pem", root)
    for private, name, chain in (
        (key("p256", "fake"), "Chief", (made_up, person)),
        (key("p256", "ray2"), "Ray", (old,)),
    ):
        file = pem_file(tmp_path, f"{name}.crt", *chain)
        code = signed(run, key_file(tmp_path, private), "executed", name, "--certificate", file)
        assert code == 0
    assert command("verify", run, "--trust", trusted) == 1
    text = capsys.readouterr().out
    assert text.count("untrusted: ") == 2
    assert "cert is not valid at validation time" in text


def test_a_certificate_of_another_key_does_not_sign(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = pem_file(tmp_path, "ray.crt", certificate("Ray Mason", key("p256", "ray")))
    code = signed(
        run, key_file(tmp_path, key("ed25519")), "executed", "Jane", "--certificate", theirs
    )
    assert code == 2
    assert "not that of the key" in capsys.readouterr().err
    assert not (run / "signatures").exists()


def test_a_key_with_a_password_needs_it(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = key_file(tmp_path, key("p256"), password="sesame")
    assert signed(run, file) == 2
    assert "FABRICATE_KEY_PASSWORD" in capsys.readouterr().err
    monkeypatch.setenv("FABRICATE_KEY_PASSWORD", "simsalabim")
    assert signed(run, file) == 2
    monkeypatch.setenv("FABRICATE_KEY_PASSWORD", "sesame")
    assert signed(run, file) == 0
    # The variable may be set for another key.
    assert signed(run, key_file(tmp_path, key("ed25519"), "open.pem")) == 0


@pytest.mark.parametrize(
    "text", ["", "hello", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_is_refused_in_a_sentence(
    run: Path, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "key.pem"
    file.write_text(text, encoding="utf-8")
    assert signed(run, file) == 2
    assert command("verify", run, "--trust", file) == 2
    error = capsys.readouterr().err
    assert "holds no private key" in error
    assert "Traceback" not in error


def test_a_short_key_of_rsa_does_not_sign(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert signed(run, key_file(tmp_path, key("rsa1024"))) == 2
    assert "2048 bits and more" in capsys.readouterr().err

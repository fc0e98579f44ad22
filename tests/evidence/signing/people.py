"""People who sign, and the authorities that vouch for them: keys made anew, names invented."""

from __future__ import annotations

import datetime as dt
from functools import cache, partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from scenario_runner.cli.group import fabricate
from scenario_runner.cli.output import reported
from scenario_runner.evidence.built_in import fabricate_reporters
from scenario_runner.evidence.signing.keys import PrivateKey
from scenario_runner.evidence.write import write_reports
from tests.evidence import samples

BEGIN = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
ALWAYS = dt.timedelta(days=36500)


def command(*arguments: str | Path) -> int:
    """The exit code of `fabricate` with these arguments, in this process."""
    return reported(partial(fabricate.main, [str(one) for one in arguments]))


def run_folder(folder: Path, run: str = "20260131-093000-k3v9") -> Path:
    """A small run with its reports and manifest."""
    story = samples.passing(run)
    written = story.write(folder)
    write_reports(written, fabricate_reporters())
    return written


@cache
def key(kind: str, who: str = "jane") -> PrivateKey:
    """The private key of a person; RSA takes long to make, so each is made once."""
    del who
    match kind:
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "p256":
            return ec.generate_private_key(ec.SECP256R1())
        case "p384":
            return ec.generate_private_key(ec.SECP384R1())
        case "p521":
            return ec.generate_private_key(ec.SECP521R1())
        case _:
            return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))


def key_file(folder: Path, private: PrivateKey, name: str = "key.pem", password: str = "") -> Path:
    path = folder / name
    path.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password.encode())
            if password
            else serialization.NoEncryption(),
        )
    )
    return path


def public_file(folder: Path, private: PrivateKey, name: str = "key.pub.pem") -> Path:
    path = folder / name
    path.write_bytes(
        private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return path


def signed(
    run: Path,
    key_path: Path,
    meaning: str = "executed",
    name: str = "Jane Citizen",
    *more: str | Path,
) -> int:
    arguments = ("--key", key_path, "--meaning", meaning, "--name", name, *more)
    return command("sign", run, *arguments)


def certificate(
    who: str,
    private: PrivateKey,
    by: tuple[x509.Certificate, PrivateKey] | None = None,
    *,
    authority: bool = False,
    begin: dt.datetime = BEGIN,
    lasts: dt.timedelta = ALWAYS,
) -> x509.Certificate:
    """A certificate, its own root when by is None."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)])
    signer = private if by is None else by[1]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name if by is None else by[0].subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + lasts)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    digest = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(signer, digest)


def pem_file(folder: Path, name: str, *certificates: x509.Certificate) -> Path:
    path = folder / name
    path.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates))
    return path

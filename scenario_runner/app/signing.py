"""What ``fabricate sign`` and the console do: a run is signed by a person with a key, now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenario_runner.app.time_stamps import authority
from scenario_runner.errors import UsageError, of_the_machine
from scenario_runner.evidence.signing.keys import PasswordNeeded, read_private_key
from scenario_runner.evidence.signing.make import Signer, sign_run
from scenario_runner.evidence.signing.tokens import SCHEME, read_uri, token_key
from scenario_runner.evidence.signing.trust import Trust, read_certificates, read_trust
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from cryptography import x509

    from scenario_runner.evidence.signing.keys import KeyElsewhere, PrivateKey
    from scenario_runner.evidence.signing.statement import Meaning

KEY_PASSWORD: Final = "FABRICATE_KEY_PASSWORD"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a signature says. name: who signs; role: as what."""

    name: str
    meaning: Meaning
    role: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseKeys:
    """What a server has been given to sign and to judge signatures with; each may be none.

    key: a file, or the PKCS#11 URI of one that stays in a token; certificate: of the key, then those up to a root; timestamp: address of an authority (RFC 3161); trust: keys and
    certificates that are trusted.
    """

    key: Path | str | None = None
    certificate: Path | None = None
    timestamp: str | None = None
    trust: Sequence[Path] = ()
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def private_key(self) -> PrivateKey | KeyElsewhere:
        """The key, opened with the password or PIN of the environment. Raises UsageError, MachineError."""
        if self.key is None:
            raise UsageError("this server has no key", hint="sign with a key of your own")
        password = self.environ.get(KEY_PASSWORD, "")
        if isinstance(self.key, str):
            return key_of_token(self.key, password, self.environ)
        return read_private_key(_read(self.key), password.encode() or None)

    def certificates(self) -> list[x509.Certificate]:
        """Those of the key. Raises UsageError, MachineError."""
        if self.certificate is None:
            return []
        return read_certificates(_read(self.certificate), self.certificate.name)

    def trusted(self) -> Trust | None:
        """Whose signatures are trusted; None where nobody was named. Raises UsageError, MachineError."""
        return read_trust([(one.name, _read(one)) for one in self.trust]) if self.trust else None


def is_of_a_token(key: str) -> bool:
    """Whether a key is named by a PKCS#11 URI, and is no file."""
    return key.startswith(SCHEME)


def key_of_token(uri: str, pin: str, environ: Mapping[str, str]) -> KeyElsewhere:
    """A key that stays in a token. environ: may name its library. Raises UsageError, PasswordNeeded without a PIN."""
    known = read_uri(uri, environ)
    if not pin:
        raise PasswordNeeded(
            f"token '{known.token}' needs its PIN, and nobody is there to ask for it",
            hint=f"put it into {KEY_PASSWORD}",
        )
    return token_key(known, pin)


def sign(
    folder: Path,
    key: PrivateKey | KeyElsewhere,
    words: Words,
    certificates: Sequence[x509.Certificate] = (),
    timestamp: str | None = None,
) -> Path:
    """Sign a run folder; returns the file of the signature.

    timestamp: the address of an authority without whose stamp nothing is signed. Raises what ``sign_run`` raises, and
    UsageError where nobody is named.
    """
    name = words.name.strip()
    if not name:
        raise UsageError("nobody is named", hint="a signature has the name of who signs")
    signer = Signer(key=key, name=name, role=words.role.strip(), certificates=certificates)
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    ask = authority(timestamp) if timestamp else None
    return sign_run(folder, signer, words.meaning, now, words.remark.strip(), ask)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise of_the_machine(f"cannot read '{file}'", error) from error

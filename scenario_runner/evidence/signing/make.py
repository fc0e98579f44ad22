"""Signing a run: what is there is held against its manifest first, and the signature becomes a file beside it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding

from scenario_runner.errors import FabricatorError, UsageError, of_the_machine
from scenario_runner.evidence.digests import file_digest
from scenario_runner.evidence.files import write_atomically
from scenario_runner.evidence.intact import Finding, changes
from scenario_runner.evidence.manifest import (
    MANIFEST,
    SIGNATURES,
    is_stamp,
    read_manifest,
)
from scenario_runner.evidence.signing.envelope import (
    PAYLOAD_TYPE,
    OneSignature,
    envelope_text,
    signed_bytes,
)
from scenario_runner.evidence.signing.keys import as_pem, key_id, sign
from scenario_runner.evidence.signing.stamps import STAMP, stamped
from scenario_runner.evidence.signing.statement import Signed, named_after, statement_about
from scenario_runner.evidence.signing.verify import signature_files
from scenario_runner.evidence.write import read_record
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cryptography import x509

    from scenario_runner.evidence.signing.keys import KeyElsewhere, PrivateKey
    from scenario_runner.evidence.signing.statement import Meaning


class NotAsItWas(FabricatorError):
    """A run is not what its manifest says, so that it cannot be signed."""

    exit_code = 1

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        first = findings[0]
        super().__init__(
            f"the run is not as its manifest says: {first.path or MANIFEST} {first.message}",
            hint="'fabricate verify' names everything; nothing was signed",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A person and their key. certificates: that of the key first; may be none."""

    key: PrivateKey | KeyElsewhere
    name: str
    role: str = ""
    certificates: Sequence[x509.Certificate] = ()


def sign_run(
    folder: Path,
    signer: Signer,
    meaning: Meaning,
    time: str,
    remark: str = "",
    authority: Callable[[bytes], bytes] | None = None,
) -> Path:
    """Sign a run folder; returns the file with the signature.

    time: ISO 8601 in UTC. authority: asks for a time stamp, without which nothing is signed then. Raises NotAsItWas when a file is not as the manifest says, UsageError when there is no
    manifest or the certificate is of another key, MachineError.
    """
    public = signer.key.public_key()
    if signer.certificates and signer.certificates[0].public_key() != public:
        raise UsageError(
            "the first certificate is not that of the key",
            hint="name the file with the certificate of the key first, then those that lead to a root",
        )
    try:
        manifest, digest = read_manifest(folder)
        findings = changes(folder, manifest)
        earlier = {name: file_digest(path) for name, path in signature_files(folder)}
    except ValueError as error:
        raise NotAsItWas([Finding("manifest", MANIFEST, f"is no manifest: {error}")]) from error
    except OSError as error:
        raise of_the_machine(f"cannot read '{error.filename}'", error) from error
    if findings:
        raise NotAsItWas(findings)
    cases = {case.id: case.outcome for case in read_record(folder).cases}
    signed = Signed(
        run=manifest.run,
        name=signer.name,
        role=signer.role,
        meaning=meaning,
        time=time,
        remark=remark,
    )
    payload = statement_about(manifest, digest, earlier, dict(cases), signed).payload()
    signature = OneSignature(
        keyid=key_id(public),
        sig=base64.b64encode(sign(signer.key, signed_bytes(PAYLOAD_TYPE, payload))).decode("ascii"),
        public_key=as_pem(public),
        certificates=[
            one.public_bytes(Encoding.PEM).decode("ascii") for one in signer.certificates
        ],
    )
    text = envelope_text(payload, signature)
    stamp = None if authority is None else stamped(text, authority)
    path = _written(folder, meaning, signer.name, text)
    if stamp is not None:
        write_atomically(path.with_name(f"{path.name}{STAMP}"), [stamp])
    return path


def _written(folder: Path, meaning: str, name: str, text: bytes) -> Path:
    """Never over another signature: two people may sign at the same moment."""
    there = folder / SIGNATURES
    try:
        there.mkdir(exist_ok=True)
        number = sum(not is_stamp(f"{SIGNATURES}/{one.name}") for one in there.iterdir()) + 1
        while True:
            path = there / f"{number:02d}-{named_after(meaning, name)}"
            try:
                path.touch(exist_ok=False)
            except FileExistsError:
                number += 1
            else:
                break
    except OSError as error:
        raise of_the_machine(f"cannot write '{there}'", error) from error
    write_atomically(path, [text])
    return path

"""Whether a run is what it was, whether its signatures hold, and which run came before it."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import field, replace
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding

from scenario_runner.errors import UsageError, of_the_machine
from scenario_runner.evidence.digests import file_digest
from scenario_runner.evidence.intact import Finding, changes
from scenario_runner.evidence.manifest import (
    MANIFEST,
    SIGNATURES,
    Manifest,
    is_signature,
    is_stamp,
    read_manifest,
)
from scenario_runner.evidence.signing.envelope import (
    LARGEST,
    PAYLOAD_TYPE,
    Envelope,
    OneSignature,
    envelope_text,
    from_base64,
    read_envelope,
    signed_bytes,
)
from scenario_runner.evidence.signing.expected import lacking
from scenario_runner.evidence.signing.keys import as_pem, holds, key_id, read_public_key
from scenario_runner.evidence.signing.stamps import (
    LARGEST as LARGEST_STAMP,
)
from scenario_runner.evidence.signing.stamps import (
    STAMP,
    Stamp,
    Unstamped,
    available,
    read_stamp,
)
from scenario_runner.evidence.signing.statement import (
    Signed,
    Statement,
    named_after,
    read_statement,
)
from scenario_runner.evidence.signing.trust import Trust, Untrusted, read_certificates
from scenario_runner.evidence.times import moment, seconds_between
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from scenario_runner.evidence.signing.keys import PublicKey
    from scenario_runner.evidence.signing.statement import Meaning


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """What is known of one signature. findings: empty when it holds."""

    file: str
    signed: Signed | None = None
    """null when it cannot be read or was not made by its key: then nothing in it is worth showing."""
    key: str = ""
    vouched: str = ""
    """Who vouches for the key; empty when nobody was asked."""
    stamp: Stamp | None = None
    """By when it was there, by an authority's clock; null when it has no stamp or none that holds."""
    early_s: float = 0.0
    """By how many seconds the time in it lies before the end of the run, as a clock that was wrong has it; 0 where it does not."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``verify`` found."""

    run: str
    files: int
    findings: list[Finding]
    """Of files, the manifest and the chain."""
    signatures: list[SignatureVerdict] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """What was not looked at: signatures of other programs beside the manifest, and time stamps where their library is missing."""
    chain: list[str] = field(default_factory=list)
    """The runs before, as far as they were found and are those they should be."""
    open_end: str = ""
    """The run that the last of them is chained to and that was not found."""

    def everything(self) -> list[Finding]:
        """All findings, those of signatures included."""
        return [*self.findings, *(one for each in self.signatures for one in each.findings)]


def verify(
    folder: Path,
    trust: Trust | None = None,
    *,
    whole_chain: bool = False,
    to_be_signed: bool = False,
    expected: Sequence[Meaning] = (),
) -> Verdict:
    """Hold a run folder against its manifest, its signatures and the run before.

    trust: None asks nobody whose keys they are. whole_chain: a run that is chained to one that does not lie
    beside it is a finding. to_be_signed: so is one that nobody signed. expected: what it is signed as, once for each
    key that is to have signed so. Raises UsageError when it is no run, MachineError when a file cannot be read.
    """
    try:
        try:
            manifest, digest = read_manifest(folder)
        except UsageError:
            if not (folder / "events.ndjson").is_file() and not (folder / SIGNATURES).is_dir():
                raise
            finding = Finding("missing", MANIFEST, "is missing, so nothing is known of the rest")
            return _without_manifest(folder, finding)
        except ValueError as error:
            finding = Finding("manifest", MANIFEST, f"is no manifest: {error}")
            return _without_manifest(folder, finding)
        found = changes(folder, manifest)
        signatures = [
            _signature(folder, name, path, manifest, digest, trust)
            for name, path in signature_files(folder)
            if not is_stamp(name)
        ]
        signatures = _once(signatures)
        unread = sorted(
            path.name for path in folder.iterdir() if is_signature(path.name) and path.is_file()
        )
        stamps = [name for name, _ in signature_files(folder) if is_stamp(name)]
        found += _left_alone(stamps, [one.file for one in signatures])
        holding = [
            (one.signed.meaning, one.key) for one in signatures if one.signed and not one.findings
        ]
        found += lacking(holding, expected)
        if to_be_signed and not signatures and not expected:
            how = " with this program" if unread else ""
            message = f"nobody signed it{how}, or all signatures were taken away"
            found.append(Finding("unsigned", "", message))
        if not available():
            unread += stamps
        verdict = Verdict(manifest.run, len(manifest.files), found, signatures, unread)
        return _with_chain(verdict, folder, manifest, whole=whole_chain)
    except OSError as error:
        raise of_the_machine(f"cannot read '{error.filename}'", error) from error


def _without_manifest(folder: Path, finding: Finding) -> Verdict:
    """Nothing can be said of signatures then but that they are there."""
    message = "cannot be judged without the manifest that it was made for"
    signatures = [
        SignatureVerdict(name, findings=(Finding("manifest", name, message),))
        for name, _ in signature_files(folder)
        if not is_stamp(name)
    ]
    return Verdict(folder.resolve().name, 0, [finding], signatures)


def signature_files(folder: Path) -> list[tuple[str, Path]]:
    """The signatures of a run folder, and their time stamps, by their path from it. Raises OSError."""
    there = folder / SIGNATURES
    if not there.is_dir() or there.is_symlink():
        return []
    named = ((f"{SIGNATURES}/{path.name}", path) for path in sorted(there.iterdir()))
    return [
        (name, path)
        for name, path in named
        if is_signature(name) and path.is_file() and not path.is_symlink()
    ]


def _signature(
    folder: Path, name: str, path: Path, manifest: Manifest, digest: str, trust: Trust | None
) -> SignatureVerdict:
    try:
        data = _data(path)
        envelope = _read(data)
        made = _maker(envelope, trust)
        if made is None:
            message = "was not made by its key: it was changed, or it is made up"
            return SignatureVerdict(name, findings=(Finding("signature", name, message),))
        statement = read_statement(envelope.content())
    except (ValueError, UsageError) as error:
        message = f"is no signature of a run: {' '.join(str(error).split())[:300]}"
        return SignatureVerdict(name, findings=(Finding("signature", name, message),))
    key, one = made
    signed = statement.predicate.signed
    findings = [*_bound(folder, name, statement, manifest, digest)]
    if envelope.is_ours:
        findings += _as_written(name, data, envelope, made, signed)
    vouched = ""
    if trust is not None:
        try:
            vouched = _vouched(trust, key, one, signed)
        except Untrusted as error:
            findings.append(Finding("untrusted", name, str(error)))
    stamp, problems = _stamp(name, path, trust)
    findings += problems
    early = max(0.0, seconds_between(signed.time, manifest.finished))
    return SignatureVerdict(name, signed, key_id(key), vouched, stamp, early, tuple(findings))


def _once(signatures: list[SignatureVerdict]) -> list[SignatureVerdict]:
    """The same; one that is there twice, under another name, makes no second reader of a run."""
    first: dict[tuple[str, str], str] = {}
    told = []
    for one in signatures:
        key = (one.key, "" if one.signed is None else one.signed.model_dump_json())
        before = one.file if one.signed is None else first.setdefault(key, one.file)
        if before != one.file:
            again = Finding("signature", one.file, f"is {before} once more")
            one = replace(one, findings=(*one.findings, again))
        told.append(one)
    return told


def _stamp(name: str, path: Path, trust: Trust | None) -> tuple[Stamp | None, list[Finding]]:
    """What the time stamp beside a signature says, if it has one."""
    beside = path.with_name(f"{path.name}{STAMP}")
    if not beside.is_file() or beside.is_symlink() or not available():
        return None, []
    data = beside.read_bytes() if beside.stat().st_size <= LARGEST_STAMP else b""
    try:
        return read_stamp(data, path.read_bytes(), trust.certificates if trust else ()), []
    except Unstamped as error:
        return None, [Finding("stamp", f"{name}{STAMP}", str(error))]


def _left_alone(stamps: list[str], signatures: list[str]) -> Iterator[Finding]:
    for name in stamps:
        if name.removesuffix(STAMP) not in signatures:
            yield Finding("stamp", name, "is the time stamp of a signature that is not there")


def _as_written(
    name: str,
    data: bytes,
    envelope: Envelope,
    made: tuple[PublicKey, OneSignature],
    signed: Signed,
) -> Iterator[Finding]:
    """What of a signature of ours is not as it was written: what is signed is the payload alone.

    Whoever else makes one may write it as they like, and call it so.
    """
    key, one = made
    # Read and written again, for what is read says the same with an end of a line or bits of Base64 that say nothing.
    again = OneSignature(
        keyid=key_id(key),
        sig=base64.b64encode(from_base64(one.sig)).decode("ascii"),
        public_key=as_pem(key),
        certificates=list(_again(one.certificates)),
    )
    if data != envelope_text(envelope.content(), again):
        yield Finding("signature", name, "was changed where nothing is signed, or written anew")
    called = named_after(signed.meaning, signed.name)
    if not name.endswith(f"-{called}"):
        yield Finding("renamed", name, f"was made by another name, …-{called}")


def _again(certificates: Sequence[str]) -> Iterator[str]:
    for text in certificates:
        try:
            (read,) = read_certificates(text.encode("utf-8", "replace"), "it")
        except (UsageError, ValueError):
            yield ""  # which it is not
        else:
            yield read.public_bytes(Encoding.PEM).decode("ascii")


def _data(path: Path) -> bytes:
    if path.stat().st_size > LARGEST:
        raise ValueError(f"it is larger than {LARGEST >> 20} MiB")
    return path.read_bytes()


def _read(data: bytes) -> Envelope:
    envelope = read_envelope(data)
    if envelope.payload_type != PAYLOAD_TYPE:
        raise ValueError(f"its payload is of the type {envelope.payload_type[:80]!r}")
    return envelope


def _maker(envelope: Envelope, trust: Trust | None) -> tuple[PublicKey, OneSignature] | None:
    """The key that made one of its signatures. Raises ValueError, UsageError."""
    signed = signed_bytes(envelope.payload_type, envelope.content())
    for one in envelope.signatures:
        for key in _keys(one, trust):
            if holds(key, from_base64(one.sig), signed):
                return key, one
    return None


def _keys(signature: OneSignature, trust: Trust | None) -> Iterator[PublicKey]:
    """The key that a signature brings; for one that brings none those that are trusted."""
    if signature.public_key:
        yield read_public_key(signature.public_key.encode("utf-8", "replace"))
    elif trust is not None:
        yield from (key for _, key in trust.keys.values())


def _vouched(trust: Trust, key: PublicKey, one: OneSignature, signed: Signed) -> str:
    when = moment(signed.time)
    if when is None:
        raise Untrusted(f"it has no time that could be read: {signed.time[:40]!r}")
    chain = []
    if one.certificates:
        try:
            chain = read_certificates("\n".join(one.certificates).encode("utf-8", "replace"), "it")
        except UsageError as error:
            raise Untrusted(error.message) from error
        if chain[0].public_key() != key:
            raise Untrusted("its certificate is that of another key")
    return trust.vouched(key, chain, when.astimezone(dt.UTC))


def _bound(
    folder: Path, name: str, statement: Statement, manifest: Manifest, digest: str
) -> Iterator[Finding]:
    """What the signature was made for and is not so any more."""
    run = statement.predicate.signed.run
    if run != manifest.run:
        yield Finding("moved", name, f"was made for run {run[:120]}, not for this one")
        return
    if statement.digest_of(MANIFEST) != digest:
        message = "was made for another manifest of this run: it was changed or built anew since"
        yield Finding("rebuilt", name, message)
    for subject in statement.subject:
        if subject.name == MANIFEST:
            continue
        if not is_signature(subject.name):
            yield Finding("signature", name, f"names {subject.name[:200]!r}, which is no signature")
            continue
        path = folder / subject.name
        if not path.is_file():
            yield Finding("missing", subject.name, f"is missing, and {name} was made after it")
        elif file_digest(path) != subject.digest.sha256:
            yield Finding("changed", subject.name, f"is not what it was when {name} was made")


def _altered(places: Sequence[tuple[Path, Manifest]]) -> list[Finding]:
    """What of a run is not as it was; nothing where one of its copies is."""
    found: list[Finding] = []
    for place, manifest in places:
        altered = changes(place, manifest)
        if not altered:
            return []
        found = found or altered
    return found


def _with_chain(verdict: Verdict, folder: Path, manifest: Manifest, *, whole: bool) -> Verdict:
    """Follow the runs before, as long as they lie beside this one."""
    beside: dict[str, list[tuple[Path, Manifest]]] = {}
    """By the digest of the manifest: a run, and copies of it."""
    by_run: set[str] = set()
    if manifest.previous is not None:
        for other in sorted(folder.resolve().parent.iterdir()):
            if (other / MANIFEST).is_file():
                try:
                    read, digest = read_manifest(other)
                except (ValueError, UsageError):
                    continue
                beside.setdefault(digest, []).append((other, read))
                by_run.add(read.run)
    findings, chain, end = list(verdict.findings), list[str](), ""
    at, of = manifest.previous, manifest.run
    seen: set[str] = set()
    while at is not None and at.sha256 not in seen:
        seen.add(at.sha256)
        places = beside.get(at.sha256, [])
        before = places[0][1] if places else None
        if before is None and at.run in by_run:
            message = f"the manifest of run {at.run[:120]} is not the one that run {of[:120]} is chained to"
            findings.append(Finding("chain", "", message))
            break
        if before is None:
            end = at.run
            if whole:
                message = f"run {at.run[:120]}, which run {of[:120]} is chained to, does not lie beside it"
                findings.append(Finding("chain", "", message))
            break
        if whole and (altered := _altered(places)):
            first = f"{altered[0].path} {altered[0].message}"
            more = f", and {len(altered) - 1:,} more" if len(altered) > 1 else ""
            message = f"run {at.run[:120]}, which run {of[:120]} is chained to, is not what it was: {first}{more}"
            findings.append(Finding("chain", "", message))
        chain.append(before.run)
        at, of = before.previous, before.run
    return Verdict(
        verdict.run,
        verdict.files,
        findings,
        verdict.signatures,
        verdict.unread,
        chain,
        end,
    )

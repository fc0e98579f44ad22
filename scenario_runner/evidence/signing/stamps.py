"""Time stamps of an authority (RFC 3161): that a signature was there at a time, by another clock than the signer's.

A stamp is made for the bytes of a signature's file and lies beside it as ``….dsse.json.tsr``, the answer of the authority as
it came, so that ``openssl ts -verify -data FILE -in FILE.tsr -CAfile ROOT`` reads it, too.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cryptography import x509

from scenario_runner.errors import MachineError, UsageError
from scenario_runner.evidence.signing.token_order import in_order
from scenario_runner.evidence.signing.trust import subject
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rfc3161_client import TimeStampResponse

STAMP = ".tsr"
LARGEST = 1 << 20
"""Bytes of an answer."""
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
"""Media types of RFC 3161 3.4."""
EXTRA = "pip install 'dicom-fabricator[timestamps]'"
"""What brings the library that makes and reads them."""
_GRANTED = (0, 1)
"""As asked, and with changes (RFC 3161 2.4.2)."""
_MOST_CERTIFICATES = 16


class Unstamped(Exception):
    """A stamp says nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a stamp says. time: ISO 8601 in UTC. authority: the subject of its certificate, where it brings one."""

    time: str
    authority: str
    vouched: bool
    """Whether a certificate that is trusted leads to it; False when nobody was asked."""


def available() -> bool:
    """Whether the library is there that reads stamps."""
    try:
        import rfc3161_client  # noqa: F401
    except ImportError:
        return False
    return True


def stamped(data: bytes, ask: Callable[[bytes], bytes]) -> bytes:
    """Have data stamped. ask: sends a request (DER) to the authority and gives its answer.

    Raises UsageError without the library, MachineError for an answer that is no stamp of this data.
    """
    if not available():
        raise UsageError(
            "time stamps need the library rfc3161-client",
            hint=EXTRA,
        )
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    request = (
        TimestampRequestBuilder()
        .data(data)
        .hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    answer = ask(request.as_bytes())
    try:
        response = _read(answer, data)
    except Unstamped as error:
        raise MachineError(
            f"the time stamp authority did not stamp the signature: {error}"
        ) from None
    if response.tst_info.nonce != request.nonce:
        raise MachineError("the time stamp authority answered another request than it was sent")
    return answer


def read_stamp(answer: bytes, data: bytes, roots: Sequence[x509.Certificate] = ()) -> Stamp:
    """What a stamp says of data, without asking anybody. Raises Unstamped when it does not hold.

    roots: certificates that are trusted; with none it is only certain that the stamp is for these bytes.
    """
    response = _read(answer, data)
    authority = _authority(response)
    if roots:
        _require_vouched(response, data, roots)
    when = response.tst_info.gen_time.isoformat(timespec="seconds").replace("+00:00", "Z")
    return Stamp(when, authority, bool(roots))


def _read(answer: bytes, data: bytes) -> TimeStampResponse:
    from rfc3161_client import decode_timestamp_response

    if len(answer) > LARGEST:
        raise Unstamped("it is too large")
    try:
        response = decode_timestamp_response(in_order(answer))
    except (ValueError, TypeError) as error:
        raise Unstamped("it is no answer of a time stamp authority") from error
    if response.status not in _GRANTED:
        why = "; ".join(str(one) for one in response.status_string or ())
        raise Unstamped(f"it was refused with status {response.status} {why[:300]}".rstrip())
    try:
        imprint = response.tst_info.message_imprint
        name = _HASHES.get(imprint.hash_algorithm.dotted_string)
        hashed = None if name is None else hashlib.new(name, data).digest()
    except ValueError as error:
        raise Unstamped("its token cannot be read") from error
    if hashed is None:
        raise Unstamped("it was made with a hash that is not known")
    if imprint.message != hashed:
        raise Unstamped("it was made for something else, or the signature was changed since")
    return response


_HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
"""RFC 5754 2."""


def _require_vouched(
    response: TimeStampResponse, data: bytes, roots: Sequence[x509.Certificate]
) -> None:
    from rfc3161_client import VerificationError, VerifierBuilder

    # Those that the token brings are looked at anyhow; given as intermediates they would be trusted.
    verifier = VerifierBuilder(roots=list(roots)).build()
    try:
        verifier.verify_message(response, data)
    except (VerificationError, ValueError) as error:
        raise Unstamped(f"nobody who is trusted vouches for it: {error}") from error


def _authority(response: TimeStampResponse) -> str:
    """The subject of the certificate that the signer names (RFC 5652 5.3)."""
    signers = list(response.signed_data.signer_infos)
    for one in _certificates(response):
        if any((one.issuer, one.serial_number) == (by.issuer, by.serial_number) for by in signers):
            return subject(one)
    return ""


def _certificates(response: TimeStampResponse) -> list[x509.Certificate]:
    found = list(response.signed_data.certificates)[:_MOST_CERTIFICATES]
    try:
        return [x509.load_der_x509_certificate(one) for one in found]
    except ValueError as error:
        raise Unstamped(f"its certificates cannot be read: {error}") from error

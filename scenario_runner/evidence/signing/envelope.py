"""DSSE 1.0: a payload, its type, and signatures over both (github.com/secure-systems-lab/dsse, protocol.md)."""

from __future__ import annotations

import base64
import binascii
import json

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scenario_runner.evidence.unreadable import first_line

PAYLOAD_TYPE = "application/vnd.in-toto+json"
LARGEST = 4 * 1024 * 1024
"""Bytes of an envelope that are read."""


class OneSignature(BaseModel):
    """A signature of an envelope; the last two fields are ours, and others ignore them."""

    model_config = ConfigDict(populate_by_name=True)

    keyid: str = ""
    sig: str
    public_key: str = Field(default="", alias="publicKey")
    """PEM of the key that signed."""
    certificates: list[str] = []
    """PEM of its certificate, then of those that lead to a root."""


class Envelope(BaseModel):
    """A DSSE envelope in its JSON form."""

    model_config = ConfigDict(populate_by_name=True)

    payload: str
    payload_type: str = Field(alias="payloadType")
    signatures: list[OneSignature]

    @property
    def is_ours(self) -> bool:
        """Whether it has what we write beside what DSSE asks for."""
        return any(one.model_fields_set & {"public_key", "certificates"} for one in self.signatures)

    def content(self) -> bytes:
        """The payload's bytes. Raises ValueError."""
        return from_base64(self.payload)


def signed_bytes(payload_type: str, payload: bytes) -> bytes:
    """What is signed: the pre-authentication encoding of DSSE 1.0."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def envelope_text(payload: bytes, signature: OneSignature) -> bytes:
    """The JSON text of an envelope with one signature."""
    envelope = Envelope(
        payload=base64.b64encode(payload).decode("ascii"),
        payload_type=PAYLOAD_TYPE,
        signatures=[signature],
    )
    return json.dumps(envelope.model_dump(by_alias=True), indent=1).encode("ascii") + b"\n"


def read_envelope(data: bytes) -> Envelope:
    """An envelope from its JSON text. Raises ValueError."""
    try:
        return Envelope.model_validate(json.loads(data))
    except ValidationError as error:
        raise ValueError(first_line(error)) from error
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def from_base64(text: str) -> bytes:
    """Bytes from standard or URL-safe Base64, both of which DSSE allows. Raises ValueError."""
    try:
        return base64.b64decode(text.translate(_STANDARD), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError(f"no Base64: {error}") from error


_STANDARD = str.maketrans("-_", "+/")

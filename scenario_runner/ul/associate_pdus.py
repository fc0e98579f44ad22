"""The acceptor's side of association negotiation: A-ASSOCIATE PDUs read and written (PS3.8 9.3).

Everything read here comes from a stranger: each length is checked against what is there, and what
does not fit raises MalformedPduError.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from scenario_runner.dicom.sop_classes import APPLICATION_CONTEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_FIXED: Final = 68
"""Bytes of an A-ASSOCIATE-RQ before its items, the PDU header not counted."""

_NAMED: Final = (1, 2)
"""Types of user identity that hold a name: alone, and with a passcode."""

ACCEPTED, ABSTRACT_SYNTAX_NOT_SUPPORTED, TRANSFER_SYNTAXES_NOT_SUPPORTED = 0, 3, 4
"""Results of a presentation context (PS3.8 9.3.3.2)."""


class MalformedPduError(ValueError):
    """The bytes are no PDU of the kind they claim to be."""


@dataclass(frozen=True, slots=True)
class ProposedContext:
    """One presentation context of an A-ASSOCIATE-RQ."""

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Role:
    """Roles of the requestor for one SOP class (PS3.7 D.3.3.4)."""

    scu: bool
    scp: bool


@dataclass(frozen=True, slots=True)
class AssociationRequest:
    """What an A-ASSOCIATE-RQ says. fixed: its bytes that an answer has to repeat."""

    called_ae_title: str
    calling_ae_title: str
    protocol_version: int
    application_context: str
    contexts: tuple[ProposedContext, ...]
    maximum_pdu: int
    roles: Mapping[str, Role]
    extended: Mapping[str, bytes]
    identity: tuple[str, str] | None
    """User name and passcode, empty where only a name was given (PS3.7 D.3.3.7)."""
    identity_response_wanted: bool
    fixed: bytes


@dataclass(frozen=True, slots=True)
class Context:
    """The answer to a proposed context; usable when result is ACCEPTED.

    peer_is_scp: whether the requestor takes C-STORE sub-operations in it.
    """

    id: int
    abstract_syntax: str
    transfer_syntax: str
    result: int = ACCEPTED
    peer_is_scp: bool = False


@dataclass(frozen=True, slots=True)
class Rejection:
    """Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 9.3.4)."""

    result: int
    source: int
    reason: int

    def encode(self) -> bytes:
        """The whole PDU."""
        return struct.pack(">BxIxBBB", 3, 4, self.result, self.source, self.reason)


APPLICATION_CONTEXT_NOT_SUPPORTED: Final = Rejection(1, 1, 2)
CALLING_AE_TITLE_NOT_RECOGNIZED: Final = Rejection(1, 1, 3)
CALLED_AE_TITLE_NOT_RECOGNIZED: Final = Rejection(1, 1, 7)
PROTOCOL_VERSION_NOT_SUPPORTED: Final = Rejection(1, 2, 2)
NOT_WHO_IT_SAYS: Final = Rejection(1, 1, 1)
"""No reason given: PS3.8 has none for a user identity that is not accepted."""
LOCAL_LIMIT_EXCEEDED: Final = Rejection(2, 3, 2)


@dataclass(slots=True)
class _UserInformation:
    maximum_pdu: int = 0
    roles: dict[str, Role] = field(default_factory=dict)
    extended: dict[str, bytes] = field(default_factory=dict)
    identity: tuple[str, str] | None = None
    identity_response_wanted: bool = False

    def take(self, kind: int, value: bytes) -> None:
        if kind == 0x51:
            (self.maximum_pdu,) = struct.unpack(">L", value)
        elif kind == 0x54:
            uid, rest = _sized(value)
            self.roles[_uid(uid)] = Role(bool(rest[0]), bool(rest[1]))
        elif kind == 0x56:
            uid, rest = _sized(value)
            self.extended[_uid(uid)] = rest
        elif kind == 0x58:
            self.identity_response_wanted = bool(value[1])
            if value[0] in _NAMED:
                name, rest = _sized(value[2:])
                password = _sized(rest)[0] if value[0] == _NAMED[1] else b""
                self.identity = (
                    name.decode("utf-8", "replace"),
                    password.decode("utf-8", "replace"),
                )


def decode_request(body: bytes) -> AssociationRequest:
    """Read an A-ASSOCIATE-RQ without its PDU header. Raises MalformedPduError."""
    if len(body) < _FIXED:
        raise MalformedPduError("an A-ASSOCIATE-RQ is longer than that")
    application = ""
    contexts: dict[int, ProposedContext] = {}
    user = _UserInformation()
    try:
        for kind, value in _walk(body[_FIXED:]):
            if kind == 0x10:
                application = _uid(value)
            elif kind == 0x20:
                contexts[value[0]] = _context(value)
            elif kind == 0x50:
                for inner, inner_value in _walk(value):
                    user.take(inner, inner_value)
    except (IndexError, struct.error) as error:
        raise MalformedPduError(f"an item of the A-ASSOCIATE-RQ is cut short: {error}") from error
    return AssociationRequest(
        called_ae_title=body[4:20].decode("latin-1").strip(" \0"),
        calling_ae_title=body[20:36].decode("latin-1").strip(" \0"),
        protocol_version=struct.unpack_from(">H", body)[0],
        application_context=application,
        contexts=tuple(contexts.values()),
        maximum_pdu=user.maximum_pdu,
        roles=user.roles,
        extended=user.extended,
        identity=user.identity,
        identity_response_wanted=user.identity_response_wanted,
        fixed=bytes(body[4:_FIXED]),
    )


def _context(value: bytes) -> ProposedContext:
    abstract, transfer = "", []
    for kind, inner in _walk(value[4:]):
        if kind == 0x30:
            abstract = _uid(inner)
        elif kind == 0x40:
            transfer.append(_uid(inner))
    return ProposedContext(value[0], abstract, tuple(transfer))


def encode_acceptance(
    request: AssociationRequest,
    contexts: Sequence[Context],
    *,
    maximum_pdu: int,
    extended: Mapping[str, bytes],
) -> bytes:
    """The A-ASSOCIATE-AC for a request."""
    items = [_item(0x10, APPLICATION_CONTEXT.encode("ascii"))]
    for context in contexts:
        syntax = _item(0x40, context.transfer_syntax.encode("latin-1"))
        items.append(_item(0x21, bytes((context.id, 0, context.result, 0)) + syntax))
    user = [
        _item(0x51, struct.pack(">L", maximum_pdu)),
        _item(0x52, IMPLEMENTATION_CLASS_UID.encode("ascii")),
    ]
    granted = {c.abstract_syntax: c.peer_is_scp for c in contexts if c.result == ACCEPTED}
    user += [
        _item(0x54, _with_size(uid.encode("latin-1")) + bytes((role.scu, granted[uid])))
        for uid, role in request.roles.items()
        if uid in granted
    ]
    user.append(_item(0x55, IMPLEMENTATION_VERSION_NAME.encode("ascii")))
    user += [
        _item(0x56, _with_size(uid.encode("latin-1")) + value) for uid, value in extended.items()
    ]
    if request.identity_response_wanted:
        # Any identity is taken; the server response of these types is empty (PS3.7 D.3.3.7.2).
        user.append(_item(0x59, b"\0\0"))
    items.append(_item(0x50, b"".join(user)))
    body = struct.pack(">Hxx", 1) + request.fixed + b"".join(items)
    return struct.pack(">BxL", 2, len(body)) + body


def _walk(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from(">BxH", data, at)
        at += 4
        if at + length > len(data):
            raise MalformedPduError("an item is longer than the PDU")
        yield kind, data[at : at + length]
        at += length


def _item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(value)) + value


def _sized(value: bytes) -> tuple[bytes, bytes]:
    (length,) = struct.unpack_from(">H", value)
    return value[2 : 2 + length], value[2 + length :]


def _with_size(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value


def _uid(value: bytes) -> str:
    return value.decode("latin-1").strip(" \0")

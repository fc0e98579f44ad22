"""A-ASSOCIATE PDUs written and read, for both roles (PS3.8 9.3.2 to 9.3.4, PS3.7 annex D.3.3).

Everything read here comes from a stranger: each length is checked against what is there, and what
does not fit raises MalformedPduError. Items nobody here uses, such as the asynchronous operations
window, are passed over.
"""

from __future__ import annotations

import struct
from dataclasses import field
from typing import TYPE_CHECKING, Final, Self

from scenario_runner.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from scenario_runner.dicom.sop_classes import APPLICATION_CONTEXT
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.ul.pdu import ASSOCIATE_AC, ASSOCIATE_RJ, ASSOCIATE_RQ, HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIXED: Final = 68
"""Bytes of an A-ASSOCIATE-RQ or -AC before its items, the PDU header not counted."""
_MOST_TITLE: Final = 16

_APPLICATION, _CONTEXT_RQ, _CONTEXT_AC, _ABSTRACT, _TRANSFER = 0x10, 0x20, 0x21, 0x30, 0x40
_USER, _MAXIMUM, _CLASS_UID, _ROLE, _VERSION = 0x50, 0x51, 0x52, 0x54, 0x55
_EXTENDED, _IDENTITY_RQ, _IDENTITY_AC = 0x56, 0x58, 0x59
"""Item types (PS3.8 9.3.2, PS3.7 D.3.3)."""


class MalformedPduError(ValueError):
    """The bytes are no PDU of the kind they claim to be."""


@dataclass(frozen=True, slots=True)
class ProposedContext:
    """One presentation context of an A-ASSOCIATE-RQ."""

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnsweredContext:
    """One presentation context of an A-ASSOCIATE-AC; the transfer syntax counts when the result is 0."""

    id: int
    result: int
    transfer_syntax: str


@dataclass(frozen=True, slots=True)
class Role:
    """Roles of the requestor for one SOP class (PS3.7 D.3.3.4)."""

    scu: bool
    scp: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """A user identity of an A-ASSOCIATE-RQ (PS3.7 D.3.3.7.1).

    kind: 1 a name, 2 a name and a passcode, 3 to 5 tickets and assertions.
    """

    kind: int
    primary: bytes
    secondary: bytes = field(default=b"", repr=False)
    response_wanted: bool = False


@dataclass(slots=True, kw_only=True)
class UserInformation:
    """What either PDU says of its sender and of the services it wants or grants.

    identity_response: of an A-ASSOCIATE-AC, where one was wanted (PS3.7 D.3.3.7.2).
    """

    maximum_pdu: int = 0
    """Bytes of the longest P-DATA-TF it takes; 0 is no limit."""
    implementation_class_uid: str = ""
    implementation_version_name: str = ""
    roles: dict[str, Role] = field(default_factory=dict)
    extended: dict[str, bytes] = field(default_factory=dict)
    """Service class application information by SOP class (PS3.7 D.3.3.5)."""
    identity: Identity | None = None
    identity_response: bytes | None = None

    def encode(self) -> bytes:
        """The item; the implementation is always ours."""
        items = [
            _item(_MAXIMUM, struct.pack(">L", self.maximum_pdu)),
            _item(_CLASS_UID, _uid(IMPLEMENTATION_CLASS_UID)),
        ]
        for uid, role in self.roles.items():
            items.append(_item(_ROLE, _sized(_uid(uid)) + bytes((role.scu, role.scp))))
        items.append(_item(_VERSION, IMPLEMENTATION_VERSION_NAME.encode("ascii")))
        for uid, value in self.extended.items():
            items.append(_item(_EXTENDED, _sized(_uid(uid)) + value))
        if self.identity is not None:
            head = bytes((self.identity.kind, self.identity.response_wanted))
            fields = _sized(self.identity.primary) + _sized(self.identity.secondary)
            items.append(_item(_IDENTITY_RQ, head + fields))
        if self.identity_response is not None:
            items.append(_item(_IDENTITY_AC, _sized(self.identity_response)))
        return _item(_USER, b"".join(items))

    def take(self, kind: int, value: bytes) -> None:
        """Read one item."""
        if kind == _MAXIMUM:
            (self.maximum_pdu,) = struct.unpack(">L", value)
        elif kind == _CLASS_UID:
            self.implementation_class_uid = _text(value)
        elif kind == _VERSION:
            self.implementation_version_name = _text(value)
        elif kind == _ROLE:
            uid, rest = _cut(value)
            self.roles[_text(uid)] = Role(bool(rest[0]), bool(rest[1]))
        elif kind == _EXTENDED:
            uid, rest = _cut(value)
            self.extended[_text(uid)] = rest
        elif kind == _IDENTITY_RQ:
            primary, rest = _cut(value[2:])
            secondary = _cut(rest)[0] if rest else b""
            self.identity = Identity(value[0], primary, secondary, bool(value[1]))
        elif kind == _IDENTITY_AC:
            self.identity_response, _ = _cut(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationRequest:
    """What an A-ASSOCIATE-RQ says. fixed: its bytes that an answer has to repeat."""

    called_ae_title: str
    calling_ae_title: str
    contexts: tuple[ProposedContext, ...]
    user: UserInformation = field(default_factory=UserInformation)
    protocol_version: int = 1
    application_context: str = APPLICATION_CONTEXT
    fixed: bytes = bytes(64)

    def encode(self) -> bytes:
        """The whole PDU. Raises ValueError for an AE title that cannot be one."""
        fixed = _title(self.called_ae_title) + _title(self.calling_ae_title) + bytes(32)
        contexts = []
        for one in self.contexts:
            syntaxes = b"".join(_item(_TRANSFER, _uid(uid)) for uid in one.transfer_syntaxes)
            value = bytes((one.id, 0, 0, 0)) + _item(_ABSTRACT, _uid(one.abstract_syntax))
            contexts.append(_item(_CONTEXT_RQ, value + syntaxes))
        return _pdu(ASSOCIATE_RQ, fixed, contexts, self.user)

    @classmethod
    def decode(cls, body: bytes | memoryview) -> Self:
        """Read the PDU without its header. Raises MalformedPduError."""
        read = _Items.of(body, _CONTEXT_RQ)
        contexts = {}
        for value in read.contexts:
            inner = [*_walk(value[4:])]
            abstract = next((_text(uid) for kind, uid in inner if kind == _ABSTRACT), "")
            syntaxes = tuple(_text(uid) for kind, uid in inner if kind == _TRANSFER)
            contexts[value[0]] = ProposedContext(value[0], abstract, syntaxes)
        return cls(
            called_ae_title=_text(read.fixed[:16]),
            calling_ae_title=_text(read.fixed[16:32]),
            contexts=tuple(contexts.values()),
            user=read.user,
            protocol_version=read.protocol_version,
            application_context=read.application_context,
            fixed=read.fixed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationAcceptance:
    """What an A-ASSOCIATE-AC says. fixed: the bytes it repeats of the request."""

    contexts: tuple[AnsweredContext, ...]
    user: UserInformation = field(default_factory=UserInformation)
    fixed: bytes = bytes(64)

    def encode(self) -> bytes:
        """The whole PDU."""
        contexts = [
            _item(
                _CONTEXT_AC,
                bytes((one.id, 0, one.result, 0)) + _item(_TRANSFER, _uid(one.transfer_syntax)),
            )
            for one in self.contexts
        ]
        return _pdu(ASSOCIATE_AC, self.fixed, contexts, self.user)

    @classmethod
    def decode(cls, body: bytes | memoryview) -> Self:
        """Read the PDU without its header. Raises MalformedPduError."""
        read = _Items.of(body, _CONTEXT_AC)
        contexts = {}
        for value in read.contexts:
            syntaxes = (_text(uid) for kind, uid in _walk(value[4:]) if kind == _TRANSFER)
            contexts[value[0]] = AnsweredContext(value[0], value[2], next(syntaxes, ""))
        return cls(contexts=tuple(contexts.values()), user=read.user, fixed=read.fixed)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 9.3.4)."""

    result: int
    source: int
    reason: int

    def encode(self) -> bytes:
        """The whole PDU."""
        return HEADER.pack(ASSOCIATE_RJ, 4) + bytes((0, self.result, self.source, self.reason))

    @classmethod
    def decode(cls, body: bytes | memoryview) -> Self:
        """Read the PDU without its header; what is missing of it is 0."""
        return cls(*(bytes(body) + bytes(4))[1:4])


APPLICATION_CONTEXT_NOT_SUPPORTED: Final = Rejection(1, 1, 2)
CALLING_AE_TITLE_NOT_RECOGNIZED: Final = Rejection(1, 1, 3)
CALLED_AE_TITLE_NOT_RECOGNIZED: Final = Rejection(1, 1, 7)
PROTOCOL_VERSION_NOT_SUPPORTED: Final = Rejection(1, 2, 2)
NOT_WHO_IT_SAYS: Final = Rejection(1, 1, 1)
"""No reason given: PS3.8 has none for a user identity that is not accepted."""
LOCAL_LIMIT_EXCEEDED: Final = Rejection(2, 3, 2)


@dataclass(slots=True)
class _Items:
    """What either PDU consists of, its contexts not yet taken apart."""

    fixed: bytes
    protocol_version: int
    application_context: str = ""
    contexts: list[bytes] = field(default_factory=list)
    user: UserInformation = field(default_factory=UserInformation)

    @classmethod
    def of(cls, body: bytes | memoryview, context: int) -> Self:
        body = bytes(body)
        if len(body) < _FIXED:
            raise MalformedPduError("it is cut short")
        read = cls(body[4:_FIXED], struct.unpack_from(">H", body)[0])
        try:
            for kind, value in _walk(body[_FIXED:]):
                if kind == _APPLICATION:
                    read.application_context = _text(value)
                elif kind == context and len(value) < 4:
                    raise MalformedPduError("a presentation context is cut short")
                elif kind == context:
                    read.contexts.append(value)
                elif kind == _USER:
                    for inner, inner_value in _walk(value):
                        read.user.take(inner, inner_value)
        except (IndexError, struct.error) as error:
            raise MalformedPduError(f"an item is cut short: {error}") from error
        return read


def _pdu(kind: int, fixed: bytes, contexts: list[bytes], user: UserInformation) -> bytes:
    application = _item(_APPLICATION, _uid(APPLICATION_CONTEXT))
    body = struct.pack(">Hxx", 1) + fixed + application + b"".join(contexts) + user.encode()
    return HEADER.pack(kind, len(body)) + body


def _walk(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        if at + 4 > len(data):
            raise MalformedPduError("an item is cut short")
        kind, length = struct.unpack_from(">BxH", data, at)
        at += 4
        if at + length > len(data):
            raise MalformedPduError("an item is longer than what it stands in")
        yield kind, data[at : at + length]
        at += length


def _item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(value)) + value


def _sized(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value


def _cut(value: bytes) -> tuple[bytes, bytes]:
    """What has its length before it, and the rest."""
    (length,) = struct.unpack_from(">H", value)
    if 2 + length > len(value):
        raise MalformedPduError("a field is longer than its item")
    return value[2 : 2 + length], value[2 + length :]


def _title(text: str) -> bytes:
    raw = text.encode("ascii")
    if not text.strip() or len(raw) > _MOST_TITLE:
        raise ValueError(f"'{text}' is no AE title")
    return raw.ljust(_MOST_TITLE)


def _uid(text: str) -> bytes:
    # What a stranger proposed goes back to it as it is, also where it is no UID.
    return text.encode("latin-1")


def _text(value: bytes) -> str:
    return value.decode("latin-1").strip(" \0")

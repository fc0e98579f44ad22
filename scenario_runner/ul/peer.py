"""Who is spoken to, how patiently, and within which bounds."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal, TypeVar

from scenario_runner.errors import TargetError
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.ul.evidence import AssociationEvidence
    from scenario_runner.ul.pdu_log import Sink
    from scenario_runner.ul.tls import Tls

Stage = Literal["association", "response", "network"]
"""What is waited for: an answer to an association request, one to a message, or the wire itself."""
_E = TypeVar("_E", bound=TargetError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a peer may make us hold. Beyond each is a ProtocolViolation, never a full memory."""

    pdu: int = 0x20000
    """Maximum length of a P-DATA-TF we announce and accept, in bytes (PS3.8 D.1)."""
    association_pdu: int = 0x100000
    """Any other PDU, in bytes."""
    command: int = 0x10000
    """A command set, in bytes."""
    identifier: int = 0x400000
    """One C-FIND or C-GET response's identifier, in bytes."""
    information: int = 0x4000000
    """What one N-ACTION or N-EVENT-REPORT carries, in bytes: a commitment of a hundred thousand instances has 12 MB."""
    instance: int = 0x80000000
    """A received instance, in bytes."""
    matches: int = 0x20000000
    """All identifiers of one C-FIND together, in bytes."""
    responses: int = 1_000_000
    """Pending responses to one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserIdentity:
    """Who we say we are when an association is negotiated (PS3.7 D.3.3.7): types 1 and 2."""

    user: str
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class LocalEntity:
    """Our own application entity, and how others reach it. port: 0 takes a free one.

    pdu_log: who gets the log of each association, from the thread that served it. tls: take nothing without it.
    """

    ae_title: str
    host: str
    port: int
    limits: Limits = field(default_factory=Limits)
    pdu_log: Sink | None = field(default=None, repr=False, compare=False)
    tls: Tls | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A DICOM application entity and how to reach it. Times are in seconds.

    connect_timeout: for the TCP connection (and TLS), name lookup included. response_timeout: for
    each answer. association_timeout: for the answer to an association request (the ARTIM timer,
    PS3.8 9.1.5); network_timeout: for the rest of a PDU that has begun, and for the peer to take
    what is being sent to it; both are the response_timeout when None.
    """

    host: str
    port: int
    ae_title: str
    calling_ae_title: str = "FABRICATE"
    connect_timeout: float = 10.0
    response_timeout: float = 60.0
    association_timeout: float | None = None
    network_timeout: float | None = None
    tls: Tls | None = None
    """None is a plain connection."""
    identity: UserIdentity | None = None
    pdu_log: Sink | None = field(default=None, repr=False, compare=False)
    """Who gets the log of each connection when it is over; by default none is kept."""
    seen: Callable[[AssociationEvidence, frozenset[int]], None] | None = field(
        default=None, repr=False, compare=False
    )
    """Told what was negotiated as an association stands, and again at its end with the ids of the contexts
    that a message was sent on."""
    limits: Limits = field(default_factory=Limits)

    def patience(self, stage: Stage) -> float:
        """Seconds that a stage of an exchange may take."""
        own: float | None = None
        if stage == "network":
            own = self.network_timeout
        elif stage == "association":
            own = self.association_timeout
        return self.response_timeout if own is None else own

    def error(
        self, kind: type[_E], message: str, reason: str = "", *, hint: str | None = None
    ) -> _E:
        """A TargetError that names this peer."""
        return kind(
            message,
            reason=reason,
            host=self.host,
            port=self.port,
            ae_title=self.ae_title,
            hint=hint,
        )

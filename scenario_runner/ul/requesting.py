"""Negotiating an association: what is proposed, and what the peer's answer means in words.

The PDUs themselves are pynetdicom's (PS3.8 9.3); this module fills them in and reads them with
suspicion.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scenario_runner.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from scenario_runner.dicom.sop_classes import APPLICATION_CONTEXT
from scenario_runner.errors import (
    AssociationAborted,
    AssociationRejected,
    ProtocolViolation,
)
from scenario_runner.ul.peer import (
    Peer,
    UserIdentity,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_CONTEXTS = 128
"""Presentation context ids are the odd numbers from 1 to 255 (PS3.8 9.3.2.2)."""

_RESULTS = {
    0: "accepted",
    1: "refused by the user",
    2: "refused without a reason",
    3: "abstract syntax (SOP class) not supported",
    4: "transfer syntaxes not supported",
}
_REJECT_RESULTS = {1: "rejected permanently", 2: "rejected for now (transient)"}
_REJECT_SOURCES = {
    1: "by the application (service user)",
    2: "by the association layer (ACSE)",
    3: "by the presentation layer",
}
_REJECT_REASONS = {
    (1, 1): "no reason given",
    (1, 2): "application context name not supported",
    (1, 3): "calling AE title not recognized",
    (1, 7): "called AE title not recognized",
    (2, 1): "no reason given",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}
_ABORT_REASONS = {
    0: "no reason given",
    1: "unrecognized PDU",
    2: "unexpected PDU",
    4: "unrecognized PDU parameter",
    5: "unexpected PDU parameter",
    6: "invalid PDU parameter value",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One presentation context to ask for. scp: we want to be its SCP (PS3.7 D.3.3.4).

    extended: service class application information of its SOP class (PS3.7 D.3.3.5).
    """

    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]
    scp: bool = False
    extended: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A presentation context as it was negotiated."""

    id: int
    abstract_syntax: str
    proposed: tuple[str, ...]
    """Transfer syntax UIDs."""
    accepted: bool
    transfer_syntax: str | None
    """The one the peer chose; None unless accepted."""
    reason: str
    """``accepted``, or why not (PS3.8 9.3.3.2)."""
    scp: bool = False
    """Whether the peer agreed that we are its SCP."""
    extended: str = ""
    """The peer's answer to extended negotiation for the SOP class, in hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationEvidence:
    """What was asked of a peer and what it answered, for the record."""

    host: str
    port: int
    calling_ae_title: str
    called_ae_title: str
    contexts: tuple[Context, ...]
    max_pdu: int
    """The longest P-DATA-TF the peer takes, in bytes; 0 is no limit."""
    implementation_class_uid: str
    implementation_version_name: str
    connect_seconds: float
    negotiate_seconds: float

    def plain(self) -> dict[str, Any]:
        """The same as plain values, ready for JSON."""
        facts = dataclasses.asdict(self)
        facts["contexts"] = [
            {**context, "proposed": list(context["proposed"])} for context in facts["contexts"]
        ]
        return facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an A-ASSOCIATE-AC said."""

    contexts: tuple[Context, ...]
    max_pdu: int
    implementation_class_uid: str
    implementation_version_name: str


def request(peer: Peer, proposals: Sequence[Proposal]) -> bytes:
    """An A-ASSOCIATE-RQ; context ids are 1, 3, 5, … in the order of the proposals (PS3.8 9.3.2).

    Raises ValueError for more than 128 proposals, or an AE title or UID that cannot be one.
    """
    from pynetdicom.pdu import A_ASSOCIATE_RQ
    from pynetdicom.pdu_primitives import (
        A_ASSOCIATE,
        ImplementationClassUIDNotification,
        ImplementationVersionNameNotification,
        MaximumLengthNotification,
        SCP_SCU_RoleSelectionNegotiation,
        SOPClassExtendedNegotiation,
    )
    from pynetdicom.presentation import PresentationContext

    if not 0 < len(proposals) <= MAX_CONTEXTS:
        raise ValueError(f"{len(proposals)} presentation contexts; 1 to {MAX_CONTEXTS} fit")
    contexts = []
    for index, proposal in enumerate(proposals):
        context = PresentationContext()
        context.context_id = 2 * index + 1
        context.abstract_syntax = proposal.abstract_syntax
        context.transfer_syntax = list(proposal.transfer_syntaxes)
        contexts.append(context)

    length = MaximumLengthNotification()
    length.maximum_length_received = peer.limits.pdu
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    information: list[Any] = [length, implementation, version]
    for uid in dict.fromkeys(p.abstract_syntax for p in proposals if p.scp):
        role = SCP_SCU_RoleSelectionNegotiation()
        role.sop_class_uid = uid
        role.scu_role = False
        role.scp_role = True
        information.append(role)

    for uid, value in {p.abstract_syntax: p.extended for p in proposals if p.extended}.items():
        extended = SOPClassExtendedNegotiation()
        extended.sop_class_uid = uid
        extended.service_class_application_information = value
        information.append(extended)
    if peer.identity is not None:
        information.append(_identity(peer.identity))

    primitive = A_ASSOCIATE()
    primitive.application_context_name = APPLICATION_CONTEXT
    primitive.calling_ae_title = peer.calling_ae_title
    primitive.called_ae_title = peer.ae_title
    primitive.presentation_context_definition_list = contexts
    primitive.user_information = information
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(primitive)
    return pdu.encode()


def _identity(identity: UserIdentity) -> Any:
    """User identity: type 1 a name, type 2 a name and a passcode (PS3.7 D.3.3.7.1)."""
    from pynetdicom.pdu_primitives import UserIdentityNegotiation

    item = UserIdentityNegotiation()
    item.user_identity_type = 1 if identity.password is None else 2
    # No answer is asked for: acceptors that ignore the item would have to be told from others.
    item.positive_response_requested = False
    item.primary_field = identity.user.encode("utf-8")
    if identity.password is not None:
        item.secondary_field = identity.password.encode("utf-8")
    return item


def accepted(peer: Peer, proposals: Sequence[Proposal], body: bytes) -> Answer:
    """Read an A-ASSOCIATE-AC (whole PDU). Raises ProtocolViolation when it makes no sense."""
    from pynetdicom.pdu import A_ASSOCIATE_AC

    pdu = A_ASSOCIATE_AC()
    try:
        pdu.decode(body)
        results = {item.context_id: item for item in pdu.presentation_context}
        information: Any = pdu.user_information
        max_pdu = int(information.maximum_length or 0)
        class_uid = printable(information.implementation_class_uid)
        version = printable(information.implementation_version_name)
        scp_roles = {str(uid) for uid, role in information.role_selection.items() if role.scp_role}
        extended = {str(item.uid): item.app_info[:64].hex() for item in information.ext_neg}
        contexts = tuple(
            _context(2 * index + 1, proposal, results.get(2 * index + 1), scp_roles, extended)
            for index, proposal in enumerate(proposals)
        )
    except Exception as error:  # the decoder raises whatever hostile bytes lead it into
        raise peer.error(
            ProtocolViolation,
            "unreadable answer to the association request",
            f"the A-ASSOCIATE-AC cannot be decoded ({type(error).__name__})",
        ) from error
    if 0 < max_pdu < 16:
        raise peer.error(
            ProtocolViolation,
            "unusable answer to the association request",
            f"the peer's maximum PDU length of {max_pdu} bytes leaves no room for data",
        )
    return Answer(
        contexts=contexts,
        max_pdu=max_pdu,
        implementation_class_uid=class_uid,
        implementation_version_name=version,
    )


def _context(
    id_: int, proposal: Proposal, item: Any, scp_roles: set[str], extended: dict[str, str]
) -> Context:
    chosen: str | None = None
    if item is None:
        reason = "not answered by the peer"
    elif item.result != 0:
        reason = _RESULTS.get(item.result, f"refused with the unknown result {item.result}")
    else:
        chosen = printable(item.transfer_syntax)
        reason = "accepted"
        if chosen not in proposal.transfer_syntaxes:
            reason, chosen = f"accepted with transfer syntax '{chosen}', not proposed", None
    return Context(
        id=id_,
        abstract_syntax=proposal.abstract_syntax,
        proposed=proposal.transfer_syntaxes,
        accepted=chosen is not None,
        transfer_syntax=chosen,
        reason=reason,
        scp=chosen is not None and proposal.scp and proposal.abstract_syntax in scp_roles,
        extended=extended.get(proposal.abstract_syntax, "") if chosen is not None else "",
    )


def rejected(peer: Peer, body: bytes) -> AssociationRejected:
    """What an A-ASSOCIATE-RJ says, in words (PS3.8 9.3.4)."""
    result, source, reason = (body + bytes(10))[7:10]
    words = _REJECT_REASONS.get((source, reason), f"unknown reason {reason}")
    hint = None
    if (source, reason) == (1, 3):
        hint = f"make '{peer.calling_ae_title}' known to the PACS, or set calling_ae_title"
    elif (source, reason) == (1, 7):
        hint = f"check the target's ae_title '{peer.ae_title}' in the site file"
    return peer.error(
        AssociationRejected,
        "association rejected",
        f"{words}; {_REJECT_RESULTS.get(result, f'unknown result {result}')} "
        f"{_REJECT_SOURCES.get(source, f'by the unknown source {source}')}",
        hint=hint,
    )


def aborted(peer: Peer, body: bytes) -> AssociationAborted:
    """What an A-ABORT says, in words (PS3.8 9.3.8)."""
    source, reason = (body + bytes(10))[8:10]
    words = "aborted by the peer"
    if source == 2:
        words = (
            f"aborted by the peer's association layer: "
            f"{_ABORT_REASONS.get(reason, f'unknown reason {reason}')}"
        )
    return peer.error(AssociationAborted, "association aborted", words)


def printable(value: Any) -> str:
    """Text of a peer, short and printable."""
    if value is None:
        return ""
    words = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return "".join(c for c in words if c.isprintable()).strip()[:64]

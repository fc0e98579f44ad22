"""Why a peer rejected or aborted an association, as an error that names it (PS3.8 9.3.4, 9.3.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.errors import AssociationAborted, AssociationRejected
from scenario_runner.ul.associate_pdus import Rejection

if TYPE_CHECKING:
    from scenario_runner.ul.pdu import Buffer
    from scenario_runner.ul.peer import Peer

_REJECT_RESULTS: Final = {1: "rejected permanently", 2: "rejected for now (transient)"}
_REJECT_SOURCES: Final = {
    1: "by the application (service user)",
    2: "by the association layer (ACSE)",
    3: "by the presentation layer",
}
_REJECT_REASONS: Final = {
    (1, 1): "no reason given",
    (1, 2): "application context name not supported",
    (1, 3): "calling AE title not recognized",
    (1, 7): "called AE title not recognized",
    (2, 1): "no reason given",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}
_ABORT_REASONS: Final = {
    0: "no reason given",
    1: "unrecognized PDU",
    2: "unexpected PDU",
    4: "unrecognized PDU parameter",
    5: "unexpected PDU parameter",
    6: "invalid PDU parameter value",
}


def rejected(peer: Peer, body: Buffer) -> AssociationRejected:
    """What an A-ASSOCIATE-RJ says (PS3.8 9.3.4). body: without the PDU header."""
    rejection = Rejection.decode(bytes(body))
    result, source, reason = rejection.result, rejection.source, rejection.reason
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


def aborted(peer: Peer, body: Buffer, *, asked: bool = False) -> AssociationAborted:
    """What an A-ABORT says (PS3.8 9.3.8). body: without the PDU header. asked: whether its first answer was awaited."""
    source, reason = (bytes(body) + bytes(4))[2:4]
    words, hint = "aborted by the peer", None
    if (
        source == 0 and asked
    ):  # Orthanc takes the association of a stranger, and aborts it at a query
        hint = f"its log says why; some PACS do so with a calling AE title that they do not know: '{peer.calling_ae_title}'"
    if source == 2:
        why = _ABORT_REASONS.get(reason, f"unknown reason {reason}")
        words = f"aborted by the peer's association layer: {why}"
    return peer.error(AssociationAborted, "association aborted", words, hint=hint)

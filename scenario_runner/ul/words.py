"""What a peer says, in words: text made safe to show, UIDs with their names, reasons (PS3.8 9.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.dictionary import uid_name
from scenario_runner.errors import AssociationAborted, AssociationRejected
from scenario_runner.ul.associate_pdus import Rejection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenario_runner.ul.pdu import Buffer
    from scenario_runner.ul.peer import Peer

RESULTS: Final = {
    0: "accepted",
    1: "refused by the user",
    2: "refused without a reason",
    3: "abstract syntax (SOP class) not supported",
    4: "transfer syntaxes not supported",
}
"""Results of a presentation context (PS3.8 9.3.3.2)."""
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


def printable(text: str) -> str:
    """Text of a peer, short and printable."""
    return "".join(c for c in text if c.isprintable()).strip()[:64]


def name_of(uid: str) -> str:
    """What PS3.6 calls a UID; one it does not know is its own name."""
    return uid_name(printable(uid))


def named(uid: str) -> str:
    """A UID with its name: ``CT Image Storage (1.2.840.10008.5.1.4.1.1.2)``."""
    text, name = printable(uid), name_of(uid)
    return text if name == text else f"{name} ({text})"


def either(uids: Iterable[str]) -> str:
    """Names of alternatives: ``Explicit VR Little Endian or Implicit VR Little Endian``."""
    return " or ".join(name_of(uid) for uid in uids)


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


def aborted(peer: Peer, body: Buffer) -> AssociationAborted:
    """What an A-ABORT says (PS3.8 9.3.8). body: without the PDU header."""
    source, reason = (bytes(body) + bytes(4))[2:4]
    words = "aborted by the peer"
    if source == 2:
        why = _ABORT_REASONS.get(reason, f"unknown reason {reason}")
        words = f"aborted by the peer's association layer: {why}"
    return peer.error(AssociationAborted, "association aborted", words)

"""Storage commitment, push model: ask a peer to answer for what it was sent (PS3.4 annex J.3)."""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING, Any

from scenario_runner.answers import CommitResult, Delivery
from scenario_runner.dicom.sop_classes import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
from scenario_runner.dicom.syntaxes import PLAIN
from scenario_runner.errors import (
    AssociationAborted,
    OperationFailed,
    PeerTimeout,
    ProtocolViolation,
    TargetError,
)
from scenario_runner.network import queries
from scenario_runner.network.receiver import take_event
from scenario_runner.ul import commands
from scenario_runner.ul.association import Association
from scenario_runner.ul.commands import Element, Field
from scenario_runner.ul.contexts import Context, Proposal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydicom import Dataset

    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.peer import Peer

_REQUEST = 1
"""Action type of N-ACTION: request storage commitment (PS3.4 J.3.2)."""
_REFERENCE = (0x00081150, 0x00081155)
"""ReferencedSOPClassUID, ReferencedSOPInstanceUID."""
_POLL = 0.1
_OFFER = 2.0
"""Seconds that each later association is held open for the peer to report on."""

Instance = tuple[str, str]
"""SOP class UID and SOP instance UID."""
Event = tuple[int, "Dataset"]
Report = tuple[Event, Delivery]


class Commitments:
    """The N-EVENT-REPORTs that have come, from wherever; ``take`` is a Receiver's on_event."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.others: dict[str, None] = {}
        """Transaction UIDs of reports that were nobody's."""

    def take(self, event_type: int, information: Dataset) -> None:
        """Keep one report until it is asked for."""
        self._events.put((event_type, information))

    def next(self, transaction: str) -> Event | None:
        """The report on that transaction, None when there is none yet; of others only their UID is kept."""
        while True:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                return None
            named = _uid(event[1], "TransactionUID")
            if named == transaction:
                return event
            self.others[named] = None


def commit(
    peer: Peer,
    instances: Iterable[Instance],
    commitments: Commitments,
    patience: float,
    deadline: Deadline,
    delivery: Delivery | None = None,
) -> CommitResult:
    """Ask for commitment and wait for the report.

    commitments: where a Receiver puts its events (on_event), for a peer that opens an association
    of its own. The report is also awaited on the association of the request and, once the peer has
    let go of that or half the patience is used up, on later ones that are offered to it.
    patience: seconds the report may take. delivery: where the report is known to come; it is awaited nowhere else.
    Raises OperationFailed when the request is refused,
    PeerTimeout when no report comes, other TargetErrors, or what the deadline raises.
    """
    from pydicom.uid import generate_uid

    transaction = str(generate_uid(prefix=None))
    started = time.monotonic()
    end = started + patience
    with _open(peer, deadline) as association:
        context = association.context(STORAGE_COMMITMENT, "storage commitment")
        _request(association, context, transaction, instances)
        alone = {None: patience / 2, "same association": patience}.get(delivery, 0.0)
        report = _listen(association, commitments, transaction, started + alone)
    while report is None and delivery != "same association" and time.monotonic() < end:
        if delivery == "association of the peer":
            report = _received(commitments, transaction, deadline)
        else:
            report = _listen_again(peer, commitments, transaction, end, deadline)
    if report is None:
        where = f"on the {delivery}, where it is known to come"
        if delivery is None:
            where = "neither on the same association nor on another"
        reason = f"none came within {patience:g} s, {where}"
        if others := list(commitments.others):
            reason = (
                f"within {patience:g} s there was only one of transaction '{others[0]}', "
                f"which is not ours, {transaction}"
            )
        raise peer.error(
            PeerTimeout,
            "no storage commitment report",
            reason,
            hint="does the PACS know our AE title, and the host and port of the site's 'receiver'?",
        )
    (event_type, information), delivery = report
    committed, failed = _read(information)
    return CommitResult(
        transaction_uid=transaction,
        committed=committed,
        failed=failed,
        delivery=delivery,
        event_type=event_type,
        seconds=time.monotonic() - started,
        association=association.evidence.plain(),
    )


def _open(peer: Peer, deadline: Deadline) -> Association:
    proposal = Proposal(abstract_syntax=STORAGE_COMMITMENT, transfer_syntaxes=PLAIN)
    return Association.open(peer, [proposal], deadline)


def _request(
    association: Association, context: Context, transaction: str, instances: Iterable[Instance]
) -> None:
    from pydicom import DataElement, Dataset
    from pydicom.config import IGNORE

    information = Dataset()
    information.TransactionUID = transaction
    items = []
    for named in instances:
        item = Dataset()
        for tag, uid in zip(_REFERENCE, named, strict=True):
            # Sent as it is stored, also where it is no UID and the PACS took it all the same.
            item.add(DataElement(tag, "UI", uid, validation_mode=IGNORE))
        items.append(item)
    information.ReferencedSOPSequence = items
    assert context.transfer_syntax is not None
    message_id = association.next_message_id()
    association.send(
        context.id,
        {
            Element.REQUESTED_SOP_CLASS_UID: STORAGE_COMMITMENT,
            Element.COMMAND_FIELD: Field.N_ACTION_RQ,
            Element.MESSAGE_ID: message_id,
            Element.REQUESTED_SOP_INSTANCE_UID: STORAGE_COMMITMENT_INSTANCE,
            Element.ACTION_TYPE_ID: _REQUEST,
        },
        [queries.encode(information, context.transfer_syntax)],
    )
    answer = association.response(Field.N_ACTION_RQ, message_id, context.id)
    if answer.status:
        comment = commands.comment(answer.command)
        raise association.peer.error(
            OperationFailed,
            "storage commitment was refused",
            f"status {answer.status:04X}H{f', {comment}' if comment else ''}",
        )


def _listen(
    association: Association, commitments: Commitments, transaction: str, end: float
) -> Report | None:
    """The report for our transaction, on this association or from the receiver, if it comes.

    None when the time is over or the peer has let go of the association.
    """
    here = Commitments()
    here.others = commitments.others
    while time.monotonic() < end:
        if (report := commitments.next(transaction)) is not None:
            return report, "association of the peer"
        try:
            if not association.idle(_POLL):
                _take(association, here)
        except AssociationAborted:
            return None
        if (report := here.next(transaction)) is not None:
            return report, "same association"
    return None


def _received(commitments: Commitments, transaction: str, deadline: Deadline) -> Report | None:
    """The report, if a receiver has it by now; a moment later otherwise."""
    report = commitments.next(transaction)
    if report is None:
        deadline.sleep(_POLL)
        return None
    return report, "association of the peer"


def _listen_again(
    peer: Peer, commitments: Commitments, transaction: str, end: float, deadline: Deadline
) -> Report | None:
    """Offer the peer another association to report on, as some wait for one (PS3.4 J.3.3)."""
    began = time.monotonic()
    try:
        with _open(peer, deadline) as association:
            report = _listen(association, commitments, transaction, min(end, began + _OFFER))
    except TargetError:
        report = None  # it does not want one; the receiver still listens
    if report is not None and report[1] == "same association":
        return report[0], "later association"
    if report is None:
        deadline.sleep(max(0.0, min(end, began + _OFFER) - time.monotonic()))
    return report


def _take(association: Association, reports: Commitments) -> None:
    message = association.receive()
    if message.kind != Field.N_EVENT_REPORT_RQ:
        raise association.peer.error(
            ProtocolViolation,
            "the peer broke the protocol",
            "it sent something else where a commitment report belongs",
        )
    take_event(association, message, reports.take)


def _read(report: Dataset) -> tuple[dict[str, str], dict[str, int]]:
    committed = {
        _uid(item, "ReferencedSOPInstanceUID"): _uid(item, "ReferencedSOPClassUID")
        for item in _items(report, "ReferencedSOPSequence")
    }
    failed = {
        _uid(item, "ReferencedSOPInstanceUID"): _reason(item)
        for item in _items(report, "FailedSOPSequence")
    }
    return committed, failed


def _items(report: Dataset, keyword: str) -> list[Dataset]:
    try:
        return list(report.get(keyword) or ())
    except Exception:  # noqa: BLE001 - the decoder raises whatever hostile bytes lead it into
        return []


def _uid(data_set: Dataset, keyword: str) -> str:
    element: Any = data_set.get_item(keyword)
    value = getattr(element, "value", b"") or b""
    words = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    return words.strip("\0 ")[:64]


def _reason(item: Dataset) -> int:
    element: Any = item.get_item("FailureReason")
    value = getattr(element, "value", b"")
    return int.from_bytes(value[:2], "little") if isinstance(value, bytes) else int(value or 0)

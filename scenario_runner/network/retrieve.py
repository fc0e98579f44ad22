"""C-GET: the peer sends what matches back over the same association (PS3.4 C.4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.answers import RetrieveResult
from scenario_runner.dicom import statuses
from scenario_runner.dicom.syntaxes import PLAIN
from scenario_runner.errors import ProtocolViolation
from scenario_runner.network import queries
from scenario_runner.network.receiver import Sink, take_instance
from scenario_runner.ul import commands
from scenario_runner.ul.association import Association
from scenario_runner.ul.commands import Element, Field
from scenario_runner.ul.contexts import (
    MAX_CONTEXTS,
    Context,
    Proposal,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom import Dataset

    from scenario_runner.deadline import Deadline
    from scenario_runner.dicom.retrieve_keys import Level
    from scenario_runner.ul.messages import Message
    from scenario_runner.ul.peer import Peer

_MEDIUM_PRIORITY = 0


def get(
    peer: Peer,
    level: Level,
    identifier: Dataset,
    contexts: Sequence[tuple[str, str]],
    sink: Sink,
    deadline: Deadline,
) -> RetrieveResult:
    """Retrieve what the identifier names; ``sink`` takes each instance before it is acknowledged.

    contexts: the (SOP class UID, transfer syntax UID) pairs we can take, proposed with the SCP role
    (PS3.7 D.3.3.4). A sink that raises MachineError (disk full) makes the sub-operation fail and
    ends the retrieve. A failure status is an answer, not an exception. Raises NoAcceptedContext,
    other TargetErrors for a broken exchange, or what the deadline raises.
    """
    model = queries.model_for(level).get
    proposals = [
        Proposal(abstract_syntax=model, transfer_syntaxes=PLAIN),
        *_storage(contexts),
    ]
    with Association.open(peer, proposals, deadline) as association:
        context = association.context(model, f"C-GET at the {level} level")
        return _Get(association, context, sink).run(identifier)


def _storage(contexts: Sequence[tuple[str, str]]) -> list[Proposal]:
    """One context per pair, or per SOP class when there are more pairs than fit."""
    pairs = list(dict.fromkeys(contexts))
    by_class: dict[str, list[str]] = {}
    for sop_class, syntax in pairs:
        by_class.setdefault(sop_class, []).append(syntax)
    if len(pairs) < MAX_CONTEXTS:
        return [
            Proposal(abstract_syntax=sop_class, transfer_syntaxes=(syntax,), scp=True)
            for sop_class, syntax in pairs
        ]
    return [
        Proposal(abstract_syntax=sop_class, transfer_syntaxes=tuple(syntaxes), scp=True)
        for sop_class, syntaxes in by_class.items()
    ]


class _Get:
    """One C-GET under way."""

    def __init__(self, association: Association, context: Context, sink: Sink) -> None:
        self._association = association
        self._context = context
        self._sink = sink

    def run(self, identifier: Dataset) -> RetrieveResult:
        association, context = self._association, self._context
        assert context.transfer_syntax is not None
        limits = association.peer.limits
        message_id = association.next_message_id()
        association.send(
            context.id,
            {
                Element.AFFECTED_SOP_CLASS_UID: context.abstract_syntax,
                Element.COMMAND_FIELD: Field.C_GET_RQ,
                Element.MESSAGE_ID: message_id,
                Element.PRIORITY: _MEDIUM_PRIORITY,
            },
            [queries.encode(identifier, context.transfer_syntax)],
        )
        # Twice: each sub-operation may come with a pending response of its own.
        for _ in range(2 * limits.responses):
            message = association.receive()
            if message.kind == Field.C_STORE_RQ:
                take_instance(association, message, self._sink)
                continue
            association.expect(message, Field.C_GET_RQ, message_id, context.id)
            if message.status not in statuses.STILL_PENDING:
                return retrieve_result(association, context, message)
        raise association.peer.error(
            ProtocolViolation,
            "the peer broke the protocol",
            f"it sent more than {2 * limits.responses} messages in one C-GET",
        )


def retrieve_result(association: Association, context: Context, message: Message) -> RetrieveResult:
    """Read the final response to a C-GET or C-MOVE."""
    command = message.command
    failed_uids = _failed_uids(association, context, message)
    return RetrieveResult(
        status=message.status,
        comment=commands.comment(command),
        completed=commands.number(command, Element.COMPLETED) or 0,
        # What stands in the list has failed, whatever was counted.
        failed=max(commands.number(command, Element.FAILED) or 0, len(failed_uids)),
        warning=commands.number(command, Element.WARNING) or 0,
        failed_uids=failed_uids,
        association=association.evidence.plain(),
    )


def _failed_uids(association: Association, context: Context, message: Message) -> tuple[str, ...]:
    """FailedSOPInstanceUIDList (0008,0058) of the final response (PS3.4 C.4.3.1.3)."""
    if message.data is None or context.transfer_syntax is None:
        return ()
    identifier = queries.decode(message.whole(), context.transfer_syntax, association.peer)
    element: Any = identifier.get_item("FailedSOPInstanceUIDList")
    if element is None or not isinstance(element.value, bytes):
        return ()
    uids = element.value.decode("ascii", "replace").split("\\")
    return tuple(uid.strip("\0 ")[:64] for uid in uids if uid.strip("\0 "))

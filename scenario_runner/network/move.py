"""C-MOVE: the peer sends what matches to an AE title it knows, ours or a third one (PS3.4 C.4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.answers import RetrieveResult
from scenario_runner.dicom import statuses
from scenario_runner.dicom.syntaxes import PLAIN
from scenario_runner.errors import ProtocolViolation
from scenario_runner.network import queries
from scenario_runner.network.retrieve import retrieve_result
from scenario_runner.ul.association import Association
from scenario_runner.ul.commands import Element, Field
from scenario_runner.ul.contexts import Proposal

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.deadline import Deadline
    from scenario_runner.dicom.retrieve_keys import Level
    from scenario_runner.ul.peer import Peer

_MEDIUM_PRIORITY = 0


def move(
    peer: Peer, level: Level, identifier: Dataset, destination: str, deadline: Deadline
) -> RetrieveResult:
    """Ask the peer to send what the identifier names to the AE title ``destination``.

    To receive it ourselves, hold a ``receiver.Receiver`` open meanwhile. The peer may take its
    response_timeout for each response; one that sends none while it works needs a longer one. A
    failure status (A801: destination unknown) is an answer, not an exception. Raises
    NoAcceptedContext, other TargetErrors for a broken exchange, or what the deadline raises.
    """
    model = queries.model_for(level).move
    proposal = Proposal(abstract_syntax=model, transfer_syntaxes=PLAIN)
    with Association.open(peer, [proposal], deadline) as association:
        context = association.context(model, f"C-MOVE at the {level} level")
        assert context.transfer_syntax is not None
        message_id = association.next_message_id()
        association.send(
            context.id,
            {
                Element.AFFECTED_SOP_CLASS_UID: model,
                Element.COMMAND_FIELD: Field.C_MOVE_RQ,
                Element.MESSAGE_ID: message_id,
                Element.PRIORITY: _MEDIUM_PRIORITY,
                Element.MOVE_DESTINATION: destination,
            },
            [queries.encode(identifier, context.transfer_syntax)],
        )
        for _ in range(peer.limits.responses):
            message = association.response(Field.C_MOVE_RQ, message_id, context.id)
            if message.status not in statuses.STILL_PENDING:
                return retrieve_result(association, context, message)
        raise peer.error(
            ProtocolViolation,
            "the peer broke the protocol",
            f"it sent more than {peer.limits.responses} pending responses",
        )

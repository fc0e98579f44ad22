"""C-ECHO: does the peer answer, and what does it say about itself (PS3.7 9.1.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.answers import Echo
from scenario_runner.dicom.sop_classes import VERIFICATION
from scenario_runner.dicom.syntaxes import PLAIN
from scenario_runner.ul import commands
from scenario_runner.ul.association import Association
from scenario_runner.ul.commands import Element, Field
from scenario_runner.ul.contexts import Proposal

if TYPE_CHECKING:
    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.peer import Peer


def echo(peer: Peer, deadline: Deadline) -> Echo:
    """Send one C-ECHO over an association of its own.

    Raises TargetError children that name the peer, or what the deadline raises; a failure status
    is an answer, not an exception.
    """
    proposal = Proposal(abstract_syntax=VERIFICATION, transfer_syntaxes=PLAIN)
    with Association.open(peer, [proposal], deadline) as association:
        context = association.context(VERIFICATION, "the Verification service")
        message_id = association.next_message_id()
        association.send(
            context.id,
            {
                Element.AFFECTED_SOP_CLASS_UID: VERIFICATION,
                Element.COMMAND_FIELD: Field.C_ECHO_RQ,
                Element.MESSAGE_ID: message_id,
            },
        )
        answer = association.response(Field.C_ECHO_RQ, message_id, context.id)
        return Echo(
            status=answer.status,
            comment=commands.comment(answer.command),
            seconds=max(0.0, association.arrived - association.departed),
            association=association.evidence.plain(),
        )

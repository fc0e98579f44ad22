"""Modality Performed Procedure Step: a modality tells what it does (PS3.4 F.7)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from scenario_runner.answers import MppsResult
from scenario_runner.dicom.sop_classes import MPPS
from scenario_runner.dicom.syntaxes import PLAIN
from scenario_runner.network import queries
from scenario_runner.ul import commands
from scenario_runner.ul.association import Association
from scenario_runner.ul.commands import Element, Field
from scenario_runner.ul.contexts import Proposal

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.peer import Peer


def create(peer: Peer, uid: str, attributes: Dataset, deadline: Deadline) -> MppsResult:
    """N-CREATE a performed procedure step under the SOP instance UID ``uid``.

    attributes: those of PS3.4 F.7.2.1, PerformedProcedureStepStatus ``IN PROGRESS`` among them. A
    failure status (0110: not allowed in this state) is an answer, not an exception. Raises NoAcceptedContext, other TargetErrors, or what the deadline raises.
    """
    naming: dict[int, int | str] = {
        Element.AFFECTED_SOP_CLASS_UID: MPPS,
        Element.AFFECTED_SOP_INSTANCE_UID: uid,
    }
    return _call(peer, Field.N_CREATE_RQ, naming, attributes, deadline)


def update(peer: Peer, uid: str, attributes: Dataset, deadline: Deadline) -> MppsResult:
    """N-SET attributes of a performed procedure step, as ``create`` does otherwise."""
    naming: dict[int, int | str] = {
        Element.REQUESTED_SOP_CLASS_UID: MPPS,
        Element.REQUESTED_SOP_INSTANCE_UID: uid,
    }
    return _call(peer, Field.N_SET_RQ, naming, attributes, deadline)


def _call(
    peer: Peer,
    field: Field,
    naming: dict[int, int | str],
    attributes: Dataset,
    deadline: Deadline,
) -> MppsResult:
    proposal = Proposal(
        abstract_syntax=MPPS,
        transfer_syntaxes=PLAIN,
    )
    with Association.open(peer, [proposal], deadline) as association:
        context = association.context(MPPS, "Modality Performed Procedure Step")
        assert context.transfer_syntax is not None
        message_id = association.next_message_id()
        started = time.monotonic()
        association.send(
            context.id,
            {
                **naming,
                Element.COMMAND_FIELD: field,
                Element.MESSAGE_ID: message_id,
            },
            [queries.encode(attributes, context.transfer_syntax)],
        )
        answer = association.response(field, message_id, context.id)
        return MppsResult(
            status=answer.status,
            comment=commands.comment(answer.command),
            seconds=time.monotonic() - started,
            association=association.evidence.plain(),
        )

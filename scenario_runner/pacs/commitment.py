"""Storage commitment answered: N-ACTION taken, the result told by N-EVENT-REPORT (PS3.4 J.3)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from scenario_runner.deadline import Deadline
from scenario_runner.dicom import statuses
from scenario_runner.dicom.element_text import texts
from scenario_runner.dicom.elements import DamagedDatasetError, Elements, read_elements, read_items
from scenario_runner.dicom.sop_classes import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
from scenario_runner.dicom.syntaxes import PLAIN, Encoding, encoding_of
from scenario_runner.errors import FabricatorError, Interrupted
from scenario_runner.pacs.desk import Desk, comment
from scenario_runner.pacs.reports import (
    REFERENCED,
    SOP_CLASS,
    SOP_INSTANCE,
    TRANSACTION_UID,
    Outcome,
)
from scenario_runner.ul.association import Association
from scenario_runner.ul.commands import Command, Element, Field, number
from scenario_runner.ul.contexts import Context, Proposal

if TYPE_CHECKING:
    from scenario_runner.pacs.association import Served
    from scenario_runner.pacs.options import Destination
    from scenario_runner.ul.messages import Message

LOGGER = logging.getLogger(__name__)


_REQUEST_COMMITMENT: Final = 1
_REST: Final = 0.1
"""Seconds of silence at the beginning after which a requester is told what waits for it."""
_PAUSES: Final = (0.0, 0.5, 2.0, 8.0)
"""Seconds before each attempt to reach a requester on an association of our own."""


def tell_later(desk: Desk, association: Served) -> None:
    """Tell what waits for this peer, if it has the service on this association and begins with silence (PS3.4 J.3.3).

    Some, Orthanc among them, take a report that comes before the answer to their own request for a fault.
    """
    services = (c for c in association.contexts.values() if c.abstract_syntax == STORAGE_COMMITMENT)
    context = next(services, None)
    if context is None:
        return
    title = association.calling_ae_title
    if not association.idle(_REST):
        return
    waiting = desk.reports.take(title)
    try:
        while waiting:
            _tell(association, context, waiting[0])
            desk.reports.told(title, waiting.pop(0))
    finally:
        for outcome in waiting:
            desk.reports.keep(title, outcome)


def answer_commitment(desk: Desk, association: Served, message: Message) -> None:
    """Take the request, then tell the result: on this association, a later one, or one of our own.

    A requester that lets go of this association, in whatever way, is told on one of our own if the table
    of destinations has it (PS3.4 J.3.3.1.2), else on the next that it opens.
    """
    context = association.contexts[message.context_id]
    if context.abstract_syntax != STORAGE_COMMITMENT or (
        number(message.command, Element.ACTION_TYPE_ID) != _REQUEST_COMMITMENT
    ):
        association.respond(message, statuses.NO_SUCH_ACTION)
        return
    try:
        outcome = judge(desk, message.whole(), encoding_of(context.transfer_syntax or ""))
    except DamagedDatasetError as error:
        problem: Command = {Element.ERROR_COMMENT: comment(error)}
        association.respond(message, statuses.INVALID_ARGUMENT_VALUE, problem)
        return
    title = association.calling_ae_title
    destination = desk.options.destinations.get(title)
    how = desk.options.commitment
    if not desk.misbehaviour.reports():
        association.respond(message, statuses.SUCCESS)
        return
    desk.reports.promise(title, outcome)
    if how == "later":
        desk.reports.keep(title, outcome)
        association.respond(message, statuses.SUCCESS)
    elif how == "new" and destination is not None:
        association.respond(message, statuses.SUCCESS)
        desk.later(lambda: _tell_elsewhere(desk, title, destination, outcome))
    else:
        try:
            association.respond(message, statuses.SUCCESS)
            _tell(association, context, outcome)
            desk.reports.told(title, outcome)
        except FabricatorError:
            if destination is not None:
                desk.later(lambda: _tell_elsewhere(desk, title, destination, outcome))
            else:
                desk.reports.keep(title, outcome)
            raise


def tell_again(desk: Desk) -> None:
    """Tell what an earlier process has promised, where it is known how; the rest waits for its AE title to call."""
    for title in desk.reports.load():
        destination = desk.options.destinations.get(title)
        if destination is not None and desk.options.commitment != "later":
            for outcome in desk.reports.take(title):
                _tell_elsewhere(desk, title, destination, outcome)


def judge(desk: Desk, data: bytes, encoding: Encoding) -> Outcome:
    """Look each referenced instance up. Raises DamagedDatasetError for a request that names none."""
    elements = read_elements(data, encoding)
    outcome = Outcome(_text(elements, TRANSACTION_UID))
    referenced = elements.get(REFERENCED)
    if not outcome.transaction_uid or referenced is None:
        raise DamagedDatasetError("Transaction UID or Referenced SOP Sequence is missing")
    for item in read_items(referenced):
        sop_class, instance = _text(item, SOP_CLASS), _text(item, SOP_INSTANCE)
        reason = _failure(desk, sop_class, instance)
        if reason is None:
            outcome.committed.append((sop_class, instance))
        else:
            outcome.failed.append((sop_class, instance, reason))
    return outcome


def _failure(desk: Desk, sop_class: str, instance: str) -> int | None:
    located = desk.archive.index.locate(instance)
    if located is None:
        return statuses.NO_SUCH_SOP_INSTANCE
    if located.sop_class_uid != sop_class:
        return statuses.CLASS_INSTANCE_CONFLICT
    return desk.misbehaviour.commit_failure()


def _text(elements: Elements, tag: int) -> str:
    element = elements.get(tag)
    return next(iter(texts(tag, element)), "") if element else ""


def _tell(association: Association, context: Context, outcome: Outcome) -> None:
    """Send the report and wait until it is taken."""
    message_id = association.next_message_id()
    implicit = encoding_of(context.transfer_syntax or "").implicit
    association.send(
        context.id,
        {
            Element.AFFECTED_SOP_CLASS_UID: STORAGE_COMMITMENT,
            Element.COMMAND_FIELD: Field.N_EVENT_REPORT_RQ,
            Element.MESSAGE_ID: message_id,
            Element.AFFECTED_SOP_INSTANCE_UID: STORAGE_COMMITMENT_INSTANCE,
            Element.EVENT_TYPE_ID: outcome.event_type,
        },
        [outcome.encode(implicit=implicit)],
    )
    status = association.response(Field.N_EVENT_REPORT_RQ, message_id, context.id).status
    if status != statuses.SUCCESS:
        LOGGER.warning(
            "storage commitment: %s answered the report with %04XH",
            association.peer.ae_title,
            status,
        )


def _tell_elsewhere(desk: Desk, title: str, destination: Destination, outcome: Outcome) -> None:
    """Tell the result on an association of our own, as the SCP of the class (PS3.4 J.3.3.1.2).

    Whoever cannot be reached in several attempts is told when it calls.
    """
    peer = destination.peer(title, desk.ae_title)
    proposals = [
        Proposal(abstract_syntax=STORAGE_COMMITMENT, transfer_syntaxes=(syntax,), scp=True)
        for syntax in PLAIN
    ]
    deadline = Deadline(None, desk.stopping)
    for pause in _PAUSES:
        try:
            deadline.sleep(pause)
            with Association.open(peer, proposals, deadline) as association:
                context = association.context(STORAGE_COMMITMENT, "storage commitment")
                _tell(association, context, outcome)
                desk.reports.told(title, outcome)
        except Interrupted:
            desk.reports.keep(title, outcome)
            return
        except FabricatorError as error:
            LOGGER.warning("storage commitment to %s: %s", title, error)
        else:
            return
    desk.reports.keep(title, outcome)

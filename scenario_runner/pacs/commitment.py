"""Storage commitment answered: N-ACTION taken, the result told by N-EVENT-REPORT (PS3.4 J.3)."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.values import encode, texts
from scenario_runner.deadline import Deadline
from scenario_runner.dicom.elements import (
    DamagedDatasetError,
    Element,
    Elements,
    read_elements,
    read_items,
    write_elements,
    write_items,
)
from scenario_runner.dicom.sop_classes import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
from scenario_runner.dicom.syntaxes import PLAIN, Encoding, encoding_of
from scenario_runner.errors import FabricatorError
from scenario_runner.pacs.association import Released
from scenario_runner.pacs.services import Desk, comment, joined
from scenario_runner.ul import association as outgoing
from scenario_runner.ul.commands import WITH_DATA_SET, Command, Field, number
from scenario_runner.ul.commands import Element as CommandElement
from scenario_runner.ul.peer import Peer
from scenario_runner.ul.requesting import Proposal

if TYPE_CHECKING:
    from scenario_runner.pacs.association import Association, Message
    from scenario_runner.pacs.options import Destination

LOGGER = logging.getLogger(__name__)

SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110
NO_SUCH_OBJECT_INSTANCE = 0x0112
CLASS_INSTANCE_CONFLICT = 0x0119
NO_SUCH_ACTION = 0x0123
INVALID_ARGUMENT_VALUE = 0x0115

_REQUEST_COMMITMENT: Final = 1
_ALL_COMMITTED, _FAILURES_EXIST = 1, 2
_TRANSACTION_UID, _REFERENCED, _FAILED = 0x00081195, 0x00081199, 0x00081198
_SOP_CLASS, _SOP_INSTANCE, _FAILURE_REASON = 0x00081150, 0x00081155, 0x00081197
_OUTGOING_MESSAGE_ID: Final = 1
_MOST_REPORTS: Final = 1000


@dataclass(slots=True)
class Outcome:
    """What is committed and what is not. failed: SOP class, instance and Failure Reason."""

    transaction_uid: str
    committed: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def event_type(self) -> int:
        """Event Type ID (PS3.4 J.3.3)."""
        return _FAILURES_EXIST if self.failed else _ALL_COMMITTED

    def encode(self, *, implicit: bool) -> bytes:
        """Event information (PS3.4 table J.3-2)."""
        elements: Elements = {
            _TRANSACTION_UID: encode(_TRANSACTION_UID, [self.transaction_uid], ())
        }

        def item(sop_class: str, instance: str, reason: int | None = None) -> bytes:
            inner = {
                _SOP_CLASS: encode(_SOP_CLASS, [sop_class], ()),
                _SOP_INSTANCE: encode(_SOP_INSTANCE, [instance], ()),
            }
            if reason is not None:
                inner[_FAILURE_REASON] = encode(_FAILURE_REASON, [str(reason)], ())
            return write_elements(inner, implicit=implicit)

        for tag, items in (
            (_REFERENCED, [item(*one) for one in self.committed]),
            (_FAILED, [item(*one) for one in self.failed]),
        ):
            if items:
                elements[tag] = Element("SQ", write_items(items), Encoding(implicit))
        return write_elements(elements, implicit=implicit)


class Reports:
    """Outcomes that wait for the next association of the AE title that asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Outcome]] = {}

    def keep(self, ae_title: str, outcome: Outcome) -> None:
        """Keep one until it can be told; of too many the oldest goes."""
        with self._lock:
            waiting = self._waiting.setdefault(ae_title, [])
            waiting.append(outcome)
            del waiting[:-_MOST_REPORTS]

    def take(self, ae_title: str) -> list[Outcome]:
        """What is to be told to that AE title now."""
        with self._lock:
            return self._waiting.pop(ae_title, [])


def tell_later(desk: Desk, association: Association) -> None:
    """Tell what waits for this peer, if it has the service on this association (PS3.4 J.3.3)."""
    context_id = next(
        (
            one.id
            for one in association.contexts.values()
            if one.abstract_syntax == STORAGE_COMMITMENT
        ),
        None,
    )
    if context_id is None:
        return
    title = association.request.calling_ae_title
    waiting = desk.reports.take(title)
    try:
        while waiting:
            _tell_here(association, context_id, waiting[0])
            waiting.pop(0)
    finally:
        for outcome in waiting:
            desk.reports.keep(title, outcome)


def answer_commitment(desk: Desk, association: Association, message: Message) -> None:
    """Take the request, then tell the result: on this association, or on one of our own.

    A peer that releases instead of waiting is told on an association of our own, if the table of
    destinations has it.
    """
    context = association.contexts[message.context_id]
    if context.abstract_syntax != STORAGE_COMMITMENT or (
        number(message.command, CommandElement.ACTION_TYPE_ID) != _REQUEST_COMMITMENT
    ):
        association.respond(message, NO_SUCH_ACTION)
        return
    try:
        outcome = judge(desk, joined(message), encoding_of(context.transfer_syntax))
    except DamagedDatasetError as error:
        problem: Command = {CommandElement.ERROR_COMMENT: comment(error)}
        association.respond(message, INVALID_ARGUMENT_VALUE, problem)
        return
    association.respond(message, SUCCESS)
    if not desk.misbehaviour.reports():
        return
    title = association.request.calling_ae_title
    if desk.options.commitment == "later":
        desk.reports.keep(title, outcome)
        return
    destination = desk.options.destinations.get(title)
    if desk.options.commitment == "new" and destination is not None:
        desk.later(lambda: _tell_elsewhere(desk, title, destination, outcome))
        return
    try:
        _tell_here(association, message.context_id, outcome)
    except Released:
        if destination is not None:
            desk.later(lambda: _tell_elsewhere(desk, title, destination, outcome))
        raise


def judge(desk: Desk, data: bytes, encoding: Encoding) -> Outcome:
    """Look each referenced instance up. Raises DamagedDatasetError for a request that names none."""
    elements = read_elements(data, encoding)
    outcome = Outcome(_text(elements, _TRANSACTION_UID))
    referenced = elements.get(_REFERENCED)
    if not outcome.transaction_uid or referenced is None:
        raise DamagedDatasetError("Transaction UID or Referenced SOP Sequence is missing")
    for item in read_items(referenced):
        sop_class, instance = _text(item, _SOP_CLASS), _text(item, _SOP_INSTANCE)
        reason = _failure(desk, sop_class, instance)
        if reason is None:
            outcome.committed.append((sop_class, instance))
        else:
            outcome.failed.append((sop_class, instance, reason))
    return outcome


def _failure(desk: Desk, sop_class: str, instance: str) -> int | None:
    located = desk.archive.index.locate(instance)
    if located is None:
        return NO_SUCH_OBJECT_INSTANCE
    if located.sop_class_uid != sop_class:
        return CLASS_INSTANCE_CONFLICT
    return desk.misbehaviour.commit_failure()


def _text(elements: Elements, tag: int) -> str:
    element = elements.get(tag)
    return next(iter(texts(tag, element)), "") if element else ""


def _event(outcome: Outcome, message_id: int) -> dict[int, int | str]:
    return {
        CommandElement.AFFECTED_SOP_CLASS_UID: STORAGE_COMMITMENT,
        CommandElement.COMMAND_FIELD: Field.N_EVENT_REPORT_RQ,
        CommandElement.MESSAGE_ID: message_id,
        CommandElement.COMMAND_DATA_SET_TYPE: WITH_DATA_SET,
        CommandElement.AFFECTED_SOP_INSTANCE_UID: STORAGE_COMMITMENT_INSTANCE,
        CommandElement.EVENT_TYPE_ID: outcome.event_type,
    }


def _tell_here(association: Association, context_id: int, outcome: Outcome) -> None:
    implicit = encoding_of(association.contexts[context_id].transfer_syntax).implicit
    event = _event(outcome, _OUTGOING_MESSAGE_ID)
    association.send(context_id, event, [outcome.encode(implicit=implicit)])
    association.response(Field.N_EVENT_REPORT_RSP)


def _tell_elsewhere(desk: Desk, title: str, destination: Destination, outcome: Outcome) -> None:
    """Tell the result on an association of our own, as the SCP of the class (PS3.4 J.3.3.1.2)."""
    peer = Peer(
        host=destination.host,
        port=destination.port,
        ae_title=title,
        calling_ae_title=desk.ae_title,
        tls=destination.tls,
        identity=destination.identity,
    )
    proposals = [
        Proposal(abstract_syntax=STORAGE_COMMITMENT, transfer_syntaxes=(syntax,), scp=True)
        for syntax in PLAIN
    ]
    deadline = Deadline(None, desk.stopping)
    try:
        with outgoing.Association.open(peer, proposals, deadline) as association:
            context = association.context(STORAGE_COMMITMENT, "storage commitment")
            implicit = encoding_of(context.transfer_syntax or "").implicit
            message_id = association.next_message_id()
            data = outcome.encode(implicit=implicit)
            association.send(context.id, _event(outcome, message_id), [data])
            association.response(Field.N_EVENT_REPORT_RQ, message_id, context.id)
    except FabricatorError as error:
        LOGGER.warning("storage commitment to %s: %s", title, error)

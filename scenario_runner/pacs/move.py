"""C-MOVE answered: C-STORE sub-operations on an association of their own (PS3.4 C.4.2)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

from scenario_runner.archive.transcoding import TranscodingError, transcode
from scenario_runner.deadline import Deadline
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.dicom.sop_classes import MOVE
from scenario_runner.dicom.syntaxes import EXPLICIT_LE, IMPLICIT_LE, NATIVE
from scenario_runner.errors import FabricatorError
from scenario_runner.pacs.retrieve import UNABLE_TO_PROCESS, carry_out, requested
from scenario_runner.pacs.services import Desk, comment
from scenario_runner.ul import association as outgoing
from scenario_runner.ul.commands import WITH_DATA_SET, Element, Field, number, text
from scenario_runner.ul.peer import Peer
from scenario_runner.ul.requesting import MAX_CONTEXTS, Proposal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from scenario_runner.archive.index import Located
    from scenario_runner.pacs.association import Association, Message

LOGGER = logging.getLogger(__name__)

MOVE_DESTINATION_UNKNOWN = 0xA801
_MEDIUM_PRIORITY = 0


def answer_move(desk: Desk, association: Association, message: Message) -> None:
    """Send the instances to the destination of that AE title, if the table has it (else A801)."""
    title = text(message.command, Element.MOVE_DESTINATION)
    destination = desk.options.destinations.get(title)
    if destination is None:
        problem = comment(f"no destination is known as {title}")
        association.respond(message, MOVE_DESTINATION_UNKNOWN, {Element.ERROR_COMMENT: problem})
        return
    found = requested(desk, association, message, MOVE)
    if found is None:
        return
    peer = Peer(
        host=destination.host,
        port=destination.port,
        ae_title=title,
        calling_ae_title=desk.ae_title,
        tls=destination.tls,
        identity=destination.identity,
    )
    origin = (association.request.calling_ae_title, message.id)
    with Courier(desk, peer, found, origin) as courier:
        carry_out(desk, association, message, found, courier.send)


class Courier:
    """Brings instances to a destination over one association, opened when the first is due.

    A destination that cannot be reached, or is lost on the way, fails what is left to send.
    origin: AE title and message id of the C-MOVE request, which each C-STORE repeats (PS3.7 9.1.1.1).
    """

    def __init__(
        self, desk: Desk, peer: Peer, instances: Sequence[Located], origin: tuple[str, int]
    ) -> None:
        self._desk = desk
        self._peer = peer
        self._instances = instances
        self._origin = origin
        self._association: outgoing.Association | None = None
        self._lost = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._association is not None:
            self._association.__exit__(kind, error, trace)

    def send(self, instance: Located, message_id: int) -> int:
        """One C-STORE sub-operation; its status, or a failure when there was no answer."""
        if self._lost:
            return UNABLE_TO_PROCESS
        try:
            if self._association is None:
                self._association = outgoing.Association.open(
                    self._peer, _proposals(self._instances), Deadline(None, self._desk.stopping)
                )
            return self._store(self._association, instance, message_id)
        except FabricatorError as error:
            LOGGER.warning("C-MOVE to %s: %s", self._peer.ae_title, error)
            self._lost = True
        except (OSError, DamagedDatasetError, TranscodingError) as error:
            LOGGER.warning("C-MOVE of %s: %s", instance.sop_instance_uid, error)
        return UNABLE_TO_PROCESS

    def _store(self, association: outgoing.Association, instance: Located, message_id: int) -> int:
        context_id, syntax = _context(association, instance)
        stored = self._desk.archive.data(instance)
        kept = self._desk.misbehaviour.retrieved(instance, stored)
        data = transcode(kept, instance.transfer_syntax_uid, syntax)
        title, origin_id = self._origin
        association.send(
            context_id,
            {
                Element.AFFECTED_SOP_CLASS_UID: instance.sop_class_uid,
                Element.COMMAND_FIELD: Field.C_STORE_RQ,
                Element.MESSAGE_ID: message_id & 0xFFFF,
                Element.PRIORITY: _MEDIUM_PRIORITY,
                Element.COMMAND_DATA_SET_TYPE: WITH_DATA_SET,
                Element.AFFECTED_SOP_INSTANCE_UID: instance.sop_instance_uid,
                Element.MOVE_ORIGINATOR_AE_TITLE: title,
                Element.MOVE_ORIGINATOR_MESSAGE_ID: origin_id,
            },
            [memoryview(data)],
        )
        answer = association.response(Field.C_STORE_RQ, message_id & 0xFFFF, context_id)
        status = number(answer.command, Element.STATUS)
        assert status is not None, "a response without a status is refused by response()"
        return status


def _proposals(instances: Sequence[Located]) -> list[Proposal]:
    """A context for each SOP class and transfer syntax, and for plain Little Endian beside it."""
    pairs: dict[tuple[str, str], None] = {}
    for instance in instances:
        pairs[instance.sop_class_uid, instance.transfer_syntax_uid] = None
    for sop_class_uid, syntax in list(pairs):
        if syntax in NATIVE:
            pairs.update(dict.fromkeys((sop_class_uid, other) for other in _PLAIN))
    return [
        Proposal(abstract_syntax=sop_class_uid, transfer_syntaxes=(syntax,))
        for sop_class_uid, syntax in list(pairs)[:MAX_CONTEXTS]
    ]


_PLAIN = (EXPLICIT_LE, IMPLICIT_LE)


def _context(association: outgoing.Association, instance: Located) -> tuple[int, str]:
    """Context and transfer syntax to send in: as stored if accepted. Raises TranscodingError."""
    usable = {
        context.transfer_syntax: context.id
        for context in association.evidence.contexts
        if context.accepted and context.abstract_syntax == instance.sop_class_uid
    }
    wanted = [instance.transfer_syntax_uid]
    if instance.transfer_syntax_uid in NATIVE:
        wanted += _PLAIN
    for syntax in wanted:
        if syntax in usable:
            return usable[syntax], syntax
    raise TranscodingError("the destination accepts no presentation context for it")

"""C-MOVE answered: C-STORE sub-operations on associations of their own (PS3.4 C.4.2)."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Self

from scenario_runner.archive.transcoding import TranscodingError
from scenario_runner.deadline import Deadline
from scenario_runner.dicom import statuses
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.dicom.sop_classes import MOVE
from scenario_runner.dicom.syntaxes import PLAIN
from scenario_runner.errors import FabricatorError
from scenario_runner.pacs.desk import Desk, comment
from scenario_runner.pacs.retrieve import carry_out, encoded, requested, store
from scenario_runner.ul.association import Association
from scenario_runner.ul.commands import Command, Element, number, text
from scenario_runner.ul.contexts import MAX_CONTEXTS, Proposal
from scenario_runner.ul.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from types import TracebackType

    from scenario_runner.archive.index import Located
    from scenario_runner.pacs.association import Served
    from scenario_runner.ul.messages import Message

LOGGER = logging.getLogger(__name__)


def answer_move(desk: Desk, association: Served, message: Message) -> None:
    """Send the instances to the destination of that AE title, if the table has it (else A801)."""
    title = text(message.command, Element.MOVE_DESTINATION)
    destination = desk.options.destinations.get(title)
    if destination is None:
        problem = comment(f"no destination is known as {title}")
        association.respond(
            message, statuses.MOVE_DESTINATION_UNKNOWN, {Element.ERROR_COMMENT: problem}
        )
        return
    found = requested(desk, association, message, MOVE)
    if found is None:
        return
    peer = destination.peer(title, desk.ae_title)
    repeated: Command = {
        Element.PRIORITY: number(message.command, Element.PRIORITY) or 0,
        Element.MOVE_ORIGINATOR_AE_TITLE: association.calling_ae_title,
        Element.MOVE_ORIGINATOR_MESSAGE_ID: message.id,
    }
    parts = _parts(found)
    with Courier(desk, peer, parts, repeated) as courier:
        together = [instance for part in parts for instance in part]
        carry_out(desk, association, message, together, courier.send)


class Courier:
    """Brings instances to a destination, each part of them over one association, opened when its first is due.

    A destination that cannot be reached, or is lost on the way, fails what is left to send.
    repeated: what each C-STORE repeats of the C-MOVE request: its priority, who asked and in which
    message (PS3.4 C.4.2.1.2, PS3.7 9.1.1.1).
    """

    def __init__(
        self, desk: Desk, peer: Peer, parts: Sequence[Sequence[Located]], repeated: Command
    ) -> None:
        self._desk = desk
        self._peer = peer
        self._parts = {one.sop_class_uid: part for part in parts for one in part}
        self._repeated = repeated
        self._open = ExitStack()
        self._association: Association | None = None
        self._part: Sequence[Located] = ()
        self._lost = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def send(self, instance: Located) -> int:
        """One C-STORE sub-operation; its status, or a failure when there was no answer."""
        if self._lost:
            return statuses.UNABLE_TO_PROCESS
        try:
            return self._store(self._association_for(instance), instance)
        except FabricatorError as error:
            LOGGER.warning("C-MOVE to %s: %s", self._peer.ae_title, error)
            self._lost = True
        except (OSError, DamagedDatasetError, TranscodingError) as error:
            LOGGER.warning("C-MOVE of %s: %s", instance.sop_instance_uid, error)
        return statuses.UNABLE_TO_PROCESS

    def _association_for(self, instance: Located) -> Association:
        part = self._parts[instance.sop_class_uid]
        if self._association is None or part is not self._part:
            self._open.close()
            self._part = part
            self._association = self._open.enter_context(
                Association.open(self._peer, _proposals(part), Deadline(None, self._desk.stopping))
            )
        return self._association

    def _store(self, association: Association, instance: Located) -> int:
        context_id, syntax = _context(association, instance)
        data = encoded(self._desk, instance, syntax)
        return store(association, context_id, instance, data, self._repeated)


def _parts(instances: Sequence[Located]) -> list[list[Located]]:
    """The instances in as few parts as 128 presentation contexts ask for, a SOP class in one of them."""
    of_class: dict[str, list[Located]] = {}
    for one in instances:
        of_class.setdefault(one.sop_class_uid, []).append(one)
    parts: list[list[Located]] = []
    left = 0
    for alike in of_class.values():
        needed = len(_pairs(alike))
        if needed > left:
            parts.append([])
            left = MAX_CONTEXTS
        parts[-1] += alike
        left -= needed
    return [list(instances)] if len(parts) == 1 else parts


def _proposals(instances: Sequence[Located]) -> list[Proposal]:
    """A context for each SOP class and transfer syntax, and beside them for what anybody takes.

    Of a single class with more transfer syntaxes than that the first: private ones may be stored, too.
    """
    return [
        Proposal(abstract_syntax=sop_class_uid, transfer_syntaxes=(syntax,))
        for sop_class_uid, syntax in islice(_pairs(instances), MAX_CONTEXTS)
    ]


def _pairs(instances: Sequence[Located]) -> Collection[tuple[str, str]]:
    stored = [(one.sop_class_uid, one.transfer_syntax_uid) for one in instances]
    plain = [(sop_class_uid, syntax) for sop_class_uid, _ in stored for syntax in PLAIN]
    return dict.fromkeys([*stored, *plain])


def _context(association: Association, instance: Located) -> tuple[int, str]:
    """Context and transfer syntax to send in: as stored if accepted. Raises TranscodingError."""
    usable = {
        context.transfer_syntax: context.id
        for context in association.contexts.values()
        if context.abstract_syntax == instance.sop_class_uid
    }
    for syntax in (instance.transfer_syntax_uid, *PLAIN):
        if syntax in usable:
            return usable[syntax], syntax
    raise TranscodingError("the destination accepts no presentation context for it")

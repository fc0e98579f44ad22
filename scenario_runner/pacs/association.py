"""An association that the PACS serves, and what faults make of its answers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from scenario_runner.dicom import statuses
from scenario_runner.ul.association import Association
from scenario_runner.ul.commands import Command, Element

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.evidence import AssociationEvidence
    from scenario_runner.ul.messages import Message
    from scenario_runner.ul.pdu import Buffer
    from scenario_runner.ul.peer import Peer
    from scenario_runner.ul.transport import Transport

_TOGETHER = 128
"""Buffers of messages that go together: four to a small one, so some thirty messages."""


class Served(Association):
    """One accepted association. Used by one thread."""

    def __init__(
        self,
        peer: Peer,
        transport: Transport,
        evidence: AssociationEvidence,
        deadline: Deadline,
        *,
        requestor: bool,
    ) -> None:
        super().__init__(peer, transport, evidence, deadline, requestor=requestor)
        self.answers: Counter[str] = Counter()
        """How many requests of each operation have come, for faults."""
        self.success = (0, "")
        """Status and comment that success is answered with; another one is a fault."""
        self._waiting: list[Buffer] = []
        self._more = False

    @property
    def calling_ae_title(self) -> str:
        """Who asked for the association."""
        return self.evidence.calling_ae_title

    def respond(
        self,
        to: Message,
        status: int,
        elements: Command | None = None,
        data: Sequence[Buffer] | None = None,
        *,
        more: bool = False,
    ) -> None:
        """Send the response to a request; success may be said in other words.

        more: another response follows at once, so this one may wait and go with it.
        """
        if status == statuses.SUCCESS:
            status, comment = self.success
            if comment:
                elements = {Element.ERROR_COMMENT: comment, **(elements or {})}
        self._more = more
        super().respond(to, status, elements, data)

    def send_pieces(self, pieces: Sequence[Buffer]) -> None:
        """Send one message, and before it those that waited."""
        self._waiting += pieces
        if self._more and len(self._waiting) < _TOGETHER:
            return
        pieces, self._waiting, self._more = self._waiting, [], False
        super().send_pieces(pieces)

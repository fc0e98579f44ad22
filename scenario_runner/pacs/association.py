"""An association that the PACS serves, and what faults make of its answers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from scenario_runner.dicom import statuses
from scenario_runner.ul.association import Association, response_to
from scenario_runner.ul.commands import Command, Element

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.evidence import AssociationEvidence
    from scenario_runner.ul.messages import Message
    from scenario_runner.ul.pdu import Buffer
    from scenario_runner.ul.peer import Peer
    from scenario_runner.ul.transport import Transport

_FIRST, _MOST = 1 << 10, 1 << 16
"""Bytes of answers that are handed to the system together: few to begin with, that the peer has something to read.

Each time that a thread does so others may go first, so that it takes longer the more often it is done.
"""


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
        """Whole messages that go with the next one."""

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
    ) -> None:
        """Send the response to a request; success may be said in other words."""
        if status == statuses.SUCCESS:
            status, comment = self.success
            if comment:
                elements = {Element.ERROR_COMMENT: comment, **(elements or {})}
        super().respond(to, status, elements, data)

    def respond_with_each(self, to: Message, status: int, data: Iterable[bytes]) -> bool:
        """Send a response for each data set, as ``respond`` does; False when a C-CANCEL has ended it.

        For thousands of small ones: they go together, the last of them with the final response, which is to follow
        at once. They are not told in other words.
        """
        alike = self.alike(to.context_id, response_to(to, status))
        size, enough = 0, _FIRST
        for one in data:
            message = alike.message(one)
            self._waiting.append(message)
            size += len(message)
            if size >= enough:
                if self.is_cancelled(to.id):
                    self._waiting.clear()
                    return False
                self.send_pieces([])
                size, enough = 0, min(2 * enough, _MOST)
        return True

    def send_pieces(self, pieces: Sequence[Buffer]) -> None:
        """Send one message, and before it those that waited."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            pieces = [b"".join(waiting), *pieces]
        super().send_pieces(pieces)

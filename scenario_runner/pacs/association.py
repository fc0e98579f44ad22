"""An association that the PACS serves, and what faults make of its answers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

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
        if status == 0:
            status, comment = self.success
            if comment:
                elements = {Element.ERROR_COMMENT: comment, **(elements or {})}
        super().respond(to, status, elements, data)

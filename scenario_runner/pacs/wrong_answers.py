"""The RIS side of the embedded PACS gone wrong on purpose: what it answers to HL7 v2 messages then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Final

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.orders.mllp.acknowledging import acknowledgement
from scenario_runner.orders.mllp.framing import framed
from scenario_runner.orders.mllp.listener import Answer

if TYPE_CHECKING:
    from scenario_runner.pacs.misbehaviour import Misbehaviour

_REFUSALS: Final = {"error": "AE", "reject": "AR"}


@dataclass(slots=True)
class WrongAnswers:
    """Answers as the faults that are on want it, and else as ``right`` does.

    What a message asks for is done all the same, unless it is refused or nothing is answered at all.
    """

    right: Callable[[bytes, str], Answer]
    misbehaving: Callable[[], Misbehaviour]
    heard: Callable[[bytes, str, Answer], object] | None = None
    """Told of each message and of what it was answered."""
    _counted: Counter[str] = field(default_factory=Counter)

    def __call__(self, data: bytes, address: str) -> Answer:
        """Answer one message."""
        said = self._answer(data, address)
        if self.heard is not None:
            self.heard(data, address, said)
        return said

    def _answer(self, data: bytes, address: str) -> Answer:
        wrong = self.misbehaving()
        if not wrong.faults:
            return self.right(data, address)
        fate = wrong.fate("hl7", self._counted)
        if fate is not None:
            return Answer(hang_up=fate != "hang")
        how = wrong.acknowledgement()
        if how is None:
            return self.right(data, address)
        try:
            message = Message.read(data, address)
        except Hl7Error:
            return self.right(data, address)
        if how in _REFUSALS:
            return Answer([acknowledgement(message, _REFUSALS[how], "refused on purpose")])
        blocks = self.right(data, address).blocks
        if how == "twice":
            return Answer([*blocks, *blocks])
        if how == "cut":
            whole = framed(blocks[0])
            return Answer(raw=whole[: len(whole) // 2], hang_up=True)
        other = f"{message.control_id[:12]}-OTHER"
        return Answer([acknowledgement(message, "AA", control_id=other)])

"""A field as it is written, and what its parts say (HL7 v2.5.1 2.5.3, 2.5.4)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from scenario_runner.orders.hl7.delimiters import Delimiters
from scenario_runner.orders.hl7.escapes import unescape

CLEAR: Final = '""'
"""A value that tells the receiver to delete what it has (2.5.3), where absence leaves it."""
MOST_REPETITIONS: Final = 100
"""Of a field that is read as a list: a patient has a handful of numbers and names."""
UNDIVIDED: Final = Delimiters("", "", "", "", "", "")
"""Of text that has no parts, such as MSH-2."""


class Field(NamedTuple):
    """One field of a segment. raw: as it is written. codec: in which bytes of escape sequences are read."""

    raw: str
    marks: Delimiters
    codec: str

    def written(self, component: int = 0, subcomponent: int = 0, repetition: int = 1) -> str:
        """What stands at a place, escape sequences and all; numbers start at 1, and 0 is the whole."""
        text, marks, _ = self
        if repetition > 1 or marks.repetition in text:
            text = _part(text, marks.repetition, repetition)
        if component:
            text = _part(text, marks.component, component)
        return _part(text, marks.subcomponent, subcomponent) if subcomponent else text

    def part(self, component: int = 0, subcomponent: int = 0, repetition: int = 1) -> str:
        """What a place says, as text; what has parts itself is left as it is written."""
        text, marks, codec = self
        if text.isalnum():  # which no delimiter is
            return text if component < 2 and subcomponent < 2 and repetition < 2 else ""
        text = self.written(component, subcomponent, repetition)
        if not marks.escape or marks.escape not in text:
            return text
        inner = marks.subcomponent if component else marks.component
        if inner and inner in text and not subcomponent:
            return text
        return unescape(text, marks, codec)

    def components(self, count: int, repetition: int = 1) -> list[str]:
        """The first components, as ``part`` has each."""
        raw, marks, _ = self
        if marks.escape and marks.escape in raw:
            return [self.part(number, 0, repetition) for number in range(1, count + 1)]
        text = raw
        if repetition > 1 or marks.repetition in raw:
            text = _part(raw, marks.repetition, repetition)
        parts = text.split(marks.component, count)[:count] if marks.component else [text]
        return parts if len(parts) == count else [*parts, *[""] * (count - len(parts))]

    @property
    def simple(self) -> bool:
        """Whether its components are what they say: printable, not repeated, divided, escaped or cleared."""
        raw, marks, _ = self
        return raw.isprintable() and not (
            marks.escape in raw
            or marks.repetition in raw
            or marks.subcomponent in raw
            or CLEAR in raw
        )

    @property
    def repetitions(self) -> int:
        """How often it is repeated; 0 when it is empty. Of very many, as many as are read."""
        raw, marks, _ = self
        if not raw:
            return 0
        found = raw.count(marks.repetition) + 1 if marks.repetition else 1
        return min(found, MOST_REPETITIONS)


field_of: Final[Callable[[tuple[str, Delimiters, str]], Field]] = partial(tuple.__new__, Field)
"""A field of its raw text, marks and codec, in a third of the time: reading a message makes dozens."""


def _part(text: str, delimiter: str, number: int) -> str:
    if not delimiter or delimiter not in text:
        return text if number == 1 else ""
    parts = text.split(delimiter, number)
    return parts[number - 1] if number <= len(parts) else ""

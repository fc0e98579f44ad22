"""A message as a tree for people: segments, fields by name, components where there are several."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.hl7 import field_names
from scenario_runner.orders.hl7.field import CLEAR
from scenario_runner.orders.hl7.paths import Path

if TYPE_CHECKING:
    from scenario_runner.orders.hl7.message import Message, Segment


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value. depth: 0 a segment, 1 a field, 2 a component or repetition, 3 a subcomponent."""

    depth: int
    path: str
    name: str
    value: str


def leaves(message: Message) -> Iterator[Leaf]:
    """What is in a message, in order; empty fields are left out.

    A value that stands alone is a leaf of its own; of one with parts the parts follow it.
    """
    seen: dict[str, int] = {}
    for segment in message.segments:
        which = seen[segment.name] = seen.get(segment.name, 0) + 1
        at = Path(segment.name, which=which)
        yield Leaf(0, str(at), "", "")
        for number in range(1, len(segment.fields)):
            if segment.raw(number):
                yield from _field(message, segment, at._replace(field=number))


def _field(message: Message, segment: Segment, at: Path) -> Iterator[Leaf]:
    name = field_names.of_field(segment.name, at.field)
    if segment.name in ("MSH", "FHS", "BHS") and at.field <= 2:
        yield Leaf(1, str(at), name, segment.raw(at.field))
        return
    for repetition in range(1, message.repetitions(segment, at.field) + 1):
        one = at._replace(repetition=repetition)
        parts = _count(message, segment, one, message.delimiters.component)
        if parts < 2:
            yield Leaf(1, str(one), name, _value(message, segment, one))
            continue
        yield Leaf(1, str(one), name, "")
        for number in range(1, parts + 1):
            yield from _component(message, segment, one._replace(component=number))


def _component(message: Message, segment: Segment, at: Path) -> Iterator[Leaf]:
    name = field_names.of_component(segment.name, at.field, at.component)
    parts = _count(message, segment, at, message.delimiters.subcomponent)
    if parts < 2:
        value = _value(message, segment, at)
        if value:
            yield Leaf(2, str(at), name, value)
        return
    yield Leaf(2, str(at), name, "")
    for number in range(1, parts + 1):
        below = at._replace(subcomponent=number)
        if value := _value(message, segment, below):
            yield Leaf(3, str(below), "", value)


def _count(message: Message, segment: Segment, at: Path, delimiter: str) -> int:
    raw = message.field(segment, at).written(at.component, at.subcomponent, at.repetition)
    return raw.count(delimiter) + 1 if delimiter else 1


def _value(message: Message, segment: Segment, at: Path) -> str:
    value = message.value(segment, at)
    return "(cleared)" if value == CLEAR else value

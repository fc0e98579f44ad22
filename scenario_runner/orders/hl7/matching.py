"""Whether a message says what somebody looks for, path by path."""

from __future__ import annotations

from collections.abc import Mapping

from scenario_runner.orders.hl7.message import Message
from scenario_runner.orders.hl7.paths import parse_path


def values_at(message: Message, path: str) -> list[str]:
    """What a path says: of every segment of its name, unless the path says which (``OBR[2]-18``)."""
    wanted = parse_path(path)
    segments = message.all(wanted.segment)
    if "[" in path.partition("-")[0]:
        segments = segments[wanted.which - 1 : wanted.which]
    return [message.value(one, wanted) for one in segments]


def says(message: Message, path: str, expected: str | None) -> bool:
    """Whether a path says this text; None: whether it says nothing.

    Of a field with components the first ones will do: ``ORU^R01`` is MSH-9 of ``ORU^R01^ORU_R01``.
    """
    found = values_at(message, path)
    if expected is None:
        return not any(found)
    further = expected + message.delimiters.component
    return any(text == expected or text.startswith(further) for text in found)


def fits(message: Message, match: Mapping[str, str | None]) -> bool:
    """Whether it says all of it."""
    return all(says(message, path, expected) for path, expected in match.items())


def plain_message(message: Message) -> dict[str, object]:
    """A message as plain data: what it is, its text a segment a line, its segments' fields as written."""
    segments: dict[str, list[list[str]]] = {}
    for one in message.segments:
        segments.setdefault(one.name, []).append(list(one.fields))
    return {
        "kind": message.kind,
        "control_id": message.control_id,
        "message": "\n".join(message.lines),
        "segments": segments,
    }

"""Messages as text that people and templates see, a segment a line, and read again from that."""

from __future__ import annotations

from scenario_runner.orders.hl7 import characters
from scenario_runner.orders.hl7.delimiters import Delimiters
from scenario_runner.orders.hl7.message import Hl7Error, Message

_CHARACTER_SETS = 17


def message_text(data: bytes) -> str:
    """A message as text; what is none as it can be read."""
    try:
        return "\n".join(Message.read(data).lines)
    except Hl7Error:
        return data.decode("utf-8", "replace").replace("\r", "\n")


def message_of(text: str, name: str) -> Message:
    """A message from its text, whatever character set it declares: its letters are letters already.

    Raises Hl7Error.
    """
    lines = [line for line in text.replace("\r", "\n").split("\n") if line.strip()]
    data = "\r".join(lines).encode()
    try:
        marks = Delimiters.of(lines[0] if lines and lines[0].startswith("MSH") else "")
    except ValueError:
        return Message.read(data, name)
    fields = lines[0].split(marks.field)
    declared = fields[_CHARACTER_SETS] if len(fields) > _CHARACTER_SETS else ""
    terms = declared.split(marks.repetition) if marks.repetition and declared else [declared]
    return Message(data, name, marks, characters.codec_of(terms) or "utf-8", lines)

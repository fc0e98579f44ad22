"""Acknowledgements as a receiver writes them (HL7 v2.5.1 2.9.2, 2.14)."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Final

from scenario_runner.orders.hl7.delimiters import USUAL
from scenario_runner.orders.hl7.escapes import escape
from scenario_runner.orders.hl7.message import Message
from scenario_runner.orders.hl7.paths import parse_path

_NUMBERS: Final = itertools.count(1)
_RESPONSES: Final = {"ORM": "ORR^O02", "OMG": "ORG^O20", "OMI": "ORI^O24"}
"""What an order message is answered with; anything else with a general acknowledgement."""
_CONDITIONS: Final = {"AA": "0", "CA": "0", "AE": "207", "CE": "207", "AR": "200", "CR": "200"}
"""MSA-6 and ERR-3 by HL7 table 0357: accepted, application internal error, unsupported message type."""


def acknowledgement(
    message: Message,
    code: str,
    text: str = "",
    *,
    control_id: str | None = None,
    path: str = "",
    condition: str = "",
) -> bytes:
    """An ACK, or the response of an order message, in the character set of the message.

    code: of HL7 table 0008. text: for MSA-3 and, where it is an error, ERR-8. control_id: another one
    than the message's, for a receiver that is wrong on purpose. path: the field that is at fault, ERR-2. condition: of table 0357, ERR-3; by default as the code has it.
    """
    marks = message.delimiters
    fields = message.lines[0].split(marks.field)
    header = [*fields, *[""] * 20]
    trigger = message.text("MSH-9.2")
    kind = _RESPONSES.get(message.text("MSH-9.1"), f"ACK^{trigger}" if trigger else "ACK")
    if code in ("CA", "CE", "CR"):
        kind = "ACK"
    now = dt.datetime.now().astimezone()
    number = f"{now:%Y%m%d%H%M%S}{next(_NUMBERS):06d}"
    msh = [
        "MSH", marks.encoding_characters, header[4], header[5], header[2], header[3],
        f"{now:%Y%m%d%H%M%S%z}", "", kind.replace("^", marks.component), number, header[10] or "P",
        header[11] or "2.5.1", "", "", "", "", "", header[17],
    ]  # fmt: skip
    said = escape(text, marks)
    msa = ["MSA", code, message.control_id if control_id is None else control_id, said]
    segments = [
        marks.field.join(msh).rstrip(marks.field),
        marks.field.join(msa).rstrip(marks.field),
    ]
    if code not in ("AA", "CA"):
        place = marks.component.join(_location(path)) if path else ""
        err = ["ERR", "", place, condition or _CONDITIONS.get(code, "207"), "E", "", "", "", said]
        segments.append(marks.field.join(err).rstrip(marks.field))
    return _encoded("\r".join([*segments, ""]), message.codec)


def _location(path: str) -> list[str]:
    """ERL: segment, which of its name, field, repetition, component, subcomponent."""
    at = parse_path(path)
    numbers = [at.which, at.field, at.repetition, at.component, at.subcomponent]
    while numbers and not numbers[-1]:
        numbers.pop()
    return [at.segment, *map(str, numbers)]


def unreadable(text: str) -> bytes:
    """The acknowledgement of bytes that are no message: nobody knows whose, so MSA-2 is empty."""
    now = dt.datetime.now().astimezone()
    stamp = f"{now:%Y%m%d%H%M%S%z}"
    said = escape(text, USUAL)
    lines = (f"MSH|^~\\&|||||{stamp}||ACK|{next(_NUMBERS)}|P|2.5.1", f"MSA|AR||{said}", "")
    return "\r".join(lines).encode("ascii", "replace")


def _encoded(text: str, codec: str) -> bytes:
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        return text.encode(codec, "replace")

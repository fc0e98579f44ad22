"""One value of a message changed, everything else left byte for byte as it is."""

from __future__ import annotations

from typing import Final

from scenario_runner.errors import Advised
from scenario_runner.orders.hl7.characters import JAPANESE, codec_of, term_of
from scenario_runner.orders.hl7.escapes import escape
from scenario_runner.orders.hl7.field import CLEAR
from scenario_runner.orders.hl7.message import Message
from scenario_runner.orders.hl7.paths import Path, parse_path

_SUPPLEMENT: Final = b"\x1b$(D"
"""Designates JIS X 0212 (ISO IR159)."""


def with_values(data: bytes, values: dict[str, str | None]) -> bytes:
    """A message in which these paths have these values; None empties one.

    A path may lie beyond the end of its segment, or in a segment that is not there yet, which is added at
    the end. Text is escaped; ``""``, which clears, is written as it is. A new MSH-18 is what the message is
    written in. Raises ValueError for what is no path, MSH-1 or MSH-2, a whole segment, and text that the
    character set lacks.
    """
    message = Message.read(data)
    lines = list(message.lines)
    for name, value in values.items():
        path = parse_path(name)
        if not path.field or (path.segment == "MSH" and path.field <= 2):
            raise Advised(f"'{name}' cannot be set", "name a field, such as PID-5.1")
        lines = _with_value(message, lines, path, value)
    return encoded("\r".join([*lines, ""]), message.delimiters.field)


def encoded(text: str, separator: str) -> bytes:
    """A message in the character set that its MSH-18 declares. Raises ValueError."""
    header = text.partition("\r")[0].split(separator)
    declared = header[17] if len(header) > 17 else ""
    terms = declared.split("~") if declared else [""]
    codec = codec_of(terms)
    if codec is None:
        raise ValueError(f"MSH-18 '{declared}' is no character set of HL7 table 0211")
    try:
        data = text.encode(codec)
    except UnicodeEncodeError as error:
        lacking = text[error.start : error.end]
    else:
        if codec != JAPANESE or _SUPPLEMENT not in data or "ISO IR159" in map(term_of, terms):
            return data
        # The codec knows the escape sequences of all sets, declared or not.
        lacking = next((one for one in text if _SUPPLEMENT in one.encode(codec)), "\x1b")
    raise ValueError(f"{declared or 'ASCII'}, which MSH-18 declares, has no '{lacking}'")


def _with_value(message: Message, lines: list[str], path: Path, value: str | None) -> list[str]:
    at = [number for number, line in enumerate(lines) if line[:3] == path.segment]
    while len(at) < path.which:
        at.append(len(lines))
        lines = [*lines, path.segment]
    number = at[path.which - 1]
    marks = message.delimiters
    fields = lines[number].split(marks.field)
    index = path.field - (1 if path.segment in ("MSH", "FHS", "BHS") else 0)
    fields += [""] * (index + 1 - len(fields))
    new = "" if value is None else value if value == CLEAR else escape(value, marks)
    fields[index] = _put(
        fields[index],
        [
            (marks.repetition, path.repetition),
            (marks.component, path.component),
            (marks.subcomponent, path.subcomponent),
        ],
        new,
    )
    return [*lines[:number], marks.field.join(fields), *lines[number + 1 :]]


def _put(text: str, steps: list[tuple[str, int]], new: str) -> str:
    """The text with its part at these steps, delimiter and number, replaced; 0 is the whole of it."""
    if not any(number for _, number in steps):
        return new
    (delimiter, number), rest = steps[0], steps[1:]
    if not delimiter:
        if number > 1:
            raise ValueError("the message declares no delimiter for that part")
        return _put(text, rest, new)
    parts = text.split(delimiter)
    parts += [""] * (number - len(parts))
    parts[number - 1] = _put(parts[number - 1], rest, new)
    return delimiter.join(parts)

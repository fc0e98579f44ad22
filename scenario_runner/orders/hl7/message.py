"""A message as it came: its bytes kept, divided when somebody asks (HL7 v2.5.1 2.5 to 2.10).

What is unusual and yet clear is read, and listed in ``remarks``; what cannot be read is an
``Hl7Error`` that says segment, field and component.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property, lru_cache, partial
from typing import Final, NamedTuple

from scenario_runner.errors import Diagnostic, InvalidInput, Where
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.hl7 import characters
from scenario_runner.orders.hl7.delimiters import Delimiters
from scenario_runner.orders.hl7.field import MOST_REPETITIONS, UNDIVIDED, Field, field_of
from scenario_runner.orders.hl7.paths import Path, parse_path
from scenario_runner.orders.hl7.run_together import run_together

MAX_BYTES: Final = 16 * 1024 * 1024
"""Of one message; orders have a few kilobytes, reports with a PDF inside some megabytes."""
MAX_SEGMENTS: Final = 20_000
_MOST_FIELDS: Final = 1000
"""Of a segment, its name among them; the longest of the Standard have some ninety."""
_ONLY_EVENTS: Final = {"ORM": "O01", "ORU": "R01"}
"""Message codes that feeds of version 2.2 write alone, for they had one trigger event."""
_KIND: Final = Path("MSH", 9)
_LONGEST_KIND: Final = 40
"""Characters; what shorter ones say is remembered."""
_ENDS: Final = re.compile(rb"\r\n|\r|\n")
_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{2}", re.ASCII)
_USUAL_NAMES: Final = frozenset(("PID", "PV1", "ORC", "OBR", "OBX", "NTE", "MSH"))
_HEADERS: Final = ("MSH", "FHS", "BHS")


class Hl7Error(InvalidInput):
    """A message that cannot be read or used. path: the place in it, where one is known."""

    def __init__(
        self, message: str, where: Where, *, hint: str | None = None, code: str = "FAB501"
    ) -> None:
        super().__init__([Diagnostic(code, where, message, hint)])


class Segment(NamedTuple):
    """One segment. line: which of the message, from 1. fields: as written; number 0 is the name.

    Of a header field 1 is the field separator itself and 2 the encoding characters (2.14.9.1), so
    numbers are the Standard's.
    """

    name: str
    fields: tuple[str, ...]
    line: int

    def raw(self, number: int) -> str:
        """A field as it is written, escapes and all; empty where the segment ends before it."""
        return self.fields[number] if number < len(self.fields) else ""


_segment: Final[Callable[[tuple[str, tuple[str, ...], int]], Segment]] = partial(
    tuple.__new__, Segment
)
"""A segment in a third of the time."""


@dataclass
class Message:
    """One message. name: what it is called in diagnostics, a file or a peer."""

    data: bytes
    name: str
    delimiters: Delimiters
    codec: str
    lines: Sequence[str]
    """A segment each, decoded, as they came."""
    remarks: list[str] = field(default_factory=list)
    """What was taken though it is not as the Standard has it."""
    first_line: int = 1
    """Of the message within its file."""
    _segments: Sequence[Segment] | None = None
    _named: Mapping[str, Sequence[Segment]] | None = None
    _kind: str | None = None

    @classmethod
    def read(cls, data: bytes, name: str = "message", first_line: int = 1) -> Message:
        """Read a message; segments may end with CR, LF or both. Raises Hl7Error."""
        return _read(data, name, first_line)

    @property
    def segments(self) -> Sequence[Segment]:
        """All segments in order, those of unknown names too. Raises Hl7Error for what is none."""
        if self._segments is None:
            self._segments = self._divided()
        return self._segments

    def _divided(self) -> Sequence[Segment]:
        separator = self.delimiters.field
        found: list[Segment] = []
        for number, line in enumerate(self.lines, start=1):
            fields = line.split(separator, _MOST_FIELDS)
            name = fields[0]
            if len(fields) > _MOST_FIELDS:
                del fields[-1]
                told = f"of {name} the first {_MOST_FIELDS - 1} fields are read"
                if told not in self.remarks:
                    self.remarks.append(told)
            if name not in _USUAL_NAMES and not _NAME.fullmatch(name):
                raise Hl7Error(
                    f"line {number} is no segment: it begins with {_shown(line)}",
                    self.where_line(number),
                    hint=f"a segment begins with three letters or digits and '{separator}'; "
                    "a line break within a value is written as an escape sequence (\\.br\\)",
                )
            if name in _HEADERS:
                fields.insert(1, separator)
            found.append(_segment((name, tuple(fields), number)))
        return found

    def let_go(self) -> None:
        """Keep the text alone: whoever asks for segments again has them divided again.

        Orders by the thousand are kept with their messages, for the places of what they say.
        """
        self._segments = self._named = None

    def all(self, name: str) -> Sequence[Segment]:
        """Every segment of a name, in order."""
        return self._by_name.get(name, ())

    @property
    def _by_name(self) -> Mapping[str, Sequence[Segment]]:
        if self._named is None:
            self._named = by_name(self.segments)
        return self._named

    def text(self, path: str | Path) -> str:
        """What a path says, unescaped; empty where there is nothing.

        A path to a whole field or component gives it as written, with its delimiters, when it has
        parts, and else as text. Raises ValueError for what is no path.
        """
        wanted = parse_path(path) if isinstance(path, str) else path
        segments = self._by_name.get(wanted.segment, ())
        if len(segments) < wanted.which:
            return ""
        return self.value(segments[wanted.which - 1], wanted)

    def field(self, segment: Segment, path: Path) -> Field:
        """The field that a path names within one segment, whatever ``path.which`` is."""
        number = path.field
        if not number or (number <= 2 and segment.name in _HEADERS):
            whole = segment.raw(number) if number else self.lines[segment.line - 1]
            return Field(whole, UNDIVIDED, self.codec)
        fields = segment.fields
        raw = fields[number] if number < len(fields) else ""
        return field_of((raw, self.delimiters, self.codec))

    def value(self, segment: Segment, path: Path) -> str:
        """What a path says within one segment, whatever ``path.which`` is."""
        return self.field(segment, path).part(path.component, path.subcomponent, path.repetition)

    def repetitions(self, segment: Segment, number: int) -> int:
        """How often a field is repeated; 0 when it is empty. Of very many, as many as are read."""
        raw, mark = segment.raw(number), self.delimiters.repetition
        if mark and raw.count(mark) >= MOST_REPETITIONS:
            told = f"of {segment.name}-{number} the first {MOST_REPETITIONS} repetitions are read"
            if told not in self.remarks:
                self.remarks.append(told)
        return Field(raw, self.delimiters, self.codec).repetitions

    @property
    def control_id(self) -> str:
        """MSH-10."""
        return self.text("MSH-10")

    @property
    def kind(self) -> str:
        """``ORM^O01``: MSH-9, message code and trigger event."""
        if self._kind is None:
            written = self.field(self.segments[0], _KIND)
            short = len(written.raw) < _LONGEST_KIND
            self._kind = _kind(written) if short else _kind.__wrapped__(written)
        return self._kind

    @property
    def version(self) -> str:
        """MSH-12, the version ID."""
        return self.text("MSH-12.1")

    def where(self, path: Path | str, segment: Segment | None = None) -> Where:
        """The place of a value: ``message 4711, OBR-3``, with its line and column in the file."""
        wanted = parse_path(path) if isinstance(path, str) else path
        if segment is None:
            found = self.all(wanted.segment)
            segment = found[wanted.which - 1] if len(found) >= wanted.which else None
        if segment is None:
            return self.where_line(1, str(wanted))
        before = 0
        if wanted.field:
            parts = segment.fields[: wanted.field]
            before = sum(map(len, parts)) + len(parts)
            if segment.name in _HEADERS:
                before -= 2 if wanted.field > 1 else 1
        return self.where_line(
            segment.line, str(wanted), before + 1, len(segment.raw(wanted.field))
        )

    def where_in(self, path: Path, line: int) -> Where:
        """The place of a value in the segment of that line of the message, whatever ``path.which`` is."""
        return self.where(path, self.segments[line - 1])

    def where_line(self, number: int, path: str = "", column: int = 1, length: int = 0) -> Where:
        """The place of a segment, by its number in the message."""
        label = ", ".join(part for part in (self.label, path) if part)
        line = self.first_line + number - 1
        text = self.lines[number - 1] if number <= len(self.lines) else None
        return Where(
            self.name, line, column, line, column + max(1, length), path, label=label, text=text
        )

    def run_together(self) -> str | None:
        """The hint for a message whose segments lost their line ends; None where none did."""
        return run_together(self.lines, self.delimiters.field, self.first_line)

    @cached_property
    def label(self) -> str:
        """``message 4711``, or the file where it has no control ID."""
        header = self.lines[0].split(self.delimiters.field, 10) if self.lines else []
        control = header[9] if len(header) > 9 else ""
        return f"message {control}" if control else self.name


def by_name(segments: Iterable[Segment]) -> dict[str, list[Segment]]:
    """Segments by what they are called, each list in order."""
    found: dict[str, list[Segment]] = {}
    for one in segments:
        name = one.name
        if name in found:
            found[name].append(one)
        else:
            found[name] = [one]
    return found


def _split(text: str, delimiter: str) -> list[str]:
    return text.split(delimiter) if delimiter else [text]


@lru_cache(maxsize=64)
def _kind(written: Field) -> str:
    code, event = map(str.upper, written.components(2))
    event = event or _ONLY_EVENTS.get(code, "")
    return f"{code}^{event}" if event else code


def _shown(line: str) -> str:
    start = line[:20]
    return f"{start!r}" + ("…" if len(line) > len(start) else "")


def _read(data: bytes, name: str, first_line: int) -> Message:
    here = Where(name, first_line, 1, first_line, 2, label=name)
    if len(data) > MAX_BYTES:
        raise too_large(len(data), here)
    if (wide := characters.is_wide(data)) is not None:
        try:
            data = data.decode(wide).removeprefix("\ufeff").encode("utf-8")
        except UnicodeDecodeError as error:
            raise Hl7Error(f"it cannot be read as {wide.upper()}: {error.reason}", here) from None
    whole = characters.without_mark(data)
    divided = _ENDS.split(whole) if b"\n" in whole else whole.split(b"\r")
    raw = [line for line in divided if line.strip(b" \t\0\x1a")]
    if not raw or not raw[0].startswith(b"MSH"):
        raise Hl7Error(_no_header(raw), here, hint="a message begins with MSH|^~\\&|")
    if len(raw) > MAX_SEGMENTS:
        raise Hl7Error(f"a message has {MAX_SEGMENTS} segments at most; this has {len(raw)}", here)
    header = raw[0].decode("iso8859-1")
    try:
        delimiters = Delimiters.of(header)
    except ValueError as error:
        raise Hl7Error(f"MSH-2 cannot be used: {error}", here) from None
    declared = characters.header_fields(raw[0], delimiters.field)
    if len(declared) < 9 or not declared[8]:
        raise Hl7Error(
            "MSH-9 is missing, so nobody can tell what the message is",
            here,
            hint="MSH-9 is the message type, such as ORM^O01",
        )
    remarks: list[str] = []
    lines, codec = _decoded(raw, declared, delimiters, name, first_line, wide, remarks)
    return Message(data, name, delimiters, codec, lines, remarks, first_line)


def too_large(size: int, where: Where) -> Hl7Error:
    """The error of a message of so many bytes."""
    return Hl7Error(f"a message has {MAX_BYTES // 2**20} MiB at most; this has {size} bytes", where)


def _no_header(raw: Sequence[bytes]) -> str:
    if not raw:
        return "the message is empty"
    start = raw[0][:60].decode("iso8859-1").strip()
    if start[:1] == "<":
        return f"this is a page of HTML or XML, not a message: it begins with {_shown(start)}"
    return f"there is no MSH: it begins with {_shown(start)}"


def _decoded(
    raw: Sequence[bytes],
    header: Sequence[str],
    delimiters: Delimiters,
    name: str,
    first_line: int,
    wide: str | None,
    remarks: list[str],
) -> tuple[list[str], str]:
    declared = header[17].strip() if len(header) > 17 else ""
    terms = _split(declared, delimiters.repetition) if declared else []
    if not wide and characters.starting_codec(terms) in ("utf-16", "utf-32"):
        remarks.append(f"MSH-18 declares {declared}, and the message has eight bits a character")
        terms = []
    codec = "utf-8" if wide else characters.codec_of(terms)
    if codec is None:
        where = Where(name, first_line, 1, first_line, 2, label=f"{name}, MSH-18")
        known = ", ".join(term for term in characters.CODECS if term)
        raise Hl7Error(
            f"MSH-18 declares '{declared}', which is no character set of HL7 table 0211",
            where,
            hint=run_together(
                [one.decode("iso8859-1") for one in raw], delimiters.field, first_line
            )
            or known,
        )
    whole = b"\r".join(raw)
    if not terms and not wide and not whole.isascii():
        text, codec = characters.undeclared(whole)
        shown = codec.upper().replace("ISO8859-1", "ISO 8859-1").replace("CP", "Windows-")
        remarks.append(f"MSH-18 declares no character set; the text was read as {shown}")
        return text.split("\r"), codec
    if codec in characters.AT_ONCE and not (codec == "ascii" and b"M24" in whole):
        with contextlib.suppress(UnicodeDecodeError):  # which the slow way tells with its place
            at_once = whole.decode(codec)
            if whole.isascii():  # in which these sets are one
                return at_once.split("\r"), codec
            if codec.startswith("iso8859") and _is_utf8(whole):
                remarks.append(f"MSH-18 declares {declared}, and the bytes look like UTF-8")
            elif page := characters.of_windows(whole, codec):
                shown = page.replace("cp", "Windows-")
                remarks.append(f"MSH-18 declares {declared}, and the text was read as {shown}")
                at_once, codec = whole.decode(page), page
            return at_once.split("\r"), codec
    lines: list[str] = []
    starting = characters.starting_codec(terms)
    for number, line in enumerate(raw, start=1):
        try:
            lines.append(characters.decoded(line, codec, delimiters.escape, starting))
        except UnicodeDecodeError as error:
            at = line[: error.start].count(delimiters.field.encode("iso8859-1"))
            segment = line[:3].decode("iso8859-1")
            field_number = at + (1 if segment in _HEADERS else 0)
            place = f"{segment}-{field_number}"
            spot = first_line + number - 1
            raise Hl7Error(
                f"{place} is not {declared or 'ASCII'}, which MSH-18 declares: byte "
                f"{line[error.start]:02X} at position {error.start + 1}",
                Where(name, spot, error.start + 1, spot, error.start + 2, label=f"{name}, {place}"),
                hint="declare the character set that the text is in",
            ) from None
    return lines, codec


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True

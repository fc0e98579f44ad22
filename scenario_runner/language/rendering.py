"""Diagnostics as text for people, JSON for programs, annotations for GitHub. Nothing is printed, no secret is shown."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Literal

from scenario_runner.language.credentials import without_secrets
from scenario_runner.language.loader import MAX_BYTES
from scenario_runner.reading import read_at_most
from scenario_runner.redaction.addresses import without_passwords

if TYPE_CHECKING:
    from scenario_runner.errors import Diagnostic, Where

Format = Literal["text", "json", "github"]
Source = Callable[[str], "list[str] | None"]
"""The lines of a file by its name, or None when it cannot be read (any more)."""

_WIDEST = 100
_BEFORE = 30
_LINE_BREAK = re.compile(r"\r\n|\n|\r")


def render(
    diagnostics: Iterable[Diagnostic],
    format: Format = "text",  # noqa: A002 - what the option is called
    *,
    source: Source | None = None,
) -> str:
    """All diagnostics in one of the three formats; ends with a line break unless there are none.

    source: where text rendering gets the line it shows; by default the file itself.
    """
    if format == "json":
        return "".join(_json(each) + "\n" for each in diagnostics)
    if format == "github":
        return "".join(_github(each) + "\n" for each in diagnostics)
    lines = source or Files()
    return "".join(_text(each, _lines(each.where, lines)) for each in diagnostics)


def _lines(where: Where, source: Source) -> list[str] | None:
    if where.text is not None:
        return [*[""] * (where.line - 1), where.text]
    return source(where.file) if where.file else None


class Files:
    """A Source that reads each file once, bounded; only what is UTF-8 text is shown."""

    def __init__(self) -> None:
        self._read: dict[str, list[str] | None] = {}

    def __call__(self, file: str) -> list[str] | None:
        """The lines of a file."""
        if file not in self._read:
            try:
                text = read_at_most(file, MAX_BYTES).decode("utf-8").removeprefix("\ufeff")
                self._read[file] = lines_of(text)
            except (OSError, ValueError):
                self._read[file] = None
        return self._read[file]


def lines_of(text: str) -> list[str]:
    """Text cut into lines exactly as positions count them."""
    return _LINE_BREAK.split(text)


def _json(diagnostic: Diagnostic) -> str:
    where = diagnostic.where
    return json.dumps(
        {
            "code": diagnostic.code,
            "severity": diagnostic.severity,
            "file": where.file,
            "line": where.line,
            "column": where.column,
            "end_line": where.end_line,
            "end_column": where.end_column,
            "path": where.path,
            **({"place": where.label} if where.label else {}),
            "message": without_passwords(diagnostic.message),
            "hint": None if diagnostic.hint is None else _hint(diagnostic),
            **({"used": [_place(each) for each in users(where)]} if where.used else {}),
        },
        ensure_ascii=False,
    )


def users(where: Where) -> Iterator[Where]:
    """Where a file is used from, the nearest first."""
    while where.used is not None:
        where = where.used
        yield where


def _uses(where: Where) -> list[str]:
    return [f"used at {each.file}:{each.line}:{each.column}" for each in users(where)]


def _place(where: Where) -> dict[str, object]:
    return {"file": where.file, "line": where.line, "column": where.column}


def _github(diagnostic: Diagnostic) -> str:
    """A workflow command; percent signs, line breaks and, in properties, ``:`` and ``,`` escaped."""
    where = diagnostic.where
    # endColumn is only understood when the span stays on one line.
    columns = {"col": where.column}
    if where.end_line == where.line:
        columns["endColumn"] = max(where.column, where.end_column - 1)
    properties = {
        "file": where.file, "line": where.line, "endLine": where.end_line, **columns,
        "title": diagnostic.code,
    }  # fmt: skip
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    if not where.file:
        properties = {"title": diagnostic.code}
    message = "\n".join(filter(None, (_message(diagnostic), _hint(diagnostic), *_uses(where))))
    return f"::{diagnostic.severity} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _text(diagnostic: Diagnostic, lines: list[str] | None) -> str:
    where = diagnostic.where
    place = f"{where.file}:{where.line}:{where.column}" if where.file else visible(where.label)
    out = [f"{place}: {diagnostic.severity} {diagnostic.code}: {visible(_message(diagnostic))}"]
    if lines is not None and where.line <= len(lines) and lines[where.line - 1].strip():
        out += _excerpt(where, without_secrets(lines, where.line - 1))
    if diagnostic.hint:
        out += [f"   {visible(line)}" for line in _hint(diagnostic).splitlines()]
    out += [f"   {visible(each)}" for each in _uses(where)]
    return "\n".join(out) + "\n"


def _message(diagnostic: Diagnostic) -> str:
    """What is wrong, with what the place is called when lines say little."""
    where = diagnostic.where
    named = where.label if where.file and where.label != where.file else ""
    message = without_passwords(diagnostic.message)
    return f"{message} ({named})" if named else message


def _hint(diagnostic: Diagnostic) -> str:
    return without_passwords(diagnostic.hint or "")


def _excerpt(where: Where, line: str) -> list[str]:
    """The source line and carets under the span, which ends at the line's end when it goes on."""
    start = min(where.column - 1, len(line))
    end = where.end_column - 1 if where.end_line == where.line else len(line.rstrip())
    end = min(max(end, start + 1), max(len(line), start + 1))
    first = max(0, start - _BEFORE) if len(line) > _WIDEST else 0
    last = first + _WIDEST
    before = ("…" if first else "") + visible(line[first:start])
    marked = visible(line[start : min(end, last)])
    after = visible(line[min(end, last) : last]) + ("…" if len(line) > last else "")
    gutter = f"{where.line:>5} | "
    carets = "^" * max(1, _columns(marked))
    return [
        (gutter + before + marked + after).rstrip(),
        " " * (len(gutter) - 2) + "| " + " " * _columns(before) + carets,
    ]


def visible(text: str) -> str:
    """Text that moves no cursor and hides nothing: controls as pictures or as ``<U+202E>``."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    number = ord(character)
    if number < 0x20:
        return " " if character == "\t" else chr(0x2400 + number)
    if number == 0x7F:
        return "␡"
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return f"<U+{number:04X}>"
    return character


def _columns(text: str) -> int:
    """How many terminal columns text takes: East Asian wide ones two, combining ones none."""
    return sum(
        0 if unicodedata.combining(c) or unicodedata.category(c) == "Me"
        else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )  # fmt: skip

"""A file to a Document: every way in which text can fail to be one is a diagnostic."""

from __future__ import annotations

import os
import re
from os import PathLike, fspath
from typing import Any

import yaml

from scenario_runner.errors import Diagnostic, InvalidInput, Where
from scenario_runner.language.complaints import syntax_fault
from scenario_runner.language.composing import Composer, Fault
from scenario_runner.language.document import Document, Node, line_starts, position
from scenario_runner.language.yaml_1_2 import stand_in
from scenario_runner.reading import read_at_most

MAX_BYTES = 1024 * 1024
"""The size limit of a scenario or site file."""

# libyaml where PyYAML was built with it (ten times faster), else the same grammar in Python.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The characters YAML does not allow in a stream (YAML 1.1, 5.1); a byte order mark only at the start.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_CONTROL = "the file holds a character that text files do not have"


def load_document(path: str | PathLike[str]) -> Document:
    """Read and parse a YAML file. Raises InvalidInput, also for a file that cannot be read."""
    return parse_document(read_text(path), fspath(path))


def read_text(path: str | PathLike[str]) -> str:
    """The text of a file, a byte order mark included. Raises InvalidInput for one that is none, or too large."""
    file = fspath(path)
    try:
        if os.path.isdir(file):  # noqa: PTH112 - false for what is no name
            raise _invalid(
                file, "FAB002", "this is a folder; a file is expected here", "name the file in it"
            )
        raw = read_at_most(file, MAX_BYTES + 1)
    except FileNotFoundError:
        raise _invalid(file, "FAB001", "there is no such file", "look at the path") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _invalid(
            file, "FAB001", f"the file cannot be read: {reason}", "look at its permissions"
        ) from None
    if len(raw) > MAX_BYTES:
        raise _invalid(
            file,
            "FAB006",
            f"the file is larger than {MAX_BYTES // 1024} KiB",
            "use count and matrix instead of repetition, or split the file",
        )
    return _decode(raw, file)


def parse_document(text: str, file: str) -> Document:
    """Parse YAML text; file: the name that diagnostics show. Raises InvalidInput."""
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_BYTES:
        raise _invalid(
            file, "FAB006", f"the text is longer than {MAX_BYTES // 1024} KiB", "split it"
        )
    if found := _FORBIDDEN.search(text):
        span = found.span()
        number = f"U+{ord(found[0]):04X}"
        hint = "is this a text file?" if found[0] == "\0" else "remove it"
        fault = Fault("FAB004", span, f"{_CONTROL} ({number})", hint)
        raise InvalidInput(_diagnostics([fault], text, file))
    parsed, restore = stand_in(text)
    composer = Composer(text, restore)
    root: Node | None = None
    faults: list[Fault] = []
    try:
        root = composer.compose(yaml.parse(parsed, Loader=_LOADER))
    except Fault as fault:
        faults.append(fault)
    except yaml.MarkedYAMLError as error:
        faults.append(syntax_fault(error, text, composer.quoted))
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The pure Python scanner lets a bad escape's ValueError through.
        faults.append(Fault("FAB015", (0, 0), f"this is not YAML: {error}"))
    faults += composer.faults
    if not faults and (root is None or (root.data is None and root.start == root.end)):
        faults.append(
            Fault(
                "FAB005",
                (0, 0),
                "the file is empty",
                "start it with: schema: scenario/v1 (or site/v1)",
            )
        )
    if faults or root is None:
        raise InvalidInput(_diagnostics(faults, text, file))
    return Document(file, text, root)


def composed(text: str) -> Node | None:
    """The tree of a text as far as it is one, for editors: what parsing survives is not told of; None for no tree."""
    if len(text) > MAX_BYTES or _FORBIDDEN.search(text):
        return None
    parsed, restore = stand_in(text)
    try:
        return Composer(text, restore).compose(yaml.parse(parsed, Loader=_LOADER))
    except (Fault, yaml.YAMLError, ValueError, OverflowError):
        return None


def _decode(raw: bytes, file: str) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _invalid(file, "FAB003", "the file is UTF-16", "save it as UTF-8")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, column = position(line_starts(before), len(before))
        where = Where(file, line, column, line, column + 1)
        message = f"byte 0x{raw[error.start]:02X} is not UTF-8"
        binary = b"\0" in raw
        hint = "is this a text file?" if binary else "save the file as UTF-8"
        raise InvalidInput([Diagnostic("FAB003", where, message, hint)]) from None


def _diagnostics(faults: list[Fault], text: str, file: str) -> list[Diagnostic]:
    starts = line_starts(text)
    found = []
    for fault in sorted(faults, key=lambda each: each.span):
        hint = fault.hint
        if fault.also is not None:
            line, column = position(starts, fault.also[0])
            hint = f"the first one is at line {line}, column {column}; remove one of them"
        begin, end = position(starts, fault.span[0]), position(starts, fault.span[1])
        found.append(Diagnostic(fault.code, Where(file, *begin, *end), fault.message, hint or None))
    return found


def _invalid(file: str, code: str, message: str, hint: str | None = None) -> InvalidInput:
    return InvalidInput([Diagnostic(code, Where(file), message, hint)])

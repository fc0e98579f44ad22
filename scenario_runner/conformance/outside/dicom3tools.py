"""What dciodvfy and dcentvfy have in common: their version and the form of their messages."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from scenario_runner.conformance.api import Finding, Severity
from scenario_runner.conformance.elements import name_of
from scenario_runner.conformance.outside.program import Said, path_of, run

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 60.0
MOST = 500

_LINE = re.compile(r"^(Error|Warning|Abort) - (.*)$", re.DOTALL)
_PATH = re.compile(r"^<(/[^>]*)> - (.*)$", re.DOTALL)
_STEP = re.compile(r"(\w*)\(([0-9A-Fa-f]{4},[0-9A-Fa-f]{4})\)(?:\[(\d+)\])?")


def version_of(program: str) -> str | None:
    """The snapshot of dicom3tools it was built from; None when it is not installed."""
    if path_of(program) is None:
        return None
    said = run(program, ["-version"], seconds=SECONDS).text
    match = re.search(r"dicom3tools Version: (\S+)", said)
    return match[1] if match else "unknown"


def findings(said: Said, program: str) -> Iterator[Finding]:
    """Its error and warning lines, and one more when it did not get to an end."""
    count = 0
    for kind, text in _messages(said.text):
        count += 1
        if count > MOST:
            break
        severity: Severity = "warning" if kind == "Warning" else "error"
        attribute, message = located(text)
        yield _finding(program, severity, message, attribute)
    if said.code is None:
        yield _finding(program, "error", f"did not end within {SECONDS:.0f} seconds")
    elif said.code < 0 or (said.code and not count):
        yield _finding(program, "error", f"ended with code {said.code}: {said.text[-200:].strip()}")
    elif said.cut or count > MOST:
        yield _finding(program, "error", f"said more than is kept ({MOST} findings)")


def note(program: str, message: str, rule: str) -> Finding:
    """What we have to say about how the program was used."""
    return replace(_finding(program, "warning", message), rule=rule)


def _messages(text: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each; a value that has line breaks goes on over several lines."""
    kind, parts = "", [""]
    for line in text.split("\n"):
        if match := _LINE.match(line):
            if kind:
                yield kind, "\n".join(parts)
            kind, parts = match[1], [match[2]]
        elif kind and _is_open("\n".join(parts)):
            parts.append(line)
        elif kind:
            yield kind, "\n".join(parts)
            kind = ""
    if kind:
        yield kind, "\n".join(parts)


def _is_open(text: str) -> bool:
    """Whether a value that began with ``<`` has not ended yet."""
    text = text.replace("<=", "").replace(">=", "")
    return text.count("<") > text.count(">")


def located(text: str) -> tuple[str | None, str]:
    """The attribute that a message of ``-new`` form is about, in our way of writing, and the rest."""
    match = _PATH.match(text)
    if not match:
        return None, text
    steps = _STEP.findall(match[1])
    parts = [
        (keyword or name_of(int(tag.replace(",", ""), 16)))
        + (f"[{int(number) - 1}]" if number and n < len(steps) - 1 else "")
        for n, (keyword, tag, number) in enumerate(steps)
    ]
    return ".".join(parts) or None, match[2]


def _finding(
    program: str, severity: Severity, message: str, attribute: str | None = None
) -> Finding:
    return Finding(
        severity=severity, message=message, attribute=attribute, section="", validator=program
    )

"""Findings as text for people, JSON for programs, annotations for GitHub. Nothing is printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from scenario_runner.conformance.api import Finding

Format = Literal["text", "json", "github"]


def render(file: Path, findings: Iterable[Finding], style: Format) -> str:
    """One line for each finding about a file; empty when there is none.

    A JSON line has ``file severity rule attribute message section validator``. Text that came out of
    the file moves no cursor: what cannot be printed is written as an escape.
    """
    line = {"text": _text, "json": _json, "github": _github}[style]
    return "".join(line(str(file), finding) + "\n" for finding in findings)


def _text(file: str, finding: Finding) -> str:
    source = " ".join(part for part in (finding.validator, finding.section) if part)
    subject = f"{finding.attribute} " if finding.attribute else ""
    rule = f" {finding.rule}" if finding.rule else ""
    return _visible(f"{file}: {finding.severity}{rule}: {subject}{finding.message} [{source}]")


def _json(file: str, finding: Finding) -> str:
    record = {
        "file": file,
        "severity": finding.severity,
        "rule": finding.rule or None,
        "attribute": finding.attribute,
        "message": finding.message,
        "section": finding.section or None,
        "validator": finding.validator,
    }
    return json.dumps(record).encode("utf-8", "replace").decode("utf-8")


def _github(file: str, finding: Finding) -> str:
    """A workflow command; percent signs, line breaks and, in properties, ``:`` and ``,`` escaped."""
    title = " ".join(part for part in (finding.validator, finding.rule) if part)
    subject = f"{finding.attribute} " if finding.attribute else ""
    section = f" ({finding.section})" if finding.section else ""
    message = _visible(f"{subject}{finding.message}{section}").replace("%", "%25")
    return f"::{finding.severity} file={_property(file)},title={_property(title)}::{message}"


def _property(text: str) -> str:
    text = _visible(text).replace("%", "%25")
    return text.replace(":", "%3A").replace(",", "%2C")


def _visible(text: str) -> str:
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )

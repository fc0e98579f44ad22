"""What was learned as a person reads it: a piece of a site file, each value below what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scenario_runner.app.learning.findings import Finding
from scenario_runner.app.load import Surroundings
from scenario_runner.app.site_editing import rewrite
from scenario_runner.fields.types import seconds_of
from scenario_runner.language.accepted import sop_class, transfer_syntax
from scenario_runner.language.site_expects import EXPECTS, MARK, Value, declare, declared

_MOST: Final = 6
"""Exchanges that are written above a value in a site file."""
_UIDS: Final = {"transfer_syntaxes": transfer_syntax, "sop_classes": sop_class}


def snippet(target: str, findings: Sequence[Finding]) -> str:
    """``expects`` as it would stand in a site file, then what need not be declared and what has no key, as comments."""
    text = f"targets:\n  {target}:\n    {EXPECTS}: {{}}\n"
    declaring = [one for one in findings if one.declares]
    if declaring:
        text = f"targets:\n  {target}:\n    environment: test\n"
        for one in declaring:
            text = declare(text, target, one.subject, one.value, _why(one, None))
        text = text.replace("    environment: test\n", "", 1)
    rest = [one for one in findings if not one.declares]
    settled = [one for one in rest if one.value is not None or one.note]
    sections = (
        ("As any PACS is taken to be", [one for one in settled if one.is_key]),
        ("Not found out", [one for one in rest if one not in settled]),
        ("Found, though no check asks for it", [one for one in settled if not one.is_key]),
    )
    for title, found in sections:
        if found:
            text += f"# {title}:\n"
            for one in found:
                text += f"#   {one.subject}: {value_in_words(one)}\n"
                text += "".join(f"#     {words}\n" for words in _why(one, None))
    return text.replace(MARK, "# ")


def write(site: Path, target: str, findings: Sequence[Finding], around: Surroundings) -> list[str]:
    """Write what was found into a site file, and only what it has otherwise; returns the keys that changed.

    Comments and order stay. A list keeps what could not be asked for. Raises UsageError, MachineError.
    """
    changed: list[str] = []

    def edit(text: str) -> str:
        for one in findings:
            before = declared(text, target, one.subject) if one.is_key else None
            if one.value is None or not (one.declares or (one.is_key and before is not None)):
                continue
            value = _beside(one, before)
            if not _same(one.subject, before, value):
                text = declare(text, target, one.subject, value, _why(one, _MOST))
                changed.append(one.subject)
        return text

    rewrite(site, edit, around)
    return changed


def _beside(finding: Finding, before: Value | None) -> Value:
    """A list with what stood there and was not asked for; the longer of two durations."""
    if finding.at_least and isinstance(before, str):
        there = seconds_of(before)
        return before if there is None or there >= float(finding.value[:-1]) else finding.value
    if not isinstance(finding.value, list) or not isinstance(before, list):
        return finding.value  # type: ignore[no-any-return]
    asked = {_named(finding.subject, one) for one in finding.asked}
    return [*finding.value, *(one for one in before if _named(finding.subject, one) not in asked)]


def _same(subject: str, before: Value | None, value: Value) -> bool:
    if not isinstance(before, list) or not isinstance(value, list):
        return before == value
    return {_named(subject, one) for one in before} == {_named(subject, one) for one in value}


def _named(subject: str, written: str) -> str:
    return _UIDS[subject](written) if subject in _UIDS else written


def value_in_words(finding: Finding) -> str:
    """The value for people."""
    value = finding.value
    if value is None:
        return finding.note or "not known"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "all that are sent are taken" if finding.needless else "none"
    return str(value)


def _why(finding: Finding, most: int | None) -> list[str]:
    lines = [f"{one.asked} → {one.answered}" for one in finding.evidence]
    if most is None or len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"… and {len(lines) - most + 1} more"]

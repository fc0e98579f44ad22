"""The validator's verdict: damage, required attributes, the rules of the Standard; and its log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.conformance.standard import judge
from scenario_runner.conformance.tree import visible
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.validator.describing import element_named
from scenario_runner.service.validator.settings import DAMAGE

if TYPE_CHECKING:
    from scenario_runner.conformance.api import Finding
    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.service.validator.events import Event
    from scenario_runner.service.validator.settings import Settings

MOST_TOLD: Final = 50
"""Errors in an event and an answer; the log has all of them."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found about a study. code: why it is refused, empty when it is not."""

    findings: Sequence[Finding]
    missing: Sequence[str]
    refusing: Sequence[Finding]
    code: str

    @property
    def errors(self) -> list[dict[str, Any]]:
        """What refuses it, as plain data."""
        missing = [
            {"attribute": one, "message": f"{one} is required and has no value", "rule": "required"}
            for one in self.missing
        ]
        return [*missing, *map(plain_finding, self.refusing)][:MOST_TOLD]


def plain_finding(finding: Finding) -> dict[str, Any]:
    """A finding as plain data; what came out of the file moves no cursor."""
    return {
        "attribute": finding.attribute and visible(finding.attribute),
        "message": visible(finding.message),
        "rule": finding.rule,
        "section": finding.section,
    }


def verdict_on(file: DicomFile, settings: Settings) -> Verdict:
    """Judge a study that was read, by all rules and by what the site requires."""
    findings = judge(file)
    damage = [one for one in findings if one.rule in DAMAGE]
    missing = [] if damage else [one for one in settings.required if _is_missing(file, one)]
    refusing = damage or [one for one in findings if _refuses(one, settings)]
    if damage:
        code = "not-dicom" if damage[0].rule == "not-dicom" else "damaged"
    elif missing:
        code = "required-attribute-missing"
    else:
        code = "not-conformant" if refusing else ""
    return Verdict(findings, missing, refusing, code)


def _is_missing(file: DicomFile, name: str) -> bool:
    element = element_named(file.data, name)
    return element is None or (element.empty and element.fragments is None)


def _refuses(finding: Finding, settings: Settings) -> bool:
    if isinstance(settings.reject, list):
        return finding.rule in settings.reject
    return settings.reject == "errors" and finding.severity == "error"


def log_of(request: Event, file: DicomFile, verdict: Verdict, settings: Settings) -> bytes:
    """``validation.log``: the outcome, each required attribute, each rule with its section.

    passed, failed (an error), doubtful (a warning); unjudged where the file could not be read so far.
    """
    lines = [
        f"study {request.study}",
        f"outcome {'refused: ' + verdict.code if verdict.code else 'valid'}",
        f"file {request.data.get('size')} bytes, SHA-256 {request.data.get('sha256')}",
        "",
        "Required by the settings",
        *_required(verdict, settings),
        "",
        "Rules of the Standard",
        *(_rules(file, verdict.findings) if verdict.findings or not file.whole else _all_passed()),
        "",
    ]
    return "\n".join(lines).encode("utf-8", "backslashreplace")


def _required(verdict: Verdict, settings: Settings) -> Iterator[str]:
    unjudged = verdict.code in ("not-dicom", "damaged")
    for name in settings.required:
        outcome = "unjudged" if unjudged else "failed" if name in verdict.missing else "passed"
        yield f"{outcome:9} {name}"


def _rules(file: DicomFile, findings: Iterable[Finding]) -> Iterator[str]:
    found: dict[str, list[Finding]] = {}
    for one in findings:
        found.setdefault(one.rule, []).append(one)
    readable = file.readable or bool(file.meta.elements)
    for rule, whole, passed in _table():
        wrong = found.pop(rule, None)
        if wrong is not None:
            yield from map(_line, wrong)
        elif (whole and not file.whole) or not readable:
            yield "unjudged" + passed[6:8] + passed[9:]
        else:
            yield passed
    for wrong in found.values():
        yield from map(_line, wrong)


def _line(finding: Finding) -> str:
    outcome = "failed" if finding.severity == "error" else "doubtful"
    subject = f"{finding.attribute} " if finding.attribute else ""
    return (
        f"{outcome:9} {finding.rule:22} {finding.section:20} {visible(subject + finding.message)}"
    )


@cache
def _all_passed() -> tuple[str, ...]:
    return tuple(passed for _, _, passed in _table())


@cache
def _table() -> tuple[tuple[str, bool, str], ...]:
    """Each rule: its name, whether it takes a whole file, and the line that says it is kept."""
    from scenario_runner.conformance.rules.table import ELEMENTS, OBJECT, READING

    return tuple(
        (one.id, getattr(one, "whole", False), f"{'passed':9} {one.id:22} {one.section:20} {one.summary}")
        for one in (*READING, *ELEMENTS, *OBJECT)
    )  # fmt: skip

"""The validator ``standard``: our own rules, each with the section of the Standard it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.conformance.api import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.rules.base import Rule

MOST = 500
"""Findings about one file; a file that is wrong everywhere says so and stops."""
_TOO_MANY = "too-many"


class Standard:
    """Our rules, over each file and between the files of a study."""

    name = "standard"

    def version(self) -> str:
        """The program's own."""
        from scenario_runner import __version__

        return __version__

    def rules(self) -> frozenset[str]:
        """The ids of the table, and what says that there is more than is told."""
        from scenario_runner.conformance.rules.table import ELEMENTS, OBJECT, READING, STUDY

        ids = (rule.id for rules in (READING, ELEMENTS, OBJECT, STUDY) for rule in rules)
        return frozenset((*ids, _TOO_MANY))

    def check(self, file: Path) -> list[Finding]:
        """Judge one file by itself."""
        from scenario_runner.conformance.reader import read_file

        return judge(read_file(file))

    def check_study(self, files: Sequence[Path]) -> list[Finding]:
        """Judge whether the instances of each study agree with each other."""
        from scenario_runner.conformance.study import disagreements

        return limited(disagreements(files))


def judge(file: DicomFile) -> list[Finding]:
    """All findings about a file that was read, at most MOST of them."""
    return limited(_findings(file))


def limited(findings: Iterable[Finding]) -> list[Finding]:
    """The first MOST findings, and one that says there are more."""
    found: list[Finding] = []
    for finding in findings:
        if len(found) == MOST:
            found.append(
                Finding(
                    severity="error",
                    message=f"there is more than these {MOST} findings",
                    attribute=None,
                    section="",
                    validator=Standard.name,
                    rule=_TOO_MANY,
                )
            )
            break
        found.append(finding)
    return found


def finding(
    rule: Rule, attribute: str | None, message: str, section: str = "", file: str = ""
) -> Finding:
    """What is said when a rule is broken."""
    return Finding(
        severity=rule.severity,
        message=message,
        attribute=attribute,
        section=section or rule.section,
        validator=Standard.name,
        rule=rule.id,
        file=file,
    )


def _findings(file: DicomFile) -> Iterator[Finding]:
    from scenario_runner.conformance.rules.table import ELEMENTS, OBJECT, READING

    reading = {rule.id: rule for rule in READING}
    for trouble in file.trouble:
        yield finding(reading[trouble.rule], trouble.attribute, trouble.message)
    meta = [rule for rule in ELEMENTS if rule.id != "group"]
    for whole, rules in ((file.meta, meta), (file.data, ELEMENTS)):
        for items, element in whole.walk():
            for rule in rules:
                for problem in rule.judge(items, element):
                    yield finding(rule, *problem)
            element.values = None
    if not file.meta.elements and not file.readable:
        return
    for each in OBJECT:
        if file.whole or not each.whole:
            for problem in each.judge(file):
                yield finding(each, *problem)

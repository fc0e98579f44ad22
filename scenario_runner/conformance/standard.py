"""The validator ``standard``: our own rules, each with the section of the Standard it comes from."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from scenario_runner.conformance.api import STANDARD, Finding
from scenario_runner.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Element, Items
    from scenario_runner.conformance.rules.base import ElementRule

MOST = 500
"""Findings about one file; a file that is wrong everywhere says so and stops."""
_TOO_MANY = "too-many"
_MOST_REMEMBERED = 1 << 14
_LONGEST_REMEMBERED = 64


class Standard:
    """Our rules, over each file and between the files of a study."""

    name = STANDARD

    def version(self) -> str:
        """The program's own."""
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
                    validator=STANDARD,
                    rule=_TOO_MANY,
                )
            )
            break
        found.append(finding)
    return found


def errors(file: DicomFile, elements: Iterable[tuple[Items, Element]]) -> list[Finding]:
    """The errors about an object that is yet to be written. elements: those that are new in it."""
    from scenario_runner.conformance.rules.table import ELEMENTS

    inner = [
        (item, one)
        for _, each in elements
        for below in each.items or ()
        for item, one in below.walk()
    ]
    judged = [*_of_elements([*elements, *inner], ELEMENTS, _RIGHT_IN_DATA), *_of_object(file)]
    return [each for each in judged if each.severity == "error"]


def _findings(file: DicomFile) -> Iterator[Finding]:
    from scenario_runner.conformance.rules.table import ELEMENTS, READING

    if file.trouble:
        reading = {rule.id: rule for rule in READING}
        for trouble in file.trouble:
            yield reading[trouble.rule].finding(trouble.attribute, trouble.message)
    yield from _of_elements(file.meta.walk(), _of_meta(), _RIGHT_IN_META)
    yield from _of_elements(file.data.walk(), ELEMENTS, _RIGHT_IN_DATA)
    if file.meta.elements or file.readable:
        yield from _of_object(file)


@cache
def _of_meta() -> tuple[ElementRule, ...]:
    from scenario_runner.conformance.rules.table import ELEMENTS

    return tuple(rule for rule in ELEMENTS if rule.id != "group")


def _of_elements(
    elements: Iterable[tuple[Items, Element]], rules: Sequence[ElementRule], right: set[_Key]
) -> Iterator[Finding]:
    here: Items | None = None
    terms: tuple[str, ...] = ()
    for items, element in elements:
        if items is not here:
            here, terms = items, tuple(items.character_sets())
        key = _remembered_by(element, terms)
        if key in right:
            continue
        clean = True
        for rule in rules:
            for problem in rule.judge(items, element):
                clean = False
                yield rule.finding(*problem)
        element.values = None
        if clean and key is not None:
            if len(right) >= _MOST_REMEMBERED:
                right.clear()
            right.add(key)


_Key = tuple[int, str, str, int | None, bytes, tuple[str, ...]]
_RIGHT_IN_META: set[_Key] = set()
_RIGHT_IN_DATA: set[_Key] = set()
"""Elements that no rule objected to: most of them are alike in all files of a study."""


def _remembered_by(element: Element, terms: tuple[str, ...]) -> _Key | None:
    """All that the rules look at in an element; None when they look beyond it, or it is long.

    They do of a sequence, whose items they judge, and of a private element, whose creator has to be there.
    """
    value, tag = element.value, element.tag
    if (
        len(value) > _LONGEST_REMEMBERED
        or element.items is not None
        or element.fragments is not None
        or not element.kept
        or tag & 0x10000
    ):
        return None
    return tag, element.vr, element.written_vr, element.length, value, terms


def _of_object(file: DicomFile) -> Iterator[Finding]:
    from scenario_runner.conformance.rules.table import OBJECT

    for each in OBJECT:
        if file.whole or not each.whole:
            for problem in each.judge(file):
                yield each.finding(*problem)


OWN_RULES = Standard()
"""What the hook gives."""

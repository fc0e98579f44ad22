"""``junit.xml``, in the dialect that Jenkins, GitLab and most other CI servers read.

There is no standard. What is written here is the part that the known schemas agree on: no attribute
or element that one of them forbids, none missing that one of them wants.
``reports/xsd/junit.xsd`` states it.
"""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, ClassVar

from scenario_runner.evidence.files import write_atomically
from scenario_runner.evidence.flat import FlatSuite, FlatTest, one_line, suites
from scenario_runner.evidence.seen import in_words
from scenario_runner.evidence.times import moment
from scenario_runner.evidence.unseen import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.evidence.record import RunRecord

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 allows nowhere, not even escaped (section 2.2)."""

_UNKNOWN = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_TAG = {"failed": "failure", "error": "error", "interrupted": "error", "skipped": "skipped"}


class JUnitReporter:
    """Writes ``junit.xml``: a suite for each case, a test case for each step."""

    name: ClassVar[str] = "junit"
    file: ClassVar[str] = "junit.xml"
    by_check: ClassVar[bool] = False
    """Whether each check is a test case of its own."""

    def write(self, record: RunRecord, folder: Path) -> None:
        """Write the file. Raises MachineError."""
        write_atomically(folder / self.file, _chunks(record, by_check=self.by_check))


def _chunks(record: RunRecord, *, by_check: bool) -> Iterator[bytes]:
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
    for number, suite in enumerate(suites(record, by_check=by_check)):
        element = _suite(record, suite, number)
        ET.indent(element, level=1)
        yield b"  " + ET.tostring(element, encoding="utf-8") + b"\n"
    yield b"</testsuites>\n"


def _suite(record: RunRecord, suite: FlatSuite, number: int) -> ET.Element:
    count = [_TAG.get(test.outcome, "passed") for test in suite.tests]
    element = ET.Element(
        "testsuite",
        name=_clean(suite.name),
        package=_clean(suite.scenario),
        id=str(number),
        # Without fraction and zone, as the strictest of the schemas wants it; it is UTC.
        timestamp=(moment(suite.started) or _UNKNOWN).strftime("%Y-%m-%dT%H:%M:%S"),
        hostname=_clean(str(record.environment.get("host") or "localhost")),
        tests=str(len(count)),
        failures=str(count.count("failure")),
        errors=str(count.count("error")),
        skipped=str(count.count("skipped")),
        time=f"{suite.duration_s:.3f}",
    )
    properties = ET.SubElement(element, "properties")
    for name, value in _properties(record, suite):
        ET.SubElement(properties, "property", name=_clean(name), value=_clean(value))
    for test in suite.tests:
        element.append(_test(suite, test))
    ET.SubElement(element, "system-out").text = _clean("\n".join(_output(suite)))
    ET.SubElement(element, "system-err")
    return element


def _test(suite: FlatSuite, test: FlatTest) -> ET.Element:
    element = ET.Element(
        "testcase",
        name=_clean(test.name),
        classname=_clean(f"{suite.scenario}.{suite.name}"),
        time=f"{test.duration_s:.3f}",
    )
    tag = _TAG.get(test.outcome)
    if tag is not None:
        result = ET.SubElement(element, tag, message=_clean(test.message or test.outcome))
        if tag != "skipped":
            result.set("type", test.outcome)
            result.text = _clean(test.detail or test.message)
    return element


def _properties(record: RunRecord, suite: FlatSuite) -> Iterator[tuple[str, str]]:
    yield "run", record.id
    yield "site", record.site
    if suite.case is None:
        return
    for target in record.targets:
        if target.product:
            yield f"target.{target.name}.product", target.product
        for line in in_words(target):
            yield f"target.{target.name}.seen", line
    yield "seed", str(suite.case.seed if suite.case.seed is not None else record.seed)
    for axis, value in suite.case.matrix.items():
        yield f"matrix.{axis}", one_line(value, 200)
    named = [*suite.case.scenario.requirements]
    for step in suite.case.steps:
        named += [*step.requirements, *step.check_requirements]
        for check in step.checks:
            named += check.requirements
    for requirement in dict.fromkeys(named):
        yield "requirement", requirement


def _output(suite: FlatSuite) -> Iterator[str]:
    if suite.case is None:
        return
    if suite.case.message:
        yield suite.case.message
    for step in suite.case.steps:
        for log in step.logs:
            yield f"{log.time} {step.id} {log.level}: {log.message}"


def _clean(text: str) -> str:
    return escaped(_FORBIDDEN.sub("\ufffd", text))

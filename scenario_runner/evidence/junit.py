"""``junit.xml``, in the dialect that Jenkins, GitLab and most other CI servers read.

There is no standard. What is written here is the part that the known schemas agree on: no attribute
or element that one of them forbids, none missing that one of them wants. A test with evidence, or of a step that was tried again, has
a ``system-out`` beside it, with a line for each earlier attempt and a line ``[[ATTACHMENT|path]]`` for each file: Jenkins (plugin
junit-attachments) and GitLab look for it there alone. ``reports/xsd/junit.xsd`` states it.

What readers do with it: Jenkins (plugin junit) keeps one property of a name, and takes what stands before the last dot of a
``classname`` for a package. GitLab shows the text of a ``skipped``, and its ``message`` only where it has none, as JSON; of tests with one
``classname`` and ``name`` in a suite it keeps one. So each of these is said once, and plainly.
"""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, ClassVar

from scenario_runner.evidence.files import write_atomically
from scenario_runner.evidence.flat import BAD, FlatSuite, FlatTest, one_line, suites
from scenario_runner.evidence.seen import services_in_words
from scenario_runner.evidence.times import moment
from scenario_runner.evidence.xml_text import xml_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.evidence.record import RunRecord

_MOST_OUTPUT = 1_000_000
"""Characters of messages. GitLab reads no file that has a text of ten million bytes (libxml2's XML_MAX_TEXT_LENGTH)."""

_UNATTACHABLE = re.compile(r"[\[\]|\r\n]")
"""What ends a path where GitLab reads it (``Gitlab::Ci::Parsers::Test::Junit``)."""

_MARK = re.compile(r"\[(?=\[ATTACHMENT\|)")
"""Where an attachment begins, for both readers, in whatever stands in a ``system-out``."""

_OUTSIDE = re.compile(r"^[/\\]|^\w:|(^|[/\\])\.\.([/\\]|$)")
"""What leads out of the run folder, in a log that somebody has edited."""

_UNKNOWN = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_TAG = {"failed": "failure", "error": "error", "interrupted": "error", "skipped": "skipped"}


class JUnitReporter:
    """Writes ``junit.xml``: a suite for each case, a test case for each step."""

    name: ClassVar[str] = "junit"
    file: ClassVar[str] = "junit.xml"
    by_check: ClassVar[bool] = False
    """Whether each check is a test case of its own."""

    def write(self, record: RunRecord, folder: Path) -> None:
        """Write the file. Raises MachineError.

        Paths of evidence begin with the folder as it is named: relative to the working folder when that is, as in
        a job of a CI server.
        """
        write_atomically(folder / self.file, _chunks(record, folder, by_check=self.by_check))


def _chunks(record: RunRecord, folder: Path, *, by_check: bool) -> Iterator[bytes]:
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
    for number, suite in enumerate(suites(record, by_check=by_check)):
        element = _suite(record, suite, number, folder)
        ET.indent(element, level=1)
        yield b"  " + ET.tostring(element, encoding="utf-8") + b"\n"
    yield b"</testsuites>\n"


def _suite(record: RunRecord, suite: FlatSuite, number: int, folder: Path) -> ET.Element:
    count = [_TAG.get(test.outcome, "passed") for test in suite.tests]
    element = ET.Element(
        "testsuite",
        name=xml_text(suite.name),
        package=xml_text(suite.scenario),
        id=str(number),
        # Without fraction and zone, as the strictest of the schemas wants it; it is UTC.
        timestamp=(moment(suite.started) or _UNKNOWN).strftime("%Y-%m-%dT%H:%M:%S"),
        hostname=_filled(str(record.environment.get("host") or "localhost")),
        tests=str(len(count)),
        failures=str(count.count("failure")),
        errors=str(count.count("error")),
        skipped=str(count.count("skipped")),
        time=_seconds(suite.duration_s),
    )
    properties = ET.SubElement(element, "properties")
    for name, value in _properties(record, suite):
        ET.SubElement(properties, "property", name=_filled(name), value=xml_text(value))
    showing = _showing(suite)
    for place, test in enumerate(suite.tests):
        element.append(_test(suite, test))
        if place in showing:
            lines = [*map(_quoted, _earlier(test)), *_attached(test, folder)]
            if lines:
                ET.SubElement(element[-1], "system-out").text = xml_text("\n".join(lines))
    ET.SubElement(element, "system-out").text = xml_text("\n".join(map(_quoted, _output(suite))))
    ET.SubElement(element, "system-err")
    return element


def _test(suite: FlatSuite, test: FlatTest) -> ET.Element:
    element = ET.Element(
        "testcase",
        name=xml_text(test.name),
        classname=xml_text(f"{suite.scenario}.{suite.name.replace('.', '_')}"),
        time=_seconds(test.duration_s),
    )
    tag = _TAG.get(test.outcome)
    if tag is not None:
        message = test.message or test.outcome
        result = ET.SubElement(element, tag, message=xml_text(message))
        result.text = xml_text(message if tag == "skipped" else test.detail or message)
        if tag != "skipped":
            result.set("type", test.outcome)
    return element


def _filled(text: str) -> str:
    """A text where there has to be one: a log that somebody has edited may have none."""
    return xml_text(text) or "-"


def _seconds(duration: float) -> str:
    return f"{max(duration, 0.0):.3f}"


def _showing(suite: FlatSuite) -> set[int]:
    """Which tests have the evidence of their steps: of each step the first that went wrong, or else the first."""
    places: dict[str, int] = {}
    for place, test in enumerate(suite.tests):
        if test.step is None:
            continue
        before = places.setdefault(test.step.id, place)
        if test.outcome in BAD and suite.tests[before].outcome not in BAD:
            places[test.step.id] = place
    return set(places.values())


def _earlier(test: FlatTest) -> Iterator[str]:
    """What became of attempts before the one that counts."""
    every = test.step.attempt_list if test.step else []
    for one in every[:-1]:
        yield f"attempt {one.attempt} of {len(every)}: {one.outcome}: {one.message}"


def _quoted(line: str) -> str:
    """What somebody said, a PACS among them, so that no reader takes a part of it for the path of evidence."""
    return _MARK.sub("[ ", line)


def _attached(test: FlatTest, folder: Path) -> Iterator[str]:
    for one in test.step.attachments if test.step else ():
        path = (folder / one.path).as_posix()
        if not _UNATTACHABLE.search(path) and not _OUTSIDE.search(one.path):
            yield f"[[ATTACHMENT|{path}]]"


def _properties(record: RunRecord, suite: FlatSuite) -> Iterator[tuple[str, str]]:
    yield "run", record.id
    yield "site", record.site
    if suite.case is None:
        return
    for target in record.targets:
        if target.product:
            yield f"target.{target.name}.product", target.product
        if seen := "; ".join(services_in_words(target)):
            yield f"target.{target.name}.seen", seen
    yield "seed", str(suite.case.seed if suite.case.seed is not None else record.seed)
    for axis, value in suite.case.matrix.items():
        yield f"matrix.{axis}", one_line(value, 200)
    named = [*suite.case.scenario.requirements]
    for step in suite.case.steps:
        named += [*step.requirements, *step.check_requirements]
        for check in step.checks:
            named += check.requirements
    each = list(dict.fromkeys(named))
    for requirement in each:
        yield "requirement", requirement
    if each:
        yield "requirements", ", ".join(each)


def _output(suite: FlatSuite) -> Iterator[str]:
    if suite.case is None:
        return
    if suite.case.message:
        yield suite.case.message
    room = _MOST_OUTPUT
    logs = [(step.id, log) for step in suite.case.steps for log in step.logs]
    for number, (step, log) in enumerate(logs):
        line = f"{log.time} {step} {log.level}: {log.message}"
        room -= len(line)
        if room < 0:
            yield f"and {len(logs) - number:,} more, all in run.json"
            return
        yield line

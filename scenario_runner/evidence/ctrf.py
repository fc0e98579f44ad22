"""``ctrf.json``: the Common Test Report Format (ctrf.io), specification version 0.0.0."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from scenario_runner.evidence.files import write_atomically
from scenario_runner.evidence.flat import FlatSuite, FlatTest, suites
from scenario_runner.evidence.times import moment
from scenario_runner.evidence.traceability import final_checks
from scenario_runner.evidence.unseen import escaped

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.events import Outcome
    from scenario_runner.evidence.record import RunRecord

_STATUS: dict[Outcome, str] = {
    "passed": "passed",
    "failed": "failed",
    "error": "failed",
    "skipped": "skipped",
    "interrupted": "other",
}
_NAMESPACE = uuid.UUID("6f2b5c1e-52f2-5d0e-9f39-7a1f2b1f6a10")
"""Ours, drawn once; a report's id is derived from the run's, so that it can be written again."""


_LONGEST_S = 1e9
"""Some thirty years."""


class CtrfReporter:
    """Writes ``ctrf.json``: a test for each step, its checks as the test's steps."""

    name: ClassVar[str] = "ctrf"
    file: ClassVar[str] = "ctrf.json"

    def write(self, record: RunRecord, folder: Path) -> None:
        """Write the file. Raises MachineError."""
        text = escaped(json.dumps(_report(record), ensure_ascii=False, indent=1, allow_nan=False))
        write_atomically(folder / self.file, [text.encode("utf-8"), b"\n"])


def _report(record: RunRecord) -> dict[str, Any]:
    flat = list(suites(record))
    tests = [_test(suite, test) for suite in flat for test in suite.tests]
    count = {
        status: sum(test["status"] == status for test in tests)
        for status in ("passed", "failed", "pending", "skipped", "other")
    }
    start = _milliseconds(record.started)
    report: dict[str, Any] = {
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "reportId": str(uuid.uuid5(_NAMESPACE, record.id)),
        "generatedBy": "DICOM Fabricator",
        "results": {
            "tool": _tool(record),
            "summary": {
                "tests": len(tests),
                **count,
                "suites": len(flat),
                "start": start,
                "stop": start + _in_milliseconds(record.duration_s),
            },
            "tests": tests,
            "environment": _environment(record),
        },
    }
    ended = moment(record.finished) or moment(record.started)
    if ended is not None:
        report["timestamp"] = ended.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return report


def _tool(record: RunRecord) -> dict[str, str]:
    version = record.environment.get("fabricator")
    return {"name": "DICOM Fabricator"} | ({"version": str(version)} if version else {})


def _environment(record: RunRecord) -> dict[str, Any]:
    environment: dict[str, Any] = {
        "testEnvironment": record.site or "built-in",
        "extra": {"run": record.id, "seed": record.seed, "outcome": record.outcome},
    }
    if record.environment.get("platform"):
        environment["osPlatform"] = str(record.environment["platform"])
    return environment


def _test(suite: FlatSuite, test: FlatTest) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": test.name,
        "status": _STATUS[test.outcome],
        "duration": _in_milliseconds(test.duration_s),
        "suite": [part for part in dict.fromkeys((suite.scenario, suite.name)) if part] or ["run"],
        "rawStatus": test.outcome,
    }
    if test.message:
        entry["message"] = test.message
    if test.outcome not in ("passed", "skipped") and test.detail:
        entry["trace"] = test.detail
    step = test.step
    if step is None:
        return entry
    if step.started:
        entry["start"] = _milliseconds(step.started)
        entry["stop"] = entry["start"] + entry["duration"]
    if tags := [tag for tag in step.tags if tag]:
        entry["tags"] = tags
    if suite.case is not None and suite.case.scenario.file:
        entry["filePath"] = suite.case.scenario.file
    if step.line is not None:
        entry["line"] = step.line
    if step.attempts > 1:
        entry["retries"] = step.attempts - 1
        entry["flaky"] = step.outcome == "passed"
    checks = final_checks(step)
    if checks:
        entry["steps"] = [
            {"name": check.title or check.check or "-", "status": _STATUS[check.outcome]}
            for check in checks
        ]
    named = dict.fromkeys([*step.requirements, *(r for c in checks for r in c.requirements)])
    if named:
        entry["extra"] = {"requirements": list(named)}
    return entry


def _in_milliseconds(seconds: float) -> int:
    """Within what the schema takes, whatever a log says that somebody has edited."""
    return round(min(max(seconds, 0.0), _LONGEST_S) * 1000)


def _milliseconds(time: str | None) -> int:
    at = moment(time)
    return 0 if at is None else round(at.timestamp() * 1000)

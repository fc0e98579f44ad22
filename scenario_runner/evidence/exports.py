"""What other programs take in beside the reports: requirements as a table, a summary and annotations for GitHub."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from scenario_runner.evidence.flat import BAD, complaint, two_sides
from scenario_runner.evidence.html_text import seconds, visible
from scenario_runner.evidence.traceability import WORST_FIRST, final_checks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.evidence.record import RunRecord

_MOST_ROWS = 50
_MOST_ANNOTATIONS = 10
"""GitHub shows no more of one kind and step."""
_FORMULA = (*"=+-@\t\r\n", *"\uff0b\uff0d\uff1d\uff20")
"""A sign in front; some spreadsheets take those of full width, too."""


def requirements_csv(record: RunRecord) -> str:
    """A line for each thing that names a requirement; the outcome of the requirement stands in each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("requirement", "outcome", "case", "step", "check", "proof"))
    for one in record.requirements:
        for proof in one.proved_by:
            cells = (one.id, one.outcome, proof.case, proof.step, proof.check, proof.outcome)
            writer.writerow([_cell(cell) for cell in cells])
    return text.getvalue()


def _cell(text: str | None) -> str:
    """Text that no spreadsheet takes for a formula: it comes from scenarios of others."""
    shown = text or ""
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def requirements_json(record: RunRecord) -> str:
    """The same as one document."""
    document = {
        "schema": "requirements/v1",
        "run": record.id,
        "outcome": record.outcome,
        "requirements": [one.model_dump() for one in record.requirements],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def github_summary(record: RunRecord) -> str:
    """Markdown for the page of a job: how the run ended, and what did not pass."""
    passed = sum(case.outcome == "passed" for case in record.cases)
    lines = [
        f"## {record.outcome.capitalize()}: run {_markdown(record.id)}",
        "",
        f"{passed} of {len(record.cases)} cases passed in {seconds(record.duration_s)}.",
    ]
    rows = list(_failed(record))
    if rows:
        lines += ["", "| case | check | expected | actual |", "|---|---|---|---|"]
        lines += [f"| {' | '.join(map(_markdown, row))} |" for row in rows[:_MOST_ROWS]]
    if len(rows) > _MOST_ROWS:
        lines += ["", f"and {len(rows) - _MOST_ROWS:,} more"]
    return "\n".join(lines) + "\n\n"


def github_annotations(record: RunRecord) -> Iterator[str]:
    """Commands of a workflow, one for each of the first things that did not pass, at its line of the scenario."""
    number = 0
    for case in record.cases:
        for step in case.steps:
            if step.outcome not in BAD or number == _MOST_ANNOTATIONS:
                continue
            number += 1
            place = {"file": case.scenario.file, "title": f"{case.id}: {step.title or step.id}"}
            if step.line is not None:
                place["line"] = str(step.line)
            fields = ",".join(f"{key}={_property(text)}" for key, text in place.items() if text)
            yield f"::error {fields}::{_data(complaint(step) or step.outcome)}"


def _failed(record: RunRecord) -> Iterator[tuple[str, str, str, str]]:
    for case in sorted(record.cases, key=lambda case: WORST_FIRST.index(case.outcome)):
        bad = [step for step in case.steps if step.outcome in BAD]
        for step in bad:
            checks = [check for check in final_checks(step) if check.outcome in BAD]
            for check in checks:
                sides = two_sides(check.expected, check.actual, 120)
                yield case.id, check.title or check.check, *sides
            if not checks:
                yield case.id, step.title or step.id, "", complaint(step)
        if not bad and case.outcome in BAD:
            yield case.id, case.scenario.title or case.name, "", case.message


def _markdown(text: str) -> str:
    """Text that stays text in a cell of a table; what a PACS says is no markup."""
    shown = visible(text, 200).replace("\n", " ")
    for mark in "\\`*_[]<>|#!&~":
        shown = shown.replace(mark, f"&#{ord(mark)};") if mark in "<>&|" else shown
        if mark not in "<>&|":
            shown = shown.replace(mark, f"\\{mark}")
    return shown


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

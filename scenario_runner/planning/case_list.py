"""Which cases a scenario has: combinations of its matrix, rows of its table, arrivals of its load."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import InvalidInput
from scenario_runner.language.scenario import load_of
from scenario_runner.language.templates import render_tree, texts
from scenario_runner.language.variables import resolve_vars
from scenario_runner.planning.matrix import MAX_CASES, combinations
from scenario_runner.planning.value_problems import ValueProblem

if TYPE_CHECKING:
    from scenario_runner.language.loads import CaseLoad
    from scenario_runner.language.rows import Rows
    from scenario_runner.language.scenario import Scenario
    from scenario_runner.planning.findings import Findings

    Row = tuple[str, Mapping[str, Any], str]
    """The name that the case of a row is told by, the row, and where it stands."""

_OF_A_CASE = re.compile(r"\b(?:matrix|row)\b")
_VARIABLE = re.compile(r"\bvars\s*(?:\.|\[\s*['\"])\s*(\w+)")


def with_rows(
    found: Sequence[dict[str, Any]], rows: Rows | None, findings: Findings
) -> Iterator[tuple[dict[str, Any], Row | None]]:
    """Each combination with each row, which has the name that its case is told by."""
    if rows is None:
        yield from ((one, None) for one in found)
        return
    size = len(found) * len(rows.rows)
    if size > MAX_CASES:
        message = f"matrix and rows make {size} cases; {MAX_CASES} is the limit"
        findings.add(("rows",), ValueProblem("FAB309", message, "split the table"))
        return
    places = [f"{FilePath(rows.file).name}:{line}" for line in rows.lines]
    labelled = list(zip(rows.labels(), rows.rows, places, strict=True))
    yield from ((one, row) for row in labelled for one in found)


def every_combination(
    scenario: Scenario, base: Mapping[str, Any], findings: Findings
) -> list[dict[str, Any]]:
    """The matrix multiplied out; [] where it is wrong, which is told."""

    def report(path: tuple[str | int, ...], problem: ValueProblem) -> None:
        findings.add(("matrix", *path), problem, key=not path)

    matrix = scenario.header.matrix
    where = scenario.origins.where
    if any(True for _ in texts(matrix)):
        try:
            vars_ = _early(scenario, base)
            matrix = render_tree(matrix, {**base, "vars": vars_}, where, ("matrix",))
        except InvalidInput as error:
            for diagnostic in error.diagnostics:
                findings.take(diagnostic)
            return []
    return combinations(matrix, report)


def _early(scenario: Scenario, base: Mapping[str, Any]) -> Mapping[str, Any]:
    """Variables that are known before the case is: those that need neither the matrix nor a row. Raises InvalidInput."""
    written = {
        name: [text for _, text in texts(value)] for name, value in scenario.header.vars.items()
    }
    late = {name for name, found in written.items() if any(map(_OF_A_CASE.search, found))}
    while users := {
        name
        for name, found in written.items()
        if name not in late and any(late.intersection(_VARIABLE.findall(text)) for text in found)
    }:
        late |= users
    early = {name: value for name, value in scenario.header.vars.items() if name not in late}
    return resolve_vars(early, base, scenario.origins.where, ("vars",))


def case_load(scenario: Scenario, base: Mapping[str, Any], findings: Findings) -> CaseLoad | None:
    """How cases arrive; None where the scenario does not say, or says it wrongly, which is told."""
    if scenario.load is None:
        return None
    try:
        return load_of(scenario, {**base, "vars": _early(scenario, base)})
    except InvalidInput as error:
        for diagnostic in error.diagnostics:
            findings.take(diagnostic)
        return None

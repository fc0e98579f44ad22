"""A matrix as a grid: one axis across, the others down, and what came of each combination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.evidence.flat import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scenario_runner.evidence.record import CaseRecord

_FEWEST = 4
_MOST_ACROSS, _MOST_DOWN = 12, 100


def grids(cases: Sequence[CaseRecord], anchors: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """One for each scenario whose cases are combinations of the same axes and fit a page."""
    by_scenario: dict[str, list[CaseRecord]] = {}
    for case in cases:
        by_scenario.setdefault(case.scenario.name or case.name, []).append(case)
    for name, each in by_scenario.items():
        grid = _grid(each, anchors)
        if grid is not None:
            titles = {case.scenario.title for case in each}
            # One that names a value of the matrix is that of a case.
            title = titles.pop() if len(titles) == 1 else ""
            yield {"title": title or name, "cases": {case.id for case in each}, **grid}


def _grid(cases: Sequence[CaseRecord], anchors: Mapping[str, str]) -> dict[str, Any] | None:
    axes = list(cases[0].matrix)
    if len(cases) < _FEWEST or not axes or any(list(case.matrix) != axes for case in cases):
        return None
    values = {
        axis: list(dict.fromkeys(one_line(case.matrix[axis], 40) for case in cases))
        for axis in axes
    }
    # The axis with most values that still fit goes across: the page is as short as it can be.
    fitting = [axis for axis in axes if len(values[axis]) <= _MOST_ACROSS]
    if not fitting:
        return None
    across = max(fitting, key=lambda axis: len(values[axis]))
    down = [axis for axis in axes if axis != across]
    rows: dict[tuple[str, ...], dict[str, dict[str, Any]]] = {}
    for case in cases:
        place = tuple(one_line(case.matrix[axis], 40) for axis in down)
        cells = rows.setdefault(place, {})
        column = one_line(case.matrix[across], 40)
        if column in cells:
            return None  # two values that look alike would hide one case behind the other
        cells[column] = {"outcome": case.outcome, "id": case.id, "anchor": anchors.get(case.id)}
    if len(rows) > _MOST_DOWN:
        return None
    return {
        "across": across,
        "columns": values[across],
        "down": down,
        "rows": [
            {"place": place, "cells": [cells.get(column) for column in values[across]]}
            for place, cells in rows.items()
        ],
    }

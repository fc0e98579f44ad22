"""What is known of a scenario and its steps before any has run, as evidence and plans tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.fields.scalars import as_written
from scenario_runner.language.template_limits import TemplateProblem
from scenario_runner.language.templates import is_template, render_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.language.entries import StepEntry
    from scenario_runner.language.scenario import Scenario
    from scenario_runner.planning.plan import PlannedCase


def scenario_facts(scenario: Scenario, case: PlannedCase) -> dict[str, Any]:
    """What the evidence says about a scenario; title and description are those of the case."""
    header = scenario.header
    names = {"vars": case.vars, "matrix": case.matrix, "row": case.row or {}}
    return {
        "name": header.name,
        "title": _told(header.title, names),
        "version": header.version,
        "description": _told(header.description, names),
        "file": scenario.document.file,
        "phase": header.phase,
        "tags": list(header.tags),
        "requirements": list(header.requirements),
        "sources": list(dict.fromkeys(one.source for one in case.sources.values())),
        "elsewhere": list(dict.fromkeys(one.called for one in case.sources.values() if one.called)),
    }


def _told(text: str, names: Mapping[str, Any]) -> str:
    """A text with its templates rendered; as written where that cannot be done."""
    if not is_template(text):
        return text
    try:
        return str(as_written(render_text(text, names)))
    except TemplateProblem:
        return text


def planned_steps(scenario: Scenario) -> list[dict[str, Any]]:
    """All steps of a scenario in order, with what they and their checks verify."""
    return [
        {
            "id": entry.id,
            "step": entry.step,
            "title": entry.title or "",
            "section": entry.section,
            "requirements": list(entry.requirements),
            "check_requirements": _check_requirements(entry),
            "tags": list(entry.tags),
            "line": entry.origins.where(entry.path).line,
        }
        for entry in (*scenario.setup, *scenario.steps, *scenario.final)
    ]


def _check_requirements(entry: StepEntry) -> list[str]:
    """What the checks of an entry verify, known before any is evaluated."""
    checks = entry.parameters if isinstance(entry.parameters, list) else []
    named = [check.get("requirements") or () for check in checks if isinstance(check, dict)]
    return list(dict.fromkeys(str(one) for several in named for one in several))

"""What is known of a scenario and its steps before any has run, as evidence and plans tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scenario_runner.fields.scalars import as_written
from scenario_runner.language.template_limits import TemplateProblem
from scenario_runner.language.templates import is_template, render_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.language.entries import StepEntry
    from scenario_runner.language.scenario import Scenario
    from scenario_runner.planning.plan import PlannedCase


_SHIPPED: Final = ("hl7", "fhir", "csv", "json", "yaml", "registry")
"""Sources that may have parameters beside them under ``from``."""


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
        "sources": _sources(scenario.document.data),
    }


def _sources(data: Any) -> list[str]:
    """Where the scenario has patients from, by the names of the sources; none where it says itself who they are."""
    entries = data.get("patients") if isinstance(data, dict) else None
    asked = [
        one["from"]
        for one in (entries if isinstance(entries, list) else ())
        if isinstance(one, dict) and isinstance(one.get("from"), dict) and one["from"]
    ]
    named = (next((key for key in one if key in _SHIPPED), next(iter(one))) for one in asked)
    return list(dict.fromkeys(map(str, named)))


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

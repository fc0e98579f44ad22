"""What is known of a scenario and its steps before any has run, as evidence and plans tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenario_runner.language.entries import StepEntry
    from scenario_runner.language.scenario import Scenario


def scenario_facts(scenario: Scenario) -> dict[str, Any]:
    """What the evidence says about a scenario."""
    header = scenario.header
    return {
        "name": header.name,
        "title": header.title,
        "version": header.version,
        "description": header.description,
        "file": scenario.document.file,
        "phase": header.phase,
        "tags": list(header.tags),
        "requirements": list(header.requirements),
    }


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

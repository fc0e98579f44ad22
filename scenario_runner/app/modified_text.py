"""Text that ``generate: {modify: …}`` sets has to be in the character sets that the plan declares (FAB314)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.errors import Diagnostic
from scenario_runner.language.templates import has_template
from scenario_runner.planning.given_character_sets import unwritable_tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scenario_runner.language.scenario import Scenario
    from scenario_runner.planning.blueprint import CasePart

_STEP, _KEY = "generate", "modify"


def unwritable(scenario: Scenario, cases: Iterable[CasePart]) -> list[Diagnostic]:
    """What cannot be written, at its place.

    Only what is certain beforehand: a step under a condition, one for a part of the plan, and text from
    a template are told when they run.
    """
    return [
        Diagnostic(problem.code, scenario.document.where(path), problem.message, problem.hint)
        for entry in (*scenario.steps, *scenario.final)
        if entry.step == _STEP and entry.when is None and isinstance(entry.parameters, dict)
        if not entry.parameters.get("only")
        for path, problem in unwritable_tags(
            _certain(entry.parameters.get(_KEY)), (*entry.parameters_path, _KEY), _studies(cases)
        )
    ]


def _studies(cases: Iterable[CasePart]) -> Iterator[tuple[Any, Any]]:
    return (
        (patient, study) for case in cases for patient in case.patients for study in patient.studies
    )


def _certain(modify: Any) -> dict[str, Any]:
    """The values without those of templates."""
    given = modify if isinstance(modify, dict) else {}
    return {key: value for key, value in given.items() if not has_template(value)}

"""What of the plan a step is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from scenario_runner.errors import UsageError
from scenario_runner.fields.types import Text

if TYPE_CHECKING:
    from scenario_runner.api import StepContext
    from scenario_runner.planning.plan import PlannedStudy

_SHOWN = 10


def _by_its_name(value: Any) -> Any:
    """A patient or study that a template gave whole, by what names it."""
    if isinstance(value, Mapping):
        return value.get("uid") or value.get("id") or value
    return value


OfPlan = Annotated[Text, BeforeValidator(_by_its_name)]
"""A patient or study of the plan: by its number, UID or key, or itself (``{{ patients[1] }}``)."""


def study_called(context: StepContext, of: str | None) -> PlannedStudy:
    """The study with this accession number, StudyInstanceUID or key (``p1.s2``); None: the first one.

    Raises UsageError when the plan has no such study.
    """
    studies = list(context.case.studies())
    for study in studies:
        if of in (None, study.accession, study.uid, study.id):
            return study
    known = ", ".join(f"{study.id} ({study.accession})" for study in studies[:_SHOWN])
    raise UsageError(
        "the plan has no study" if of is None else f"the plan has no study '{of}'",
        hint=f"there is: {known}" if known else "give a patient a study",
    )

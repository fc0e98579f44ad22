"""Attributes that a step sets: their values are held to their VRs before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from scenario_runner.fields.types import Attributes
from scenario_runner.language.dicom_text import as_key, set_as_dicom_has_them
from scenario_runner.language.templates import has_template
from scenario_runner.planning import judged
from scenario_runner.planning.tags import check_tags

if TYPE_CHECKING:
    from scenario_runner.planning.value_problems import ValueProblem


Problems = list[tuple[tuple[str | int, ...], "ValueProblem"]]


def _fitting(values: dict[str, Any]) -> dict[str, Any]:
    """Values of the form of their VR, as ``tags`` takes them. Raises PydanticCustomError.

    What a template makes is looked at when it is made; unknown keywords are told by their names.
    """
    _tell(_misfits(values))
    return values


def _conforming(values: dict[str, Any]) -> dict[str, Any]:
    """The same, and such as can stand in an object of any kind."""
    found = _misfits(values)
    _tell(found or judged.problems(_known(values), judged.Object()))
    return values


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if not has_template(value)}


def _misfits(values: dict[str, Any]) -> Problems:
    problems: Problems = []
    check_tags(_known(values), lambda path, problem: problems.append((path, problem)))
    return problems


def _tell(problems: Problems) -> None:
    for path, problem in problems:
        if not problem.of_key:
            about = {"place": path[:1], "message": problem.message, "hint": problem.hint}
            raise PydanticCustomError("no_such_key", "{message}", about)


def _fitting_message(values: dict[str, Any]) -> dict[str, Any]:
    """The same, days and times also as people write them, for messages take them so."""
    _fitting({key: as_key(key, value) for key, value in values.items()})
    return values


Modified = Annotated[Attributes, AfterValidator(set_as_dicom_has_them), AfterValidator(_conforming)]
"""Attributes by keyword with the values that a step gives them in objects, as in ``tags``."""
ModifiedMessage = Annotated[Attributes, AfterValidator(_fitting_message)]
"""The same in a message."""

"""A step list by itself, as ``fabricate validate`` checks it: with parameters nobody has given yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.errors import Diagnostic, in_file_order
from scenario_runner.language.expansion import expanded_list
from scenario_runner.language.references import check_references
from scenario_runner.language.scenario_names import check_list_names
from scenario_runner.language.schema import steps_schema
from scenario_runner.language.schema_marks import marks
from scenario_runner.language.step_lists import StepLists, step_list

if TYPE_CHECKING:
    from scenario_runner.hooks import Offered
    from scenario_runner.language.document import Document


def step_list_findings(document: Document, plugins: Offered, lists: StepLists) -> list[Diagnostic]:
    """Everything that is wrong with a step list whatever scenario uses it, and with the lists it uses."""
    listed = step_list(document, plugins)
    if listed.found:
        return list(listed.found)
    whole, found = expanded_list(listed, plugins, lists)
    marked = marks(steps_schema(plugins), whole.data)
    found += check_references(whole, marked, None, plugins)
    found += check_list_names(whole, plugins, marked, listed.header.parameters)
    return in_file_order(found)

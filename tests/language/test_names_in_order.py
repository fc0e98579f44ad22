"""A name is known once the step that saves it comes before, in the order the steps run."""

from __future__ import annotations

import pytest

from scenario_runner.errors import InvalidInput
from scenario_runner.language.loader import parse_document
from scenario_runner.language.scenario import check_scenario
from scenario_runner.plugins import Plugins

QUERY = "query: {on: pacs, level: study}"


def check(text: str) -> None:
    document = parse_document(f"schema: scenario/v1\nname: x\n{text}", "x.yaml")
    check_scenario(document, Plugins(outside=False))


def test_finally_knows_what_the_steps_saved_also_when_it_stands_first() -> None:
    check(
        "finally:\n  - log: {message: '{{ found | length }}'}\n"
        f"steps:\n  - {QUERY}\n    save_as: found\n"
    )


def test_a_name_that_is_saved_too_late_says_where() -> None:
    with pytest.raises(InvalidInput) as caught:
        check(
            "steps:\n  - log: {message: '{{ found | length }}'}\n"
            f"  - {QUERY}\n    save_as: found\n"
        )
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.where.line == 4
    assert diagnostic.hint == "the step at line 5 saves it, which does not run before"


def test_item_outside_of_for_each_says_what_it_is_for() -> None:
    with pytest.raises(InvalidInput) as caught:
        check("steps:\n  - log: {message: '{{ item }}'}\n")
    assert caught.value.diagnostics[0].hint == "'item' is known in a step with for_each"

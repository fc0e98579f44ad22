"""Tag expressions select what a person means."""

from __future__ import annotations

import pytest

from scenario_runner.app.select import matches
from scenario_runner.errors import UsageError


@pytest.mark.parametrize(
    ("expression", "tags", "selected"),
    [
        ("smoke", ["smoke"], True),
        ("smoke", ["ct"], False),
        ("smoke and ct", ["smoke", "ct"], True),
        ("smoke and ct", ["smoke"], False),
        ("smoke or ct", ["ct"], True),
        ("not slow", [], True),
        ("smoke and not (slow or wip)", ["smoke", "wip"], False),
        ("smoke and not (slow or wip)", ["smoke"], True),
        ("a or b and c", ["a"], True),
        ("(a or b) and c", ["a"], False),
        ("not not a", ["a"], True),
        ("PACS-001", ["PACS-001"], True),
    ],
)
def test_expression(expression: str, tags: list[str], selected: bool) -> None:
    assert matches(expression, tags) is selected


@pytest.mark.parametrize(
    "expression", ["", "a b", "and", "a and", "(a", "a)", "not", "()", "(" * 99]
)
def test_nonsense_is_refused_with_a_hint(expression: str) -> None:
    with pytest.raises(UsageError) as caught:
        matches(expression, ["a"])
    assert caught.value.hint

"""The reference page for templates names everything that can be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenario_runner.language.shapes import planned_shapes
from scenario_runner.language.template_filters import FILTERS
from scenario_runner.language.template_operators import TEXT_METHODS
from scenario_runner.language.template_tests import TESTS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "templates.md"
ATTRIBUTES = {
    key for shape in planned_shapes().values() if shape.item for key in shape.item.attributes or ()
}


@pytest.mark.parametrize(
    "name", sorted({*FILTERS, *TESTS, *TEXT_METHODS, *planned_shapes(), *ATTRIBUTES})
)
def test_the_reference_names_it(name: str) -> None:
    assert f"`{name}`" in PAGE.read_text(encoding="utf-8")

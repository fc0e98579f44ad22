"""Every template diagnostic has an example whose rendering, as a user sees it, is stored."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scenario_runner.errors import InvalidInput
from scenario_runner.language.catalogue import TITLES
from scenario_runner.language.loader import parse_document
from scenario_runner.language.rendering import lines_of, render
from scenario_runner.language.scenario import check_scenario
from scenario_runner.plugins import Plugins

INVALID = Path(__file__).parents[1] / "examples" / "invalid"
CODES = sorted(code for code in TITLES if code.startswith("FAB2"))


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return Plugins(outside=False)


@pytest.mark.parametrize("code", CODES)
def test_the_example_is_refused_with_the_words_that_are_stored(code: str, plugins: Plugins) -> None:
    (example,) = INVALID.glob(f"{code}_*.yaml")
    text = example.read_text(encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        check_scenario(parse_document(text, example.name), plugins)
    assert {each.code for each in caught.value.diagnostics} == {code}
    shown = render(caught.value.diagnostics, source=lambda _: lines_of(text))
    stored = example.with_suffix(".txt").read_text(encoding="utf-8")
    assert shown == re.sub(r"(?m)^\S*?(?=FAB\d{3}_)", "", stored)

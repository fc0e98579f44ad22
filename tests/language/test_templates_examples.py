"""Every template diagnostic has an example whose rendering, as a user sees it, is stored."""

from __future__ import annotations

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
    text = (INVALID / f"{code}.yaml").read_text(encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        check_scenario(parse_document(text, f"{code}.yaml"), plugins)
    assert {each.code for each in caught.value.diagnostics} == {code}
    shown = render(caught.value.diagnostics, source=lambda _: lines_of(text))
    assert shown == (INVALID / f"{code}.txt").read_text(encoding="utf-8")

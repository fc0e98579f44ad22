"""Rules that a scenario names under ``finds``: a misspelt one is told before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scenario_runner.plugins import Plugins
from tests.language.reading import findings

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = """
from scenario_runner.api import hookimpl


class Site:
    name = "site"

    def version(self):
        return "1"

    def check(self, file):
        return []

    def check_study(self, files):
        return []


class Telling(Site):
    name = "telling"

    def rules(self):
        return frozenset({"room-number"})


@hookimpl
def fabricate_validators():
    return [Site(), Telling()]
"""


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ("finds: [anything], with: [site]", ""),
        ("finds: [anything], with: [standard, site]", ""),
        ("finds: [room-number], with: [telling]", ""),
        ("finds: [room-numbr], with: [telling]", "did you mean 'room-number'"),
        ("finds: [room-number]", "no rule of 'standard'"),
        ("finds: [anything], with: '{{ vars.judges }}'", ""),
        ("finds: [anything], with: ['{{ vars.judges[0] }}']", ""),
        ("finds: ['{{ vars.judges[0] }}']", ""),
    ],
)
def test_a_rule_has_to_be_one_of_the_validators_that_are_asked(
    tmp_path: Path, parameters: str, told: str
) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "site.py").write_text(PLUGIN, encoding="utf-8")
    scenario = tmp_path / "rules.yaml"
    scenario.write_text(
        "schema: scenario/v1\nname: rules\nvars: {judges: [site]}\n"
        f"steps:\n  - generate: {{}}\n  - validate: {{{parameters}}}\n",
        encoding="utf-8",
    )
    found = findings(scenario, Plugins([folder], outside=False))
    if not told:
        assert found == []
        return
    (only,) = found
    assert told in only.message
    assert only.where.line == 6
    assert only.where.column == len("  - validate: {finds: [") + 1


def test_every_rule_that_a_built_in_fault_breaks_can_be_named() -> None:
    plugins = Plugins(outside=False)
    known = plugins.rules("standard") or frozenset()
    for name, fault in plugins.named("fabricate_faults").items():
        assert known >= {*fault.facts.rules, *fault.facts.also}, name

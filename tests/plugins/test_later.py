"""What a hook gives by name is what it says, and a plugin's mistakes show before a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scenario_runner.errors import PluginError
from scenario_runner.plugins import Plugins

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = """
from scenario_runner.hooks import Later, hookimpl

@hookimpl
def fabricate_steps():
    return [Later("lazy", "{place}")]
"""


@pytest.mark.parametrize("hook", ["fabricate_steps", "fabricate_checks", "fabricate_target_kinds"])
def test_every_built_in_has_the_name_under_which_it_is_found(hook: str) -> None:
    things = Plugins(outside=False).named(hook)
    assert len(things) == len(list(things)) > 3
    for name in things:
        assert name in things
        assert things[name].name == name
        assert things[name] is things[name]
    assert "nothing_like_that" not in things
    assert things.get("nothing_like_that") is None


def test_a_plugin_can_give_a_place_and_is_called_what_its_class_is(tmp_path: Path) -> None:
    place = "scenario_runner.steps.log:Log"
    (tmp_path / "lazy.py").write_text(PLUGIN.format(place=place), encoding="utf-8")
    with pytest.raises(PluginError, match=r"'log' is claimed by two plugins: .* 'lazy.py'"):
        Plugins([tmp_path], outside=False).steps()


def test_a_plugin_that_names_a_class_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "lazy.py").write_text(PLUGIN.format(place="nowhere:Lost"), encoding="utf-8")
    with pytest.raises(PluginError, match=r"plugin 'lazy.py' failed in fabricate_steps"):
        Plugins([tmp_path], outside=False).require_all()


def test_a_step_called_as_one_of_the_programs_own_is_refused(tmp_path: Path) -> None:
    text = PLUGIN.replace('"lazy"', '"case"').format(
        place="scenario_runner.steps.load.cases:CasesUnderLoad"
    )
    (tmp_path / "lazy.py").write_text(text, encoding="utf-8")
    with pytest.raises(PluginError, match=r"'lazy\.py' claims 'case', which is a name of"):
        Plugins([tmp_path], outside=False).require_all()

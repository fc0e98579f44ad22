"""A list that cannot be used takes the names it saves with it, which is one mistake and not several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.app.load import Sources
from scenario_runner.app.validate import validate
from tests.libraries.trees import library, scenario, step_list, write

if TYPE_CHECKING:
    from pathlib import Path


def test_what_a_list_would_have_saved_is_not_missed_where_it_is_used(tmp_path: Path) -> None:
    query = {"query": {"on": "pacs", "level": "study"}, "save_as": "found", "id": "find"}
    files = {
        "libs/l/library.yaml": library("l"),
        "libs/l/steps/look.yaml": step_list("look", [query]),
        "s.yaml": scenario(
            {"use": {"steps": "l/look@^2"}, "id": "u"},
            {"log": {"message": "{{ found | length }} {{ studies[0].acession }}"}},
            {"assert": [{"duration": {"of": "u.find", "max": "1m"}}]},
        ),
    }
    write(tmp_path, files)
    found = validate(Sources(paths=[tmp_path / "s.yaml"])).diagnostics
    assert [one.code for one in found] == ["FAB603", "FAB204"]

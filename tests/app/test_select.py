"""Tag expressions select what a person means."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenario_runner.app.load import Sources, load
from scenario_runner.app.select import matches
from scenario_runner.errors import InvalidInput, UsageError
from tests.running import write_scenario, write_site


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


def test_what_the_tags_leave_out_is_not_held_against_the_site(tmp_path: Path) -> None:
    service = {"host": "127.0.0.1", "port": 104, "ae_title": "PACS"}
    site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
    library = tmp_path / "library"
    library.mkdir()
    write_scenario(library / "dimse.yaml", [{"send": {"to": "pacs"}}])
    web = [{"send": {"to": "pacs", "via": "stow"}}]
    write_scenario(library / "web.yaml", web, tags=["dicomweb"])
    loaded = load(Sources(paths=[library], site=site, tag="not dicomweb"))
    assert {scenario.header.name for scenario in loaded.scenarios} == {"dimse", "web"}
    for tag in (None, "dicomweb"):
        with pytest.raises(InvalidInput, match="dicomweb"):
            load(Sources(paths=[library], site=site, tag=tag))

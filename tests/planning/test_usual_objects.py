"""The kept usual objects are what imaging makes, and nothing is wrong with them."""

from __future__ import annotations

import pytest

from scenario_runner.conformance.standard import judge
from scenario_runner.imaging.modalities import defaults
from scenario_runner.planning.usual_objects import FILE, usual_object
from scenario_runner.reference.usual_objects import table

CLASSES = [(kind.key, uid) for kind in defaults.ALL for uid in kind.sop_class_uids]


@pytest.mark.parametrize(("kind", "sop_class_uid"), CLASSES)
def test_a_scenario_that_sets_nothing_is_not_accused(kind: str, sop_class_uid: str) -> None:
    found = usual_object(kind, sop_class_uid)
    assert found is not None
    assert found.sop_class == sop_class_uid
    assert [each for each in judge(found) if each.severity == "error"] == []


def test_tags_are_judged_in_the_objects_that_are_made_now() -> None:
    told = "run `python dev.py regenerate`: the kept usual objects are older than imaging"
    assert table() == FILE.read_text(encoding="ascii"), told


def test_a_kind_of_a_plugin_has_none() -> None:
    assert usual_object("ZZ", "1.2.3") is None

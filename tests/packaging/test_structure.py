"""The modules stand above one another."""

from __future__ import annotations

import re
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[2]


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = grimp.build_graph("scenario_runner", cache_dir=None)
    below = {each: graph.find_modules_directly_imported_by(each) for each in graph.modules}
    TopologicalSorter(below).prepare()  # raises CycleError, which names them


def test_the_map_shows_the_rooms_in_the_order_in_which_they_may_import() -> None:
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = layers["tool"]["importlinter"]["contracts"][0]
    allowed = [set(re.findall(r"\w+", layer)) for layer in contract["layers"]]
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", page.partition("## Three walks")[0], re.MULTILINE)
    shown = [set(re.findall(r"`(\w+)/?`", row)) for row in rows]
    assert set().union(*shown) == set().union(*allowed)
    place = {room: number for number, layer in enumerate(allowed) for room in layer}
    tops = [min(place[room] for room in row) for row in shown]
    assert tops == sorted(tops)

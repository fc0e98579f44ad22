"""The modules stand above one another, and tests keep to what holds for all of them."""

from __future__ import annotations

import ast
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


def test_no_module_imports_the_face_of_the_package_which_loads_the_roof() -> None:
    graph = grimp.build_graph("scenario_runner", cache_dir=None)
    assert graph.find_modules_that_directly_import("scenario_runner") == set()


def test_the_map_shows_the_rooms_in_the_order_in_which_they_may_import() -> None:
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = layers["tool"]["importlinter"]["contracts"][0]
    allowed = [set(re.findall(r"\w+", layer)) for layer in contract["layers"]]
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", page.partition("## Rooms within rooms")[0], re.MULTILINE)
    shown = [set(re.findall(r"`(\w+)/?`", row)) for row in rows]
    assert set().union(*shown) == set().union(*allowed)
    place = {room: number for number, layer in enumerate(allowed) for room in layer}
    tops = [min(place[room] for room in row) for row in shown]
    assert tops == sorted(tops)


def test_the_map_names_every_package_within_a_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("## Rooms within rooms")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)/` \| (.*) \|$", table, re.MULTILINE))
    named = {room: set(re.findall(r"`(\w+)`", row)) for room, row in rows.items()}
    package = ROOT / "scenario_runner"
    within = {
        (path.parent.parent.name, path.parent.name) for path in package.glob("*/*/__init__.py")
    }
    assert sorted(f"{room}/{one}" for room, one in within if one not in named.get(room, ())) == []
    gone = [
        f"{room}/{one}"
        for room, ones in named.items()
        for one in ones
        if not (package / room / one).is_dir()
    ]
    assert gone == []


def test_every_request_of_a_test_says_how_long_it_waits() -> None:
    """By itself httpx2 gives up after five seconds, which a busy machine takes for one answer."""
    verbs = {"get", "post", "put", "delete", "patch", "head", "options", "request", "stream"}
    verbs |= {"Client", "AsyncClient"}
    bare = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in (ROOT / "tests").rglob("*.py")
        if "httpx2" in (text := path.read_text("utf-8"))
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in verbs
        and ast.unparse(call.func.value) == "httpx2"
        and not {word.arg for word in call.keywords} & {"timeout", None}
    ]
    assert bare == []


def test_bytes_are_written_as_they_are_on_windows_too() -> None:
    """A file that ``os.open`` has opened without O_BINARY gets two bytes for each line feed there."""
    texts = {path: path.read_text("utf-8") for path in (ROOT / "scenario_runner").rglob("*.py")}
    writing = {path for path, text in texts.items() if "os.open(" in text and "os.write(" in text}
    assert writing
    assert [path.name for path in writing if "O_BINARY" not in texts[path]] == []

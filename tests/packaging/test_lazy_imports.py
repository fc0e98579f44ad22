"""An import inside a function has a reason: it saves a start something that is not needed."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "scenario_runner"
MOST = 3
"""Modules of ours that may come along with an import: up to so many it stands at the top."""
LATER = {
    "fcntl": "not on every system",
    "termios": "not on every system",
    "tty": "not on every system",
    "resource": "not on every system",
    "ctypes": "for what makes pictures, whose numpy loads it",
    "difflib": "for a word that was mistyped",
    "ipaddress": "for a range of addresses",
    "tomllib": "for a file of settings",
    "subprocess": "for what an interrupted run leaves to be removed",
    "tempfile": "for a defect's report",
    "traceback": "for a defect's report",
    "webbrowser": "for --open, and where there is no terminal",
    "zoneinfo": "for a site's time zone",
    "click.shell_completion": "for completion",
}
"""Modules of the standard library, and parts of one, that take time or are not everywhere."""
FIRST = {
    ("scenario_runner.cli", "scenario_runner.cli.lazy_pydicom"): "after the environment is set"
}
"""Imports whose moment matters."""

TOP: dict[str, set[str]] = defaultdict(set)
INSIDE: list[tuple[str, int, str]] = []


def modules() -> dict[str, Path]:
    named = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        named[".".join(parts).removesuffix(".__init__")] = path
    return named


MODULES = modules()


def targets(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    inner = [f"{node.module}.{alias.name}" for alias in node.names]
    return [each if each in MODULES else str(node.module) for each in inner]


def read(module: str, body: list[ast.stmt], *, inside: bool) -> None:
    for each in body:
        if isinstance(each, ast.Import | ast.ImportFrom):
            if inside:
                INSIDE.extend((module, each.lineno, target) for target in targets(each))
            else:
                TOP[module].update(targets(each))
            continue
        if isinstance(each, ast.If) and "TYPE_CHECKING" in ast.unparse(each.test):
            read(module, each.orelse, inside=inside)
            continue
        within = inside or isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        for part in blocks(each):
            read(module, part, inside=within)


def blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for name in ("handlers", "cases"):
        for each in getattr(statement, name, []):
            yield each.body


@cache
def loaded(module: str) -> frozenset[str]:
    """What importing a module loads: itself, what it imports at the top, and so on."""
    found: set[str] = set()
    rest = [module]
    while rest:
        one = rest.pop()
        if one in found:
            continue
        found.add(one)
        if one in MODULES:
            rest += [one.rpartition(".")[0], *TOP[one]]
    return frozenset(found - {""})


def saved(module: str, target: str) -> tuple[set[str], set[str]]:
    """Modules of ours, and packages of others, that an import inside a function leaves for later."""
    before = loaded(module)
    new = loaded(target) - before
    packages = {each.partition(".")[0] for each in new} - {
        each.partition(".")[0] for each in before
    }
    ours = {each for each in new if each.startswith("scenario_runner")}
    return ours, packages - set(sys.stdlib_module_names) - {"scenario_runner"}


@cache
def inside() -> list[tuple[str, int, str]]:
    """Module, line and target of each import in a function; ``TOP`` is filled meanwhile."""
    for module, path in MODULES.items():
        read(module, ast.parse(path.read_text(encoding="utf-8")).body, inside=False)
    return INSIDE


def test_an_import_inside_a_function_saves_a_start_something() -> None:
    assert len(inside()) > 100, "they are found at all"
    idle = []
    for module, line, target in inside():
        ours, others = saved(module, target)
        later = target in LATER and target not in loaded(module)
        if len(ours) > MOST or others or later or (module, target) in FIRST:
            continue
        idle.append(f"{MODULES[module].relative_to(ROOT.parent)}:{line} {target}")
    assert not idle, "these belong at the top: " + ", ".join(idle)


def test_what_is_said_to_be_loaded_later_is() -> None:
    used = {target for _, _, target in inside()}
    assert used >= LATER.keys(), "a reason outlived its import"
    assert {(module, target) for module, _, target in inside()} >= FIRST.keys()

"""What the program imports is what its package asks for, no more and no less."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions

from tests.running import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOADED_BY_PYDICOM = {"pylibjpeg"}
"""It finds its codecs through this one; nobody here imports it by name."""


ONLY_FILES = {"fastapi-offline"}
"""Its code is not run: files of it are served."""


LOADED_BY_PYTHON = {"tzdata"}
"""The time zones of Windows, which has none that zoneinfo can read."""


def named(requirements: list[str]) -> set[str]:
    return {normal(re.split(r"[<>=;\[]", one)[0]) for one in requirements}


def normal(name: str) -> str:
    return name.lower().replace("_", "-")


@cache
def imported() -> frozenset[str]:
    """Distributions that some module of the package imports, wherever in it."""
    modules: set[str] = set()
    for path in (ROOT / "scenario_runner").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
    known = packages_distributions()
    foreign = modules - set(sys.stdlib_module_names) - {"scenario_runner"}
    names = (name for module in foreign for name in known.get(module, [module])[:1])
    return frozenset(map(normal, names))


def test_every_import_is_declared() -> None:
    optional = PROJECT["optional-dependencies"]
    extras = set[str]().union(*(named(optional[one]) for one in optional.keys() - {"dev"}))
    declared = named(PROJECT["dependencies"]) | extras
    assert imported() - declared == {"pydantic-core"}, "which comes with pydantic"


def test_every_dependency_is_imported() -> None:
    elsewhere = LOADED_BY_PYDICOM | LOADED_BY_PYTHON | ONLY_FILES
    assert named(PROJECT["dependencies"]) - imported() == elsewhere


def test_every_dependency_is_pinned() -> None:
    pins = (ROOT / "constraints.txt").read_text("utf-8").lower().splitlines()
    pinned = {normal(line.partition("==")[0]) for line in pins}
    optional = PROJECT["optional-dependencies"]
    wanted = named(PROJECT["dependencies"]).union(*map(named, optional.values()))
    assert wanted <= pinned

"""Only the command line asks its process for variables, the working folder and signals.

A web server beside it has other users, another folder and signals of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import scenario_runner

PACKAGE = Path(scenario_runner.__file__).parent
ASKS = {
    ("os", "environ"), ("os", "environb"), ("os", "getenv"), ("os", "getcwd"), ("os", "chdir"),
    ("Path", "cwd"), ("Path", "home"),
}  # fmt: skip

OWN_PROCESS = {
    "pytest_plugin.py": "pytest is its command line",
    "app/cluster/request.py": "a worker of Dask has its own",
}
"""Modules that are where a process begins, with the reason."""


def asked(tree: ast.AST) -> Iterator[str]:
    """What a module asks its process for, however it imports it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name == "signal")
        elif isinstance(node, ast.ImportFrom):
            names = [each.name for each in node.names]
            yield from (n for n in names if node.module == "signal" or (node.module, n) in ASKS)
        elif isinstance(node, ast.Attribute) and (ast.unparse(node.value), node.attr) in ASKS:
            yield ast.unparse(node)


def test_nobody_but_the_command_line_asks_the_process() -> None:
    found = {
        f"{file.relative_to(PACKAGE)}: {what}"
        for file in sorted(PACKAGE.rglob("*.py"))
        if file.relative_to(PACKAGE).parts[0] != "cli"
        and file.relative_to(PACKAGE).as_posix() not in OWN_PROCESS
        for what in asked(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert found == set()


def test_each_way_of_asking_is_seen() -> None:
    text = "import signal\nfrom os import environ\nfrom signal import SIGINT\nos.getenv('A')\nPath.cwd()"
    assert list(asked(ast.parse(text))) == ["signal", "environ", "SIGINT", "os.getenv", "Path.cwd"]

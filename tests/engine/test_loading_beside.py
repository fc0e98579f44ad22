"""Branches find pydicom loaded: two that began at different modules of it failed with a deadlock of imports."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from types import SimpleNamespace
from scenario_runner.engine.beside import beside

assert "pydicom" not in sys.modules
print(*beside([[], []], lambda _: hasattr(sys.modules.get("pydicom"), "dcmread"), SimpleNamespace()))
"""


def test_no_branch_is_the_first_to_import_pydicom() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "True"]

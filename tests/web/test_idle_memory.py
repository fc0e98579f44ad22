"""A service holds in memory what it needs: what only pictures and matching take is loaded by the first that does."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
import scenario_runner.web.serving
print(*(name for name in ("pydicom", "numpy", "PIL", "rapidfuzz") if name in sys.modules))
"""


def test_a_service_that_nobody_has_asked_for_a_picture_has_no_picture_libraries() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

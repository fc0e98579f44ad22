"""Reading what modalities there are loads nothing heavy: ``validate`` and ``plan`` need no pixels."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from scenario_runner.imaging.built_in import fabricate_iod_builders, fabricate_phantoms
from scenario_runner.imaging.factory import InstanceFactory, contexts
assert [b.defaults for b in fabricate_iod_builders()] and [p.name for p in fabricate_phantoms()]
heavy = {"numpy", "pydicom", "PIL", "pynetdicom"} & set(sys.modules)
assert not heavy, heavy
"""


def test_modalities_and_phantoms_are_known_without_numpy_or_pydicom() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

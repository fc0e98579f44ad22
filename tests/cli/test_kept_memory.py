"""What a run frees it has again, and the system need not clear new pages for each picture."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

PICTURES = """
import resource
from scenario_runner.cli.kept_memory import keep_memory
if {kept}:
    keep_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    bytearray(64 << 20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages(*, kept: bool) -> int:
    """How many are taken anew for twenty pictures of 64 MB, one after the other."""
    command = [sys.executable, "-c", PICTURES.format(kept=kept)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc that is told")
def test_a_picture_takes_the_memory_of_the_one_before() -> None:
    assert pages(kept=True) < pages(kept=False) / 2

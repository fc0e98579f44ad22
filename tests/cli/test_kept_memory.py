"""What a run frees it has again, and the system need not clear new pages for each picture."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from scenario_runner.cli.kept_memory import set_options

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


@pytest.mark.parametrize(
    ("most", "kept"), [(1 << 30, (-3, 1 << 28)), (1 << 25, (-3, 1 << 25)), (0, None)]
)
def test_an_older_library_keeps_as_much_as_it_takes(
    most: int, kept: tuple[int, int] | None
) -> None:
    """Refused, and the other threshold set, blocks of 128 KiB and more would go back to the system at once."""
    taken: list[tuple[int, int]] = []

    def mallopt(option: int, value: int) -> int:
        if option == -3 and value > most:
            return 0
        taken.append((option, value))
        return 1

    set_options(mallopt)
    thresholds = [one for one in taken if one[0] in (-3, -1)]
    assert thresholds == ([] if kept is None else [kept, (-1, 1 << 29)])
    assert (-8, 1) in taken

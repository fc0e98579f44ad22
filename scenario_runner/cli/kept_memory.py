"""Memory that a command asks the system for once and not for every picture."""

from __future__ import annotations

import sys
from typing import Final

_OPTIONS: Final = {
    "M_MMAP_THRESHOLD": (-3, 1 << 28),
    "M_TRIM_THRESHOLD": (-1, 1 << 29),
    "M_ARENA_MAX": (-8, 1),
}
"""Of glibc's ``mallopt``: names, numbers and our values; two in bytes, one a number of heaps."""


def keep_memory() -> None:
    """What is freed stays with the process, for all its threads; nothing where the C library is another one.

    A radiograph is twenty megabytes that are made several times over on its way, by threads of which each would have
    a heap of its own: the system would clear new pages each time, which took a fourth of the processor of a small run.
    For commands that end, not for servers.
    """
    if sys.platform != "linux":
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for number, value in _OPTIONS.values():
        mallopt(number, value)
